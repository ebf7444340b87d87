-- Who is in a team or in one below it.
WITH RECURSIVE below("name") AS (
    SELECT $1::text COLLATE "C"
    UNION
    SELECT teams."name" FROM below JOIN governance.teams ON teams."parent" = below."name"
)
SELECT team_members."user", team_members."team", team_members."role", count(*) OVER () AS total
FROM below JOIN governance.team_members ON team_members."team" = below."name"
ORDER BY team_members."user", team_members."team" LIMIT $2

-- The teams of a list and all above them. UNION ends it even if somebody has made the teams go round in circles by hand.
WITH RECURSIVE above("name") AS (
    SELECT unnest($1::text[]) COLLATE "C"
    UNION
    SELECT teams."parent" COLLATE "C" FROM above JOIN governance.teams ON teams."name" = above."name" WHERE teams."parent" IS NOT NULL
)
SELECT teams."name", teams."parent", to_json(teams."roles")::text AS "roles"
FROM above JOIN governance.teams ON teams."name" = above."name" ORDER BY teams."name"

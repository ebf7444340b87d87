(
    SELECT json_agg(json_build_object('user', team_members."user", 'role', team_members."role") ORDER BY team_members."user")
    FROM governance.team_members WHERE team_members."team" = held."name"
)::text

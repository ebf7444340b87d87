SELECT "team", "role" FROM governance.team_members WHERE "user" = $1 ORDER BY "team"

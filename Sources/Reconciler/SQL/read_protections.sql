SELECT kind, "name", since_commit, to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
FROM governance.protections ORDER BY kind, "name"

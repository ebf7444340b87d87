SELECT directive, commit_id, anchor_commit_id, reason, operator, database_user, to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
FROM governance.directives

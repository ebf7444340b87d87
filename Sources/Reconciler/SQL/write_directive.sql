INSERT INTO governance.directives AS held (directive, commit_id, anchor_commit_id, reason, operator)
VALUES ($1, $2, CASE $1 WHEN 'pin' THEN (SELECT commit_id FROM governance.revision) END, $3, $4)
ON CONFLICT (directive) DO UPDATE
SET commit_id = excluded.commit_id, reason = excluded.reason, operator = excluded.operator, database_user = excluded.database_user,
    application = excluded.application, since = excluded.since

SELECT epoch, outcome, commit_id, previous_commit_id, created, updated, deleted, rows_written, plan::text AS plan, plan_is_whole, duration_ms,
    approved_plan, database_user, application, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS applied_at
FROM governance.history
WHERE epoch < $1
ORDER BY epoch DESC
LIMIT $2

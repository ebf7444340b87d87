INSERT INTO governance.history
    (epoch, outcome, commit_id, previous_commit_id, content_digest, bundle_digest, created, updated, deleted, rows_written, plan,
     plan_is_whole, duration_ms, approved_plan)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $14)

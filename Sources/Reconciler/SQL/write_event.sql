INSERT INTO governance.events (id, at, instance, type, reason, message, commit_id, details)
VALUES ($1::uuid, $2::timestamptz, $3, $4, $5, $6, $7, $8::jsonb)
ON CONFLICT (id) DO NOTHING

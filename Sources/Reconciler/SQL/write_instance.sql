WITH forgotten AS (DELETE FROM runtime.instances WHERE reported_at < now() - interval '30 days' AND instance <> $1)
INSERT INTO runtime.instances AS held
    (instance, host, process, url, commit_id, bundle_digest, conditions, started_at, reported_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::timestamptz, now())
ON CONFLICT (instance) DO UPDATE
SET host = excluded.host, process = excluded.process, url = excluded.url, commit_id = excluded.commit_id,
    bundle_digest = excluded.bundle_digest, conditions = excluded.conditions, started_at = excluded.started_at,
    reported_at = excluded.reported_at, ended_at = NULL

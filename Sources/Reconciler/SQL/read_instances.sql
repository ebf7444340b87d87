SELECT instance, host, process, url, commit_id, bundle_digest, conditions::text AS conditions,
    to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started_at,
    to_char(reported_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS reported_at,
    extract(epoch FROM now() - reported_at)::double precision::text AS age,
    ended_at IS NOT NULL AS has_ended
FROM runtime.instances ORDER BY host, instance

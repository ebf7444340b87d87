SELECT id, policy, subject_type, subject_id, severity, status, occurrences, denials, reopened, rule, action, resource, decision::text AS decision,
    changed_by, note,
    to_char(window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS window_start,
    to_char(first_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS first_at,
    to_char(last_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS last_at,
    to_char(changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS changed_at,
    floor(extract(epoch FROM clock_timestamp() - first_at))::bigint AS age_seconds
FROM runtime.violations
WHERE ($1::bigint IS NULL OR id < $1) AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR policy = $3)
    AND ($4::text IS NULL OR subject_type = $4) AND ($5::text IS NULL OR subject_id = $5) AND ($6::text IS NULL OR severity = $6)
    AND ($7::timestamptz IS NULL OR last_at >= $7 AND window_start > $7 - interval '1 day')
    AND ($8::timestamptz IS NULL OR first_at < $8 AND window_start < $8) AND ($9::bigint IS NULL OR id = $9)
ORDER BY id DESC LIMIT $10

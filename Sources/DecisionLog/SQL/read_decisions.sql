SELECT id::text AS id, stream::text AS stream, sequence, allowed, masked, subject_type, subject_id, action, resource_type, resource_id, policies,
    caller, path, request_id, encode(trace_id, 'hex') AS trace_id, nanoseconds,
    to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, request, decision
FROM runtime.decisions
WHERE ($1::uuid IS NULL OR id < $1) AND ($2::timestamptz IS NULL OR at >= $2) AND ($3::timestamptz IS NULL OR at < $3)
    AND ($4::boolean IS NULL OR allowed = $4) AND ($5::text IS NULL OR subject_type = $5) AND ($6::text IS NULL OR subject_id = $6)
    AND ($7::text IS NULL OR action = $7) AND ($8::text IS NULL OR resource_type = $8) AND ($9::text IS NULL OR resource_id = $9)
    AND ($10::text IS NULL OR $10 = ANY (policies)) AND ($11::text IS NULL OR caller = $11) AND ($12::uuid IS NULL OR id = $12)
ORDER BY id DESC LIMIT $13

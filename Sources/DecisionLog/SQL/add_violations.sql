INSERT INTO runtime.violations AS held
    (policy, subject_type, subject_id, window_start, severity, occurrences, denials, first_at, last_at, rule, action, resource, decision)
SELECT policy, subject_type, subject_id, timestamptz 'epoch' + window_start * interval '1 microsecond', severity, occurrences, denials,
    timestamptz 'epoch' + first_at * interval '1 microsecond', timestamptz 'epoch' + last_at * interval '1 microsecond', rule, action, resource,
    decision
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[],
    $11::text[], $12::text[], $13::uuid[]
) AS new (policy, subject_type, subject_id, window_start, severity, occurrences, denials, first_at, last_at, rule, action, resource, decision)
ON CONFLICT (policy, subject_type, subject_id, window_start) DO UPDATE SET
    severity = excluded.severity,
    occurrences = held.occurrences + excluded.occurrences,
    denials = held.denials + excluded.denials,
    first_at = least(held.first_at, excluded.first_at),
    last_at = greatest(held.last_at, excluded.last_at),
    rule = CASE WHEN excluded.last_at >= held.last_at THEN excluded.rule ELSE held.rule END,
    action = CASE WHEN excluded.last_at >= held.last_at THEN excluded.action ELSE held.action END,
    resource = CASE WHEN excluded.last_at >= held.last_at THEN excluded.resource ELSE held.resource END,
    decision = CASE WHEN excluded.last_at >= held.last_at THEN excluded.decision ELSE held.decision END,
    -- What comes again after it was resolved is open again; what happened before somebody resolved it, and was only told later, is not.
    status = CASE WHEN held.status = 'resolved' AND excluded.last_at > held.changed_at THEN 'open' ELSE held.status END,
    reopened = held.reopened + CASE WHEN held.status = 'resolved' AND excluded.last_at > held.changed_at THEN 1 ELSE 0 END

UPDATE runtime.api_keys AS held
SET last_used_at = greatest(held.last_used_at, to_timestamp(used.at))
FROM unnest($1::text[], $2::bigint[]) AS used (id, at)
WHERE held.id = used.id

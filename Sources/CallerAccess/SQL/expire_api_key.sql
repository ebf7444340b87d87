UPDATE runtime.api_keys SET expires_at = least(expires_at, to_timestamp($2::bigint)) WHERE id = $1

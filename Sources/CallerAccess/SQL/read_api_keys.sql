SELECT id, name, account, scopes, sha256, extract(epoch FROM created_at)::bigint AS created_at,
    floor(extract(epoch FROM expires_at))::bigint AS expires_at, extract(epoch FROM revoked_at)::bigint AS revoked_at,
    extract(epoch FROM last_used_at)::bigint AS last_used_at, replaces
FROM runtime.api_keys
ORDER BY runtime.api_keys.created_at, id

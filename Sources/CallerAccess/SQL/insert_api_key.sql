INSERT INTO runtime.api_keys (id, name, account, scopes, sha256, created_at, expires_at, replaces)
VALUES ($1, $2, $3, $4, $5, to_timestamp($6::bigint), to_timestamp($7::bigint), $8)

SELECT
    '{table}' AS table_name,
    encode(sha256(coalesce(string_agg({checked_hash}, ''::bytea ORDER BY {keys}), ''::bytea)), 'hex') AS digest
FROM {qualified} AS held CROSS JOIN LATERAL (SELECT {hash} AS hash OFFSET 0) AS computed

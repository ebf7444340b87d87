SELECT {key_text} AS key, encode({checked_hash}, 'hex') AS hash
FROM {qualified} AS held CROSS JOIN LATERAL (SELECT {hash} AS hash OFFSET 0) AS computed

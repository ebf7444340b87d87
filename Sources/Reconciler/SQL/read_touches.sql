SELECT "table", object, operation, session_role, set_role, application, client, server_process,
    to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, at::text AS exactly
FROM governance.touches

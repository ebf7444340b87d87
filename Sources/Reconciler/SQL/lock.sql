SELECT pg_advisory_xact_lock(x'63686172746572'::bigint)

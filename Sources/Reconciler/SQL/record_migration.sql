INSERT INTO governance.migrations (version, checksum) VALUES ($1::integer, $2)

SELECT version, checksum FROM governance.migrations ORDER BY version

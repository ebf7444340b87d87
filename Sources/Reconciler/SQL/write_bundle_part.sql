INSERT INTO governance.bundle_parts (digest, part, bytes) VALUES ($1, $2, $3)

INSERT INTO governance.bundles (digest, commit_id, epoch, size) VALUES ($1, $2, $3, $4)

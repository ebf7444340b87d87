INSERT INTO governance.revision AS held
    (epoch, commit_id, content_digest, bundle_digest, document_count, administrator_count, applied_at)
VALUES ((SELECT coalesce(max(epoch), 0) + 1 FROM governance.history), $1, $2, $3, $4, $5, now())
ON CONFLICT (singleton) DO UPDATE
SET epoch = greatest(held.epoch, (SELECT coalesce(max(epoch), 0) FROM governance.history)) + 1,
    commit_id = excluded.commit_id,
    content_digest = excluded.content_digest,
    bundle_digest = excluded.bundle_digest,
    document_count = excluded.document_count,
    administrator_count = excluded.administrator_count,
    applied_at = excluded.applied_at
RETURNING epoch

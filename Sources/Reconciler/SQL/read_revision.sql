SELECT epoch, commit_id, content_digest, bundle_digest, document_count, administrator_count, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS applied_at
FROM governance.revision

DELETE FROM governance.bundles
WHERE digest NOT IN (SELECT digest FROM governance.bundles ORDER BY epoch DESC, made_at DESC LIMIT 3)
    AND digest NOT IN (SELECT bundle_digest FROM governance.revision)

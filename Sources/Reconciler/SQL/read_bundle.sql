SELECT size, (SELECT count(*) FROM governance.bundle_parts AS part WHERE part.digest = held.digest) AS parts
FROM governance.bundles AS held WHERE digest = $1

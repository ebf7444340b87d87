SELECT bytes FROM governance.bundle_parts WHERE digest = $1 AND part = $2

SELECT EXISTS (SELECT 1 FROM governance.bundles WHERE digest = $1) AS is_there

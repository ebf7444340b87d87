UPDATE governance.bundles SET epoch = $2 WHERE digest = $1

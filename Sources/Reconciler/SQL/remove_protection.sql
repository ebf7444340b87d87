DELETE FROM governance.protections WHERE kind = $1 AND "name" = $2

DELETE FROM governance.directives WHERE directive = $1

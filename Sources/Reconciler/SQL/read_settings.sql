SELECT reconcile::text AS settings FROM governance.organizations ORDER BY "name" LIMIT 1

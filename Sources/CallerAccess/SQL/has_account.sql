SELECT 1 FROM governance.service_accounts WHERE name = $1

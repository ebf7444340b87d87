INSERT INTO governance.alert_deliveries (alert, receiver, secret_env) VALUES ($1::uuid, $2, $3)
ON CONFLICT DO NOTHING

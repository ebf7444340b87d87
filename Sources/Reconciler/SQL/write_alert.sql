INSERT INTO governance.alerts (id, topic, source, severity, raised_at) VALUES ($1::uuid, $2, $3, $4, $5::timestamptz)

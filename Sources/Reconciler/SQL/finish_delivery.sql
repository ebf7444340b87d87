UPDATE governance.alert_deliveries
SET delivered_at = CASE WHEN $3::text IS NULL THEN now() END, last_error = $3
WHERE alert = $1::uuid AND receiver = $2

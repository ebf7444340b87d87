-- What was not taken is sent again after 2, 4, 8, … seconds, and at least every hour. A sender whose time was over says nothing any more.
UPDATE governance.alert_deliveries
SET delivered_at = CASE WHEN $3::text IS NULL THEN now() END, last_error = $3,
    next_attempt = now() + make_interval(secs => least(3600, 2 ^ least(attempts, 12)))
WHERE alert = $1::uuid AND receiver = $2 AND delivered_at IS NULL AND attempts = $4

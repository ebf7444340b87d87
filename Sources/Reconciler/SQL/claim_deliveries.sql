-- Takes what is due, for two minutes: a sender that dies, or a second one, does not send at the same moment. What is the operator's own is sent
-- by whoever has that receiver. After three days without success it is given up.
UPDATE governance.alert_deliveries AS held
SET attempts = held.attempts + 1, next_attempt = now() + interval '2 minutes'
FROM (
    SELECT due.alert, due.receiver FROM governance.alert_deliveries AS due JOIN governance.alerts AS raised ON raised.id = due.alert
    WHERE due.delivered_at IS NULL AND due.next_attempt <= now() AND raised.raised_at > now() - interval '3 days'
        AND (due.secret_env IS DISTINCT FROM '*' OR due.receiver = $2)
    ORDER BY due.attempts, due.next_attempt
    LIMIT $1
    FOR UPDATE OF due SKIP LOCKED
) AS due, governance.alerts AS alert, governance.events AS event
WHERE held.alert = due.alert AND held.receiver = due.receiver AND alert.id = due.alert AND event.id = due.alert
RETURNING held.alert, held.receiver, held.secret_env, held.attempts, alert.topic, alert.source, alert.severity, alert.repeats,
    event.reason, event.message, event.commit_id, event.details::text AS details, event.instance,
    to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at

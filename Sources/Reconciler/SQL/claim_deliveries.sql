-- Takes what is due, for a minute: a sender that dies, or a second one, does not send at the same moment.
UPDATE governance.alert_deliveries AS held
SET attempts = held.attempts + 1, next_attempt = now() + interval '1 minute'
FROM (
    SELECT due.alert, due.receiver FROM governance.alert_deliveries AS due
    WHERE due.delivered_at IS NULL AND due.next_attempt <= now()
    ORDER BY due.next_attempt
    LIMIT $1
    FOR UPDATE SKIP LOCKED
) AS due, governance.alerts AS alert, governance.events AS event
WHERE held.alert = due.alert AND held.receiver = due.receiver AND alert.id = due.alert AND event.id = due.alert
RETURNING held.alert, held.receiver, held.secret_env, held.attempts, alert.topic, alert.source, alert.severity, alert.repeats,
    event.reason, event.message, event.commit_id, event.details::text AS details, event.instance,
    to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at

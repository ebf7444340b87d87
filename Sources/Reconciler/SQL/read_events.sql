SELECT event.id::text AS id, to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, event.instance, event.type,
    event.reason, event.message, event.commit_id, event.details::text AS details, alert.severity, coalesce(alert.repeats, 0) AS repeats,
    (SELECT count(*) FROM governance.alert_deliveries AS delivery WHERE delivery.alert = event.id) AS receivers,
    (SELECT count(*) FROM governance.alert_deliveries AS delivery WHERE delivery.alert = event.id AND delivered_at IS NOT NULL) AS delivered,
    (SELECT max(last_error) FROM governance.alert_deliveries AS delivery WHERE delivery.alert = event.id AND delivered_at IS NULL) AS last_error
FROM governance.events AS event LEFT JOIN governance.alerts AS alert ON alert.id = event.id
WHERE NOT $2::boolean OR alert.id IS NOT NULL
ORDER BY event.at DESC, event.id DESC
LIMIT $1

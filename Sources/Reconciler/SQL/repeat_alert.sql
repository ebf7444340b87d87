UPDATE governance.alerts SET repeats = repeats + 1, last_repeat = $2::timestamptz
WHERE id = (
    SELECT id FROM governance.alerts
    WHERE topic = $1 AND raised_at > $2::timestamptz - make_interval(secs => $3)
    ORDER BY raised_at DESC LIMIT 1
)

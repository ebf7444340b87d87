INSERT INTO runtime.decision_streams (stream, host, first_sequence, next_sequence) VALUES ($1::uuid, $2, $3, $3)
ON CONFLICT (stream) DO UPDATE SET host = excluded.host
RETURNING next_sequence

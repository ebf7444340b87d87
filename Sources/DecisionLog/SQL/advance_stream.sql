UPDATE runtime.decision_streams SET next_sequence = $3, recorded = recorded + $4, last_seen = now()
WHERE stream = $1::uuid AND next_sequence = $2

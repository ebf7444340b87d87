UPDATE runtime.violations SET status = $2, changed_by = $3, changed_at = clock_timestamp(), note = $4
WHERE id = $1 AND status <> $2

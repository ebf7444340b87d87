DELETE FROM runtime.violations WHERE last_at < now() - make_interval(secs => $1)

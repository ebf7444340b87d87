-- What occurred last before a moment did so in a day that began before it: by the day there is an index.
DELETE FROM runtime.violations
WHERE last_at < now() - make_interval(secs => $1) AND window_start < now() - make_interval(secs => $1)

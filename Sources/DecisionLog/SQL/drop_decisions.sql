SELECT runtime.drop_decisions_before(now() - make_interval(secs => $1)) AS dropped

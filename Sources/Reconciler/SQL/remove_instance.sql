UPDATE runtime.instances SET ended_at = now() WHERE instance = $1

DELETE FROM runtime.instances WHERE instance = $1

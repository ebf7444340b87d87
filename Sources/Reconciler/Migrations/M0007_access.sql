-- Who may call servers by an API key. Of a key only the SHA-256 is held. It is there already if the schema of declared state alone was dropped.
CREATE TABLE IF NOT EXISTS runtime.api_keys (
    -- Public.
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    -- The service account it stands for. No reference: keys outlive what is declared, and one whose account is gone permits nothing.
    account text COLLATE "C" NOT NULL,
    -- What it may be used for; empty for all that the account's roles permit.
    scopes text[] NOT NULL,
    sha256 bytea NOT NULL UNIQUE CHECK (octet_length(sha256) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    replaces text COLLATE "C",
    created_by text NOT NULL DEFAULT session_user
);

-- A server reads keys and says when they were used. It makes none, and gives none back its validity.
GRANT SELECT, UPDATE (last_used_at) ON runtime.api_keys TO charter_server;

CREATE OR REPLACE FUNCTION runtime.tell_keys() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('runtime', TG_TABLE_NAME);
    RETURN NULL;
END
$$;

REVOKE EXECUTE ON FUNCTION runtime.tell_keys() FROM PUBLIC;

-- Not for each use: that is no news to anybody.
DROP TRIGGER IF EXISTS tell ON runtime.api_keys;
CREATE TRIGGER tell
AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF name, account, scopes, sha256, expires_at, revoked_at ON runtime.api_keys
FOR EACH STATEMENT EXECUTE FUNCTION runtime.tell_keys();

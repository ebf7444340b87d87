-- What operators have ordered: a commit that is pinned, a reconciler that is suspended, and when it was last resumed. Written by the owner
-- alone: the reconciler obeys.
CREATE TABLE governance.directives (
    directive text PRIMARY KEY CHECK (directive IN ('pin', 'suspend', 'resume')),
    commit_id text,
    -- Of a pin: what was held when the first of them was ordered. Who is trusted is told by that commit, not by the older one that is pinned.
    anchor_commit_id text,
    reason text NOT NULL,
    -- Who says so of himself; the database's own account of him stands beside it.
    operator text NOT NULL,
    database_user text NOT NULL DEFAULT session_user,
    application text NOT NULL DEFAULT current_setting('application_name'),
    since timestamptz NOT NULL DEFAULT now(),
    CHECK ((directive = 'pin') = (commit_id IS NOT NULL))
);

GRANT SELECT ON governance.directives TO charter_planner, charter_reconciler, charter_server;

-- What has happened, told once each. The reconciler can add only.
CREATE TABLE governance.events (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    instance text NOT NULL,
    type text NOT NULL CHECK (type IN ('Normal', 'Warning')),
    reason text NOT NULL,
    message text NOT NULL,
    commit_id text,
    details jsonb NOT NULL
);

CREATE INDEX events_by_time ON governance.events (at DESC, id DESC);

GRANT SELECT ON governance.events TO charter_planner, charter_reconciler, charter_server;
GRANT INSERT ON governance.events TO charter_reconciler;

-- Events that somebody must be told of. What has the same topic within a while is one alert; `repeats` counts the rest.
CREATE TABLE governance.alerts (
    id uuid PRIMARY KEY REFERENCES governance.events (id),
    topic text NOT NULL,
    source text NOT NULL,
    severity text NOT NULL,
    raised_at timestamptz NOT NULL,
    repeats integer NOT NULL DEFAULT 0,
    last_repeat timestamptz
);

CREATE INDEX alerts_by_topic ON governance.alerts (topic, raised_at DESC);

-- The outbox: one row for each alert and receiver, until it is delivered.
CREATE TABLE governance.alert_deliveries (
    alert uuid NOT NULL REFERENCES governance.alerts (id),
    receiver text NOT NULL,
    -- The environment variable that holds the signing key; `*` for the operator's own receiver and key; NULL where nothing is signed.
    secret_env text,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz,
    last_error text,
    PRIMARY KEY (alert, receiver)
);

CREATE INDEX alert_deliveries_due ON governance.alert_deliveries (next_attempt) WHERE delivered_at IS NULL;

GRANT SELECT ON governance.alerts, governance.alert_deliveries TO charter_planner, charter_reconciler, charter_server;
GRANT INSERT, UPDATE ON governance.alerts, governance.alert_deliveries TO charter_reconciler;

-- Who last changed a declared row that is not his to change: told by a trigger, at once.
CREATE TABLE governance.touches (
    "table" text COLLATE "C" NOT NULL,
    -- The document's name; `*` for all of the table.
    object text COLLATE "C" NOT NULL,
    operation text NOT NULL,
    session_role text NOT NULL,
    -- `none` where no SET ROLE was in force.
    set_role text NOT NULL,
    application text NOT NULL,
    client text,
    server_process integer NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY ("table", object)
);

GRANT SELECT ON governance.touches TO charter_planner, charter_reconciler, charter_server;
GRANT DELETE ON governance.touches TO charter_reconciler;

-- Runs as the owner, so that whoever may change a row need not be able to change this record of it. Its first argument is the column that
-- names the document.
CREATE FUNCTION governance.note_touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- One column by name, and no conversion of the row: that could run what somebody else has defined.
    name_of text;
    found_name text;
    objects text[] := ARRAY[]::text[];
BEGIN
    IF TG_TABLE_SCHEMA <> 'governance' THEN
        RAISE EXCEPTION 'this trigger is for declared state alone';
    END IF;
    IF TG_LEVEL = 'STATEMENT' THEN
        objects := ARRAY['*'];
    ELSE
        name_of := format('SELECT ($1).%I', TG_ARGV[0]);
        IF TG_OP <> 'INSERT' THEN
            EXECUTE name_of INTO found_name USING OLD;
            objects := objects || found_name;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            EXECUTE name_of INTO found_name USING NEW;
            objects := objects || found_name;
        END IF;
    END IF;
    INSERT INTO governance.touches AS held
        ("table", object, operation, session_role, set_role, application, client, server_process, at)
    SELECT TG_TABLE_NAME, touched.object, TG_OP, session_user, current_setting('role'), current_setting('application_name'),
        coalesce(host(inet_client_addr()), 'local'), pg_backend_pid(), clock_timestamp()
    FROM (SELECT DISTINCT unnest(objects) AS object) AS touched
    ON CONFLICT ("table", object) DO UPDATE
    SET operation = excluded.operation, session_role = excluded.session_role, set_role = excluded.set_role,
        application = excluded.application, client = excluded.client, server_process = excluded.server_process, at = excluded.at;
    -- Once for each transaction and table, however many rows.
    PERFORM pg_notify('governance', TG_TABLE_NAME);
    RETURN NULL;
END
$$;

CREATE FUNCTION governance.tell() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('governance', TG_TABLE_NAME);
    RETURN NULL;
END
$$;

-- A trigger needs no leave to run its function; making one with it does.
REVOKE EXECUTE ON FUNCTION governance.note_touch(), governance.tell() FROM PUBLIC;

DO $$
DECLARE
    declared text;
    named_by text;
BEGIN
    FOREACH declared IN ARRAY ARRAY[
        'organizations', 'users', 'service_accounts', 'teams', 'roles', 'providers', 'models', 'budgets', 'policies', 'policy_templates',
        'detectors', 'exemptions', 'compliance_frameworks', 'alert_routes', 'retention_policies', 'policy_tests', 'invariants', 'team_members'
    ] LOOP
        named_by := CASE declared WHEN 'team_members' THEN 'team' ELSE 'name' END;
        EXECUTE format(
            'CREATE TRIGGER note_touch AFTER INSERT OR UPDATE OR DELETE ON governance.%I FOR EACH ROW '
            'WHEN (current_user <> ''charter_reconciler'') EXECUTE FUNCTION governance.note_touch(%L)', declared, named_by);
        EXECUTE format(
            'CREATE TRIGGER note_truncate AFTER TRUNCATE ON governance.%I FOR EACH STATEMENT EXECUTE FUNCTION governance.note_touch()',
            declared);
    END LOOP;
    -- Whoever waits for a directive, a lifted protection or a new revision need not ask for it.
    FOREACH declared IN ARRAY ARRAY['directives', 'protections', 'revision', 'alerts'] LOOP
        EXECUTE format(
            'CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON governance.%I FOR EACH STATEMENT EXECUTE FUNCTION governance.tell()',
            declared);
    END LOOP;
END
$$;

-- Who runs, with which bundle, and how it stands. Written by servers. It is there already if the schema of declared state alone was dropped.
CREATE TABLE IF NOT EXISTS runtime.instances (
    instance text PRIMARY KEY,
    host text NOT NULL,
    process integer NOT NULL,
    url text NOT NULL,
    commit_id text,
    bundle_digest text,
    conditions jsonb NOT NULL,
    started_at timestamptz NOT NULL,
    reported_at timestamptz NOT NULL,
    -- When it ended as it should.
    ended_at timestamptz
);

GRANT SELECT, INSERT, UPDATE, DELETE ON runtime.instances TO charter_server;
-- The planner compares the bundles of servers with the one that is to be in force.
GRANT USAGE ON SCHEMA runtime TO charter_planner;
GRANT SELECT ON runtime.instances TO charter_planner;

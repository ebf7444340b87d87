-- What servers have decided. Written by servers, never by the reconciler. A database whose schema of declared state was dropped has all of it
-- already.

-- One row for each spool from which decisions come. Sequences of a stream are told once each: recorded, or lost. Written in the transaction
-- that writes the decisions, so that after a lost connection it can be read back what took effect.
CREATE TABLE IF NOT EXISTS runtime.decision_streams (
    stream uuid PRIMARY KEY,
    host text NOT NULL,
    first_sequence bigint NOT NULL,
    next_sequence bigint NOT NULL,
    recorded bigint NOT NULL DEFAULT 0,
    lost bigint GENERATED ALWAYS AS (next_sequence - first_sequence - recorded) STORED,
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS runtime.decisions (
    -- The server's clock.
    at timestamptz NOT NULL,
    -- UUID version 7: in the order of time.
    id uuid NOT NULL,
    stream uuid NOT NULL,
    sequence bigint NOT NULL,
    allowed boolean NOT NULL,
    masked boolean NOT NULL,
    subject_type text COLLATE "C" NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    resource_type text COLLATE "C" NOT NULL,
    resource_id text COLLATE "C" NOT NULL,
    -- Policies of which a rule took effect.
    policies text[],
    caller text NOT NULL,
    path text NOT NULL,
    request_id text,
    trace_id bytea,
    nanoseconds integer NOT NULL,
    -- Both are JSON. As text: it was read before, and reading it once more for each row would be most of the work.
    request text NOT NULL,
    decision text NOT NULL
) PARTITION BY RANGE (at);

CREATE INDEX IF NOT EXISTS decisions_by_id ON runtime.decisions (id);

-- What fits no day's partition because that could not be made.
CREATE TABLE IF NOT EXISTS runtime.decisions_default PARTITION OF runtime.decisions DEFAULT;

-- Makes the partition of a day of UTC. Runs as the owner: servers make tables of this one kind and no others.
CREATE OR REPLACE FUNCTION runtime.provide_decisions(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    partition text := 'decisions_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF day IS NULL OR day < date '2000-01-01' OR day > date '2999-12-31' THEN
        RETURN;
    END IF;
    -- One at a time, and none waits for another to find that it was made.
    PERFORM pg_advisory_xact_lock(7235421874563);
    IF to_regclass(format('runtime.%I', partition)) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE runtime.%I PARTITION OF runtime.decisions FOR VALUES FROM (%L) TO (%L)', partition,
            day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
    END IF;
EXCEPTION
    -- The default partition holds rows of that day: they stay there, and the day's others with them.
    WHEN check_violation THEN NULL;
END
$$;

-- Drops the partitions of days that ended before `moment`, and what is older in the default partition. Answers how many partitions.
CREATE OR REPLACE FUNCTION runtime.drop_decisions_before(moment timestamptz) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    partition record;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7235421874563);
    FOR partition IN
        SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'runtime.decisions'::regclass AND relname ~ '^decisions_[0-9]{8}$'
    LOOP
        IF (to_date(substr(partition.relname, 11), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC' <= moment THEN
            EXECUTE format('DROP TABLE runtime.%I', partition.relname);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    DELETE FROM runtime.decisions_default WHERE at < moment;
    RETURN dropped;
END
$$;

REVOKE EXECUTE ON FUNCTION runtime.provide_decisions(date), runtime.drop_decisions_before(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION runtime.provide_decisions(date), runtime.drop_decisions_before(timestamptz) TO charter_server;

-- That a policy took effect on what a subject asked for: once for each policy, subject and day of UTC, however often.
CREATE TABLE IF NOT EXISTS runtime.violations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    policy text COLLATE "C" NOT NULL,
    subject_type text COLLATE "C" NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    window_start timestamptz NOT NULL,
    severity text NOT NULL,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'acknowledged', 'resolved')),
    occurrences bigint NOT NULL,
    -- Those among them in which the request was denied.
    denials bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    -- Of the last one.
    rule text NOT NULL,
    action text NOT NULL,
    resource text NOT NULL,
    decision uuid NOT NULL,
    -- Who has last changed the status, when and why; `retention` where nobody did and it grew old.
    changed_by text,
    changed_at timestamptz,
    note text,
    -- How often it came again after it was resolved.
    reopened integer NOT NULL DEFAULT 0,
    UNIQUE (policy, subject_type, subject_id, window_start)
);

CREATE INDEX IF NOT EXISTS violations_by_time ON runtime.violations (last_at DESC, id DESC);

GRANT SELECT, INSERT, UPDATE ON runtime.decision_streams TO charter_server;
GRANT SELECT, INSERT ON runtime.decisions TO charter_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON runtime.violations TO charter_server;

-- What was done to declared state, one row for each epoch, written in the transaction that did it. Nobody changes or removes a row of it
-- but the owner.
CREATE TABLE governance.history (
    epoch bigint PRIMARY KEY,
    outcome text NOT NULL CHECK (outcome IN ('applied', 'corrected')),
    commit_id text NOT NULL,
    -- What the tables held before; NULL for the first.
    previous_commit_id text,
    content_digest text NOT NULL,
    bundle_digest text NOT NULL,
    created integer NOT NULL,
    updated integer NOT NULL,
    deleted integer NOT NULL,
    rows_written integer NOT NULL,
    -- The first differences of the plan, as `charter reconcile --format json` shows them.
    plan jsonb NOT NULL,
    -- Whether these are all.
    plan_is_whole boolean NOT NULL,
    duration_ms integer NOT NULL,
    -- The plan that was approved by name, if one was.
    approved_plan text,
    database_user text NOT NULL DEFAULT session_user,
    application text NOT NULL DEFAULT current_setting('application_name'),
    applied_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT ON governance.history TO charter_planner, charter_reconciler, charter_server;
GRANT INSERT ON governance.history TO charter_reconciler;

-- Two schemas: `governance` (made together with the table of migrations) is declared state and belongs to the reconciler, `runtime` is
-- what happens and belongs to servers.
CREATE SCHEMA IF NOT EXISTS runtime;

-- Three roles: a planner that can only read, a reconciler that writes declared state, a server that reads it and writes what happens.
-- Roles belong to the whole cluster, so that another database of it may have made them already.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['charter_planner', 'charter_reconciler', 'charter_server'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            EXCEPTION
                -- Another database of the cluster is being migrated at this moment.
                WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
        IF NOT pg_has_role(current_user, role_name, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', role_name, current_user);
        END IF;
    END LOOP;
END
$$;

-- Which commit the tables hold. One row, written in the transaction that writes the tables; `epoch` grows by one each time.
CREATE TABLE governance.revision (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch bigint NOT NULL,
    commit_id text NOT NULL,
    content_digest text NOT NULL,
    bundle_digest text NOT NULL,
    document_count integer NOT NULL,
    applied_at timestamptz NOT NULL
);

-- Every row knows where it was last changed: `source_path` and `source_line` are those of `source_commit`. `content_hash` covers the
-- columns and these three, so that a change to them by hand is found too.
CREATE TABLE governance.organizations (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "display_name" text,
    "currency" text,
    "time_zone" text,
    "subject_attributes" jsonb,
    "context_attributes" jsonb,
    "resource_types" jsonb,
    "reconcile" jsonb,
    "trusted_signers" jsonb,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.users (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "email" text,
    "display_name" text,
    "roles" text[],
    "attributes" jsonb,
    "disabled" boolean,
    "identities" text[],
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.service_accounts (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "owner" text,
    "display_name" text,
    "roles" text[],
    "attributes" jsonb,
    "disabled" boolean,
    "identities" text[],
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.teams (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "display_name" text,
    "parent" text,
    "roles" text[],
    "cost_centre" text,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.roles (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "description" text,
    "inherits" text[],
    "permissions" jsonb,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.providers (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "type" text,
    "display_name" text,
    "base_url" text,
    "region" text,
    "credential" jsonb,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.models (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "provider" text,
    "upstream" text,
    "display_name" text,
    "mode" text,
    "regions" text[],
    "context_window" bigint,
    "max_output" bigint,
    "capabilities" text[],
    "tags" text[],
    "deprecation" text,
    "prices" jsonb,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.budgets (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "scope" jsonb,
    "period" text,
    "limit" numeric,
    "alert_thresholds" jsonb,
    "on_exceed" text,
    "downgrade_to" text,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.policies (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "type" text,
    "description" text,
    "enforcement" text,
    "severity" text,
    "match" jsonb,
    "variables" jsonb,
    "rules" jsonb,
    "template" jsonb,
    "controls" text[],
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.policy_templates (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "description" text,
    "parameters" jsonb,
    "policy" jsonb,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.detectors (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "description" text,
    "patterns" text[],
    "keywords" text[],
    "builtins" text[],
    "validators" text[],
    "severity" text,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.exemptions (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "subject" text,
    "policies" text[],
    "reason" text,
    "approver" text,
    "expires" text,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.compliance_frameworks (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "display_name" text,
    "version" text,
    "url" text,
    "controls" jsonb,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.alert_routes (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "severities" text[],
    "sources" text[],
    "teams" text[],
    "to" jsonb,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.retention_policies (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "data" text,
    "keep" text,
    "reason" text,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.policy_tests (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "description" text,
    "now" text,
    "cases" jsonb,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.invariants (
    "name" text COLLATE "C" NOT NULL,
    "labels" jsonb NOT NULL,
    "annotations" jsonb NOT NULL,
    "description" text,
    "never" jsonb,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("name")
);

CREATE TABLE governance.team_members (
    "team" text COLLATE "C" NOT NULL,
    "user" text COLLATE "C" NOT NULL,
    "role" text NOT NULL,
    source_path text NOT NULL,
    source_line integer NOT NULL,
    source_commit text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY ("team", "user")
);


CREATE INDEX team_members_by_user ON governance.team_members ("user");

GRANT USAGE ON SCHEMA governance TO charter_planner, charter_reconciler, charter_server;
GRANT SELECT ON ALL TABLES IN SCHEMA governance TO charter_planner, charter_reconciler, charter_server;
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA governance TO charter_reconciler;
-- Which migrations were applied is written by whoever owns the schema.
REVOKE INSERT, UPDATE, DELETE ON governance.migrations FROM charter_reconciler;
GRANT USAGE ON SCHEMA runtime TO charter_server;

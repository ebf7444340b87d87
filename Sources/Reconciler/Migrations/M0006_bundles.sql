-- The bundles that were put in force, so that servers need no repository and no compiler. The newest few are kept.
CREATE TABLE governance.bundles (
    -- The bundle's own, in hexadecimal.
    digest text COLLATE "C" PRIMARY KEY,
    commit_id text NOT NULL,
    -- Under which it was written down last.
    epoch bigint NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    made_at timestamptz NOT NULL DEFAULT now()
);

-- In parts, so that neither side needs memory for more than one of them.
CREATE TABLE governance.bundle_parts (
    digest text COLLATE "C" NOT NULL REFERENCES governance.bundles (digest) ON DELETE CASCADE,
    part integer NOT NULL CHECK (part >= 0),
    bytes bytea NOT NULL,
    PRIMARY KEY (digest, part)
);

-- Bundles are read as a whole, and compressing them would hold up the lock under which is written.
ALTER TABLE governance.bundle_parts ALTER COLUMN bytes SET STORAGE EXTERNAL;

GRANT SELECT ON governance.bundles, governance.bundle_parts TO charter_planner, charter_reconciler, charter_server;
GRANT INSERT, DELETE ON governance.bundles, governance.bundle_parts TO charter_reconciler;
GRANT UPDATE (epoch) ON governance.bundles TO charter_reconciler;

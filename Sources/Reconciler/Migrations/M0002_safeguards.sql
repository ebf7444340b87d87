-- How many administrators the revision leaves: the next one must not leave none.
ALTER TABLE governance.revision ADD COLUMN administrator_count integer NOT NULL DEFAULT 0;

-- Documents that no commit may delete. Entered when a commit annotates them; that a later commit leaves the annotation out changes nothing
-- here, and the reconciler cannot take them out again.
CREATE TABLE governance.protections (
    kind text COLLATE "C" NOT NULL,
    "name" text COLLATE "C" NOT NULL,
    since_commit text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, "name")
);

GRANT SELECT ON governance.protections TO charter_planner, charter_reconciler, charter_server;
GRANT INSERT ON governance.protections TO charter_reconciler;

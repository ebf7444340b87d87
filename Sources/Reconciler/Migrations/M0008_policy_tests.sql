-- Pieces that the cases of a test share, and cases as tables.
ALTER TABLE governance.policy_tests ADD COLUMN "fixtures" jsonb, ADD COLUMN "defaults" jsonb, ADD COLUMN "tables" jsonb;

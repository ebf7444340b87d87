-- What conditions may cost, as the organisation says.
ALTER TABLE governance.organizations ADD COLUMN "conditions" jsonb;

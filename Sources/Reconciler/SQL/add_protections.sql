INSERT INTO governance.protections (kind, "name", since_commit)
SELECT added.kind, added."name", $3 FROM unnest($1::text[], $2::text[]) AS added (kind, "name")
ON CONFLICT DO NOTHING

DELETE FROM governance.touches AS held
USING unnest($1::text[], $2::text[], $3::text[]) AS seen ("table", object, exactly)
WHERE held."table" = seen."table" AND held.object = seen.object AND held.at = seen.exactly::timestamptz

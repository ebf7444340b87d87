-- The roles of a list and all that they inherit. UNION ends it even if somebody has made the roles go round in circles by hand.
WITH RECURSIVE below("name") AS (
    SELECT unnest($1::text[]) COLLATE "C"
    UNION
    SELECT unnest(roles."inherits") COLLATE "C" FROM below JOIN governance.roles ON roles."name" = below."name"
)
SELECT roles."name", to_json(roles."inherits")::text AS "inherits", roles."permissions"::text AS "permissions", roles.source_path, roles.source_line
FROM below JOIN governance.roles ON roles."name" = below."name" ORDER BY roles."name"

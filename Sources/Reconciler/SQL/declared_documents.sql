SELECT held."name" AS document_name, held."labels"::text AS document_labels, held."annotations"::text AS document_annotations, held.source_path,
    held.source_line, held.source_commit, {members} AS document_members{columns}
FROM {qualified} AS held
WHERE ($1::text IS NULL OR held."name" = $1) AND ($2::text IS NULL OR held."name" > $2) AND ($3::text IS NULL OR starts_with(held."name", $3))
    AND held."name" >= coalesce($3, '') AND held."labels" @> ALL ($4::jsonb[])
ORDER BY held."name" LIMIT $5

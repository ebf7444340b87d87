INSERT INTO {qualified} ({all_columns})
SELECT {all_columns} FROM {stage} AS staged
WHERE NOT EXISTS (SELECT FROM {qualified} AS held WHERE {same_key})

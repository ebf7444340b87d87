DELETE FROM {qualified} WHERE {key_text} = ANY ($1::text[])

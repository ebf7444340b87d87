SELECT {key_text} AS key, {keys}, {canonical} FROM {qualified} WHERE {key_text} = ANY ($1::text[])

SELECT {columns} FROM {touched} JOIN {qualified} AS held USING ({keys})

#!/usr/bin/env bash
# Checks JSON files against a JSON Schema: check-json-schema.sh SCHEMA FILE...
# The checker is check-jsonschema from PyPI, installed into a virtual environment under .build the first time.
set -euo pipefail

cd "$(dirname "$0")/.."
environment=.build/check-jsonschema
if [ ! -x "$environment/bin/check-jsonschema" ]; then
    # Made aside and moved, so that two runs at once cannot meet in a half-made one.
    new=$(mktemp -d .build/check-jsonschema-XXXXXX)
    python3 -m venv "$new"
    "$new/bin/pip" install --quiet --disable-pip-version-check check-jsonschema==0.39.0
    mv -T "$new" "$environment" 2>/dev/null || rm -rf "$new"
fi
schema=$1
shift
exec "$environment/bin/python3" -m check_jsonschema --schemafile "$schema" "$@"

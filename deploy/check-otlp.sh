#!/usr/bin/env bash
# Checks bodies of OTLP/HTTP requests in JSON: check-otlp.sh logs|traces|metrics FILE... Prints how many records, spans or points are in them.
# The messages are those of opentelemetry-proto from PyPI, installed into a virtual environment under .build the first time.
set -euo pipefail

cd "$(dirname "$0")/.."
environment=.build/opentelemetry-proto
if [ ! -x "$environment/bin/python3" ]; then
    # Made aside and moved, so that two runs at once cannot meet in a half-made one.
    mkdir -p .build
    new=$(mktemp -d .build/opentelemetry-proto-XXXXXX)
    python3 -m venv "$new"
    "$new/bin/python3" -m pip install --quiet --disable-pip-version-check opentelemetry-proto==1.38.0
    mv -T "$new" "$environment" 2>/dev/null || rm -rf "$new"
fi
exec "$environment/bin/python3" deploy/check-otlp.py "$@"

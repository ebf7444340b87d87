#!/usr/bin/env bash
# Holds a running server against schemas/openapi.yaml: check-openapi.sh CHARTER [EXAMPLES]
# The checker is schemathesis from PyPI, installed into a virtual environment under .build the first time. Where it cannot be had that is said, and nothing
# is checked. What it sends follows from a fixed seed.
set -euo pipefail

cd "$(dirname "$0")/.."
charter=$(realpath "$1")
examples=${2:-12}

skip() {
    echo "charter: the server was NOT held against schemas/openapi.yaml: $1" >&2
    exit 0
}

environment=.build/schemathesis
if [ ! -x "$environment/bin/st" ]; then
    # Made aside and moved, so that two runs at once cannot meet in a half-made one.
    command -v python3 >/dev/null || skip "there is no python3"
    mkdir -p .build
    new=$(mktemp -d .build/schemathesis-XXXXXX)
    if ! python3 -m venv "$new"; then
        rm -rf "$new"
        skip "python3 makes no virtual environment"
    fi
    if ! "$new/bin/pip" install --quiet --disable-pip-version-check --requirement deploy/schemathesis-requirements.txt; then
        rm -rf "$new"
        skip "schemathesis cannot be installed from PyPI"
    fi
    mv -T "$new" "$environment" 2>/dev/null || rm -rf "$new"
fi

folder=$(mktemp -d)
server=
finish() {
    if [ -n "$server" ]; then
        kill -INT "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap finish EXIT

cp -r examples/acme "$folder/acme"
git -C "$folder/acme" init --quiet --initial-branch=main
git -C "$folder/acme" add --all
git -C "$folder/acme" -c user.name=Test -c user.email=test@acme.example -c commit.gpgSign=false commit --quiet --message "Begin governance as code"

"$charter" up "$folder/acme" --state "$folder/state" --listen 127.0.0.1:0 >"$folder/output" 2>"$folder/errors" &
server=$!
for _ in $(seq 3000); do
    url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$folder/output" | head -1 || true)
    [ -n "$url" ] && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
if [ -z "$url" ]; then
    cat "$folder/output" "$folder/errors" >&2
    echo "charter: no server to be checked" >&2
    exit 1
fi

# Something that was recorded, so that there is something to be read.
for subject in ada alan konrad nobody; do
    curl -sf --retry 5 --retry-connrefused "$url/v1/decisions" -H 'Content-Type: application/json' -o /dev/null \
        -d "{\"subject\":{\"type\":\"user\",\"id\":\"$subject\"},\"action\":{\"name\":\"llm.chat\"},\"resource\":{\"type\":\"model\",\"id\":\"openai/gpt-6-astra\"},\"context\":{\"inputTokens\":40000,\"maxOutputTokens\":8000}}"
done

# By the interpreter, as the first line of a script that was moved names another place.
# What it remembers of earlier runs would make this one another.
(cd "$folder" && "$OLDPWD/$environment/bin/python3" -c 'import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())' \
    --config-file "$OLDPWD/deploy/schemathesis.toml" run "$url/openapi.yaml" \
    --seed 20260101 --max-examples "$examples" --phases examples,coverage,fuzzing,stateful --no-shrink --generation-database none \
    --workers 2 --output-truncate true)

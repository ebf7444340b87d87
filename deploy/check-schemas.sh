#!/usr/bin/env bash
# Holds the JSON Schemas against documents: check-schemas.sh CHARTER
# Every document of examples/ and of `charter init` must be valid by the schema of its kind, and by that of all kinds. Of the broken repositories of the
# tests, those whose mistakes are structural must not be: see deploy/check-schemas.py for which. Pipelines and the action are held against those of their forges.
# The checker is check-jsonschema from PyPI, installed into a virtual environment under .build the first time. Where it cannot be had that is said, and
# nothing is checked.
set -euo pipefail

cd "$(dirname "$0")/.."
charter=$(realpath "$1")

skip() {
    echo "charter: the schemas were NOT held against documents: $1" >&2
    exit 0
}

environment=.build/check-jsonschema
if [ ! -x "$environment/bin/check-jsonschema" ]; then
    # Made aside and moved, so that two runs at once cannot meet in a half-made one.
    command -v python3 >/dev/null || skip "there is no python3"
    mkdir -p .build
    new=$(mktemp -d .build/check-jsonschema-XXXXXX)
    if ! python3 -m venv "$new"; then
        rm -rf "$new"
        skip "python3 makes no virtual environment"
    fi
    if ! "$new/bin/pip" install --quiet --disable-pip-version-check check-jsonschema==0.39.0; then
        rm -rf "$new"
        skip "check-jsonschema cannot be installed from PyPI"
    fi
    mv -T "$new" "$environment" 2>/dev/null || rm -rf "$new"
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$charter" init "$folder/starter" --name Starter --no-git >/dev/null
"$charter" init "$folder/gitlab" --name Starter --no-git --ci gitlab >/dev/null
"$environment/bin/python3" deploy/check-schemas.py "$folder/documents" examples "$folder/starter" -- Tests/PolicyCompilerTests/Repositories

# What CI reads, by the schemas that come with the checker.
check() { "$environment/bin/python3" -m check_jsonschema --quiet --builtin-schema "$@"; }
check vendor.github-workflows "$folder/starter/.github/workflows/charter.yml"
check vendor.github-actions deploy/github-action/action.yml
check vendor.gitlab-ci --data-transform gitlab-ci deploy/gitlab/charter.gitlab-ci.yml "$folder/gitlab/.gitlab-ci.yml"

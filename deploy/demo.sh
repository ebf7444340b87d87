#!/usr/bin/env bash
# Makes a git repository out of examples/acme, once, and runs `charter up` on it. A later start goes on with the same repository and state.
set -euo pipefail
cd "$(dirname "$0")/.."

charter=$1
demo=$PWD/.charter/demo
if [ ! -d "$demo/acme/.git" ]; then
    echo "… making a git repository in .charter/demo/acme"
    rm -rf "$demo/acme"
    mkdir -p "$demo"
    cp -r examples/acme "$demo/acme"
    git -C "$demo/acme" init --quiet --initial-branch=main
    git -C "$demo/acme" add --all
    git -C "$demo/acme" -c user.name='Acme' -c user.email=governance@acme.example commit --quiet --message 'Begin governance as code'
fi
exec "$charter" up "$demo/acme" --state "$demo/state" "${@:2}"

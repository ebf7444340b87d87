#!/usr/bin/env bash
# Installs what building and testing Charter needs, by package name, on Debian and Ubuntu. Does nothing if all of it is there.
set -euo pipefail

packages=(
    git make g++ pkg-config curl ca-certificates jq
    libyaml-dev libgit2-dev libpq-dev libre2-dev libssl-dev libcurl4-openssl-dev zlib1g-dev
    postgresql pgbouncer faketime prometheus
    gpg gpg-agent gpgv openssh-client openssl python3 python3-venv
)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

command -v apt-get >/dev/null || {
    echo "charter: this machine has no apt-get; install by other means: ${missing[*]}" >&2
    exit 1
}
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "charter: run as root, or install sudo, or install yourself: ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "… installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get -o DPkg::Lock::Timeout=600 update -qq
"${as_root[@]}" apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null

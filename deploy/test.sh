#!/usr/bin/env bash
# Runs a group of tests that are built already: deploy/test.sh SCRATCH GROUP [OPTIONS OF SWIFT TEST …]
#
# What fails beside others, on a machine that has no turn for it, is run once more by itself: what is wrong fails again, and what was only late stands in
# SCRATCH/tests/late. More than three failures are not put down to the machine, and neither is a crash.
set -euo pipefail
scratch=$1 group=$2
shift 2
mkdir -p "$scratch/tests"
events=$scratch/tests/$group.jsonl
rm -f "$events"

echo "… tests: $group"
begin=$SECONDS
while sleep 60 >/dev/null 2>&1; do
    echo "… tests: $group, $(((SECONDS - begin) / 60)) min"
done &
ticker=$!
trap 'kill "$ticker" 2>/dev/null || true' EXIT

status=0
swift test --quiet --disable-xctest --scratch-path "$scratch" --skip-build --event-stream-output-path "$events" "$@" || status=$?
[ "$status" -ne 0 ] || exit 0

failures() { grep '"kind":"issueRecorded"' "$events" | grep '"isFailure":true'; }
# Only a run that came to its end, and whose failures all are some test's, says what to run again.
if ! grep -q '"kind":"runEnded"' "$events" || [ -n "$(failures | grep -v '"testID":"' || true)" ]; then exit "$status"; fi
mapfile -t failed < <(failures | grep -o '"testID":"[^"]*"' | sed 's/^"testID":"//; s/"$//; s#\\/#/#g' | sort -u)
if [ "${#failed[@]}" -eq 0 ] || [ "${#failed[@]}" -gt 3 ]; then exit "$status"; fi
for test in "${failed[@]}"; do
    echo "… once more, by itself: $test"
    # Nothing in a name is meant as a pattern.
    pattern=$(sed 's/[][\.*^$(){}?+|/]/\\&/g' <<<"$test")
    rm -f "$events.again"
    swift test --disable-xctest --scratch-path "$scratch" --skip-build --event-stream-output-path "$events.again" --filter "^$pattern\$"
    # A filter that finds nothing passes.
    if [ -z "$(grep '"kind":"testEnded"' "$events.again" | sed 's#\\/#/#g' | grep -F "\"$test\"" || true)" ]; then
        echo "charter: $test was not found again" >&2
        exit "$status"
    fi
    echo "$test" >>"$scratch/tests/late"
done

#!/usr/bin/env bash
# Builds the fuzzers and runs each for so many seconds: deploy/fuzz.sh [SECONDS] (30 by default). Inputs that fail are kept in .build-fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-30}
build=.build-fuzz

# The sanitizer and the fuzzer come with the Swift toolchain; without them nothing can be fuzzed here.
runtime=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")/lib/clang
if ! find -L "$runtime" -name 'libclang_rt.fuzzer-*.a' 2>/dev/null | grep -q .; then
    echo "… no fuzzing: this Swift toolchain comes without libFuzzer"
    exit 0
fi

echo "… building the fuzzers"
CHARTER_FUZZ=1 swift build --scratch-path "$build" --configuration release --product charter-fuzz \
    -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld -Xlinker -lstdc++
fuzz=$build/release/charter-fuzz
# Swift's own crash reports stand in libFuzzer's way, and what is made once and kept is no leak.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0
mkdir -p "$build/artifacts"
"$fuzz" seed "$build/corpus"
for target in bundle request; do
    echo "… fuzzing: $target, $seconds s"
    limit=8192
    [ "$target" = bundle ] && limit=131072
    "$fuzz" "$target" "$build/corpus/$target" -max_total_time="$seconds" -max_len="$limit" -timeout=30 -verbosity=1 -print_final_stats=1 \
        -artifact_prefix="$build/artifacts/$target-" >"$build/$target.log" 2>&1 || {
        tail -n 40 "$build/$target.log"
        echo "charter: fuzzing found something: see $build/artifacts" >&2
        exit 1
    }
    grep -E '^(Done|stat::number_of_executed_units)' "$build/$target.log"
done

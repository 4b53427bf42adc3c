#!/usr/bin/env bash
# Builds the fuzz targets and runs each for some seconds, starting from its seeds.
#
#     tests/fuzz/run.sh [600] [TARGET...]
#
# What is learned goes to target/fuzz, and so does an input that fails. The flags are those of cargo-fuzz 0.13, without an address
# sanitizer: the crate forbids `unsafe`.
set -euo pipefail

cd "$(dirname "$0")"
seconds=${1:-600}
targets=("${@:2}")
if [ ${#targets[@]} -eq 0 ]; then targets=(dockerfile shell callers migration image config); fi
host=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
coverage+=" -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module $coverage" nice -n 10 cargo +nightly build --release --locked --target "$host"

status=0
for target in "${targets[@]}"; do
  learned=target/fuzz/$target
  mkdir -p "$learned"
  nice -n 10 "target/$host/release/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=16384 \
    -artifact_prefix="target/fuzz/$target-" -print_final_stats=1 "$learned" "seeds/$target" || status=1
done
exit $status

#!/usr/bin/env bash
# How fast `dfmigrate verify` reads an image of the engine, beside programs that do less or the same, in one run.
#
#     tests/bench/throughput.sh local/debian-dev:1 [target/release/dfmigrate]
#
# The image is saved once and read from the page cache by all, three times each; the best time counts. betterleaks and
# kingfisher, which scan folders, get the unpacked layers; they are left out where they are not installed.
set -euo pipefail

image=${1:?the name of an image}
tool=$(realpath "${2:-target/release/dfmigrate}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

docker save -o "$folder/image.tar" "$image"
mkdir "$folder/parts" "$folder/files"
tar -xf "$folder/image.tar" -C "$folder/parts"
# Everything that is a layer: an archive among the parts.
find "$folder/parts" -type f | while read -r part; do
  if tar -tf "$part" >/dev/null 2>&1; then
    mkdir "$folder/files/$(basename "$part")"
    tar -xf "$part" -C "$folder/files/$(basename "$part")" --no-same-owner --exclude='dev/*' 2>/dev/null || true
  fi
done
size=$(stat -c %s "$folder/image.tar")

# Prints the wall time and the computing time of the fastest of three runs, and how it ended: a status other than 0 may say that
# something was found.
measure() {
  local name=$1 status best= line
  shift
  TIMEFORMAT='%R %U %S'
  for _ in 1 2 3; do
    status=0
    line=$( { time "$@" >/dev/null 2>"$folder/errors" || echo "$?" >"$folder/status"; } 2>&1)
    if [ -z "$best" ] || awk -v a="$line" -v b="$best" 'BEGIN { exit !(a + 0 < b + 0) }'; then best=$line; fi
  done
  if [ -e "$folder/status" ]; then status=$(<"$folder/status"); fi
  rm -f "$folder/status"
  awk -v name="$name" -v size="$size" -v times="$best" -v status="$status" 'BEGIN {
    split(times, part, " ")
    printf "%-36s %6.2f s %6.0f MB/s   %6.2f s of computing   status %d\n",
      name, part[1], size / part[1] / 1e6, part[2] + part[3], status
  }'
}

printf '%s: %d MB, %s\n' "$image" $((size / 1000000)) "$(nproc) processors"
cat "$folder/image.tar" >/dev/null
measure 'cat' cat "$folder/image.tar"
measure 'grep -c (one text)' grep -c -a c4n4ry-7Zq9Lw2 "$folder/image.tar"
measure 'dfmigrate verify' "$tool" verify "$folder/image.tar"
export BENCH_VALUE=c4n4ry-7Zq9Lw2
measure 'dfmigrate verify --secret' "$tool" verify --secret id=bench,env=BENCH_VALUE "$folder/image.tar"
if command -v kingfisher >/dev/null; then
  measure 'kingfisher, unpacked, no validation' kingfisher scan "$folder/files" --no-validate --no-update-check
fi
if command -v betterleaks >/dev/null; then
  measure 'betterleaks, unpacked' betterleaks "$folder/files"
fi

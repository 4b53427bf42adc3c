#!/usr/bin/env bash
# How the cost of a whole check grows: the first N of many repositories as folders of one, for growing N.
#
#     tests/bench/check.sh FOLDER-OF-REPOSITORIES [target/release/dfmigrate] [N...]
#
# Prints the computing time (user and system) of the whole and of one Dockerfile: the second stays the same where the cost is
# linear. The clock says little on a machine that others use as well.
set -euo pipefail

source=$(realpath "${1:?a folder with repositories}")
tool=$(realpath "${2:-target/release/dfmigrate}")
counts=("${@:3}")
if [ ${#counts[@]} -eq 0 ]; then counts=(50 100 200 400); fi
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

TIMEFORMAT='%U %S'
for count in "${counts[@]}"; do
  rm -rf "${root:?}/all"
  mkdir "$root/all"
  find "$source" -mindepth 1 -maxdepth 1 -type d | LC_ALL=C sort | awk -v count="$count" 'NR <= count' | while read -r one; do
    cp -r "$one" "$root/all/"
  done
  files=$(find "$root/all" -type f -iname '*dockerfile*' | wc -l)
  # Status 1 says that something was found.
  used=$( { time "$tool" --message-format json "$root/all" >/dev/null 2>&1 || true; } 2>&1)
  awk -v count="$count" -v files="$files" -v used="$used" 'BEGIN {
    split(used, part, " ")
    all = part[1] + part[2]
    printf "%5d repositories  %5d Dockerfiles  %7.2f s of computing  %6.2f ms a Dockerfile\n",
      count, files, all, 1000 * all / files
  }'
done

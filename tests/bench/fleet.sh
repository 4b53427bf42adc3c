#!/usr/bin/env bash
# What `dfmigrate fleet --push` takes for small repositories, beside a shell loop of the git program that does as much of it as git
# can, in one run.
#
#     tests/bench/fleet.sh [100] [target/release/dfmigrate]
#
# The loop clones each repository (shallow, without blobs that nobody needs), makes a branch, commits a change that it is given, and
# pushes. dfmigrate finds the change besides, and checks it. Both run with one worker and with as many as dfmigrate takes by
# itself; the loop's are those of xargs. A second run of dfmigrate finds everything done.
set -euo pipefail

count=${1:-100}
tool=$(realpath "${2:-target/release/dfmigrate}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.com

# One repository, copied: a Dockerfile with a secret, the script that builds it, and 200 other files.
git init -q -b main "$folder/seed"
cd "$folder/seed"
printf '# syntax=docker/dockerfile:1\nFROM node:22\nWORKDIR /app\nARG NPM_TOKEN\nCOPY package.json .npmrc ./\nRUN npm ci\n' >Dockerfile
# shellcheck disable=SC2016
printf '//npm.example.com/:_authToken=${NPM_TOKEN}\n' >.npmrc
printf '#!/bin/sh\nexport NPM_TOKEN\ndocker build --build-arg NPM_TOKEN -t app .\n' >build.sh
printf '{}\n' >package.json
mkdir src
for number in $(seq 200); do seq "$number" "$((number + 100))" >"src/$number.js"; done
git add -A
git commit -q -m start

remotes() {
  rm -rf "$folder/$1"
  mkdir "$folder/$1"
  for number in $(seq "$count"); do
    git clone -q --bare "$folder/seed" "$folder/$1/r$number"
    git -C "$folder/$1/r$number" config uploadpack.allowFilter true
  done
  (cd "$folder/$1" && for name in *; do printf '%s\n' "$PWD/$name"; done) >"$folder/$1.list"
}

cat >"$folder/one.sh" <<'ONE'
set -eu
clone=$(mktemp -d -p "$CLONES")
git clone -q --depth 1 --filter=blob:none "file://$1" "$clone"
cd "$clone"
git switch -q -c loop
sed -i 's/^RUN npm ci/RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci/; /^ARG/d' Dockerfile
sed -i 's/--build-arg NPM_TOKEN/--secret id=npm_token,env=NPM_TOKEN/' build.sh
git commit -q -a -m change
git push -q origin loop
ONE

# Prints what a command took, and the most memory that one of its processes had (GNU time).
measure() {
  local name=$1
  shift
  TIMEFORMAT='%R %U %S'
  local line status=0
  line=$( { time "$@" >"$folder/out" 2>"$folder/errors" || echo "$?" >"$folder/status"; } 2>&1)
  if [ -e "$folder/status" ]; then status=$(<"$folder/status"); rm "$folder/status"; fi
  if [ "$status" -gt 1 ]; then cat "$folder/out" "$folder/errors" >&2; exit 1; fi
  awk -v name="$name" -v times="$line" -v count="$count" 'BEGIN {
    split(times, part, " ")
    printf "%-36s %7.2f s %6.0f ms each   %7.2f s of computing\n", name, part[1], 1000 * part[1] / count, part[2] + part[3]
  }'
}

loop() { xargs -a "$folder/$1.list" -P "$2" -n 1 sh "$folder/one.sh"; }
fleet() { "$tool" fleet --repos "$folder/$1.list" --push --state "$folder/$1.state" --cache-dir "$folder/$1.cache" "${@:2}"; }

workers=$(($(nproc) * 2))
if [ "$workers" -gt 16 ]; then workers=16; fi
printf '%d repositories, %d processors, load %s\n' "$count" "$(nproc)" "$(cut -d ' ' -f 1 /proc/loadavg)"
export CLONES="$folder/clones"
mkdir "$CLONES"
for jobs in 1 "$workers"; do
  remotes "loop$jobs"
  remotes "fleet$jobs"
  measure "loop of git, $jobs at once" loop "loop$jobs" "$jobs"
  measure "dfmigrate fleet --push, $jobs at once" fleet "fleet$jobs" --jobs "$jobs"
  measure "the same again, nothing to do" fleet "fleet$jobs" --jobs "$jobs"
done
pushed=$(for name in "$folder/fleet$workers"/*; do git -C "$name" rev-parse -q --verify refs/heads/dfmigrate/secrets; done | wc -l)
[ "$pushed" = "$count" ] || { echo "only $pushed were pushed" >&2; exit 1; }

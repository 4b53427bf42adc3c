#!/usr/bin/env bash
# Takes the pictures of the book anew, of what the program shows now:
#
#     docs/screens/make.sh [target/debug/dfmigrate]
#
# Needs git, tmux, Chromium, and a Python that has `rich` (PYTHON names another than python3). The terminal is a real one: tmux runs
# the program in it, and what stands on its screen is drawn by screen.py.
set -euo pipefail

tool=$(realpath "${1:-target/debug/dfmigrate}")
here=$(realpath "$(dirname "$0")")
root=$(mktemp -d)
trap 'tmux -S "$root/tmux" kill-server 2>/dev/null || true; rm -rf "$root"' EXIT
mkdir "$root/bin" "$root/home"
ln -s "$tool" "$root/bin/dfmigrate"
export HOME=$root/home XDG_CACHE_HOME=$root/cache XDG_STATE_HOME=$root/state PATH=$root/bin:$PATH
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.com GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.com

# A repository with the example, called storefront.
example() {
  cp -r "$here/../example" "$1"
  git -C "$1" init -q -b main
  git -C "$1" add -A
  git -C "$1" commit -qm start
}

# screen NAME TITLE LINES COMMAND WAIT-FOR: a picture of the terminal after COMMAND, when it shows WAIT-FOR.
screen() {
  local name=$1 title=$2 lines=$3 command=$4 text=$5
  tmux -S "$root/tmux" -f /dev/null new-session -d -s "$name" -x 110 -y "$lines" -c "$root/storefront" \
    "env PS1='$ ' TERM=screen-256color sh -c '$command; sleep 60'"
  for _ in $(seq 100); do
    if tmux -S "$root/tmux" capture-pane -p -t "$name" | grep -qF "$text"; then break; fi
    sleep 0.2
  done
  tmux -S "$root/tmux" capture-pane -e -p -t "$name" | "${PYTHON:-python3}" "$here/screen.py" "$title" > "$here/$name.svg"
  tmux -S "$root/tmux" kill-session -t "$name"
}

example "$root/storefront"
screen report 'dfmigrate' 62 'dfmigrate --select arg-secret' 'can be fixed with'
screen review 'dfmigrate -i' 54 'dfmigrate -i' 'apply this fix?'

# Three repositories of a fleet: one with safe fixes, one whose build nobody can edit, one that is clean.
for name in storefront billing docs; do
  rm -rf "${root:?}/$name"
  example "$root/$name"
done
printf 'FROM debian:13\nARG API_TOKEN\nRUN ./fetch "$API_TOKEN"\n' > "$root/billing/Dockerfile"
printf '#!/bin/sh\nexec docker build "$@" .\n' > "$root/billing/build.sh"
rm -rf "$root"/billing/{Makefile,README.md,compose.yaml,.github,.npmrc}
printf 'FROM nginx:1.29\nCOPY dist /usr/share/nginx/html\n' > "$root/docs/Dockerfile"
rm -rf "$root"/docs/{Makefile,README.md,compose.yaml,.github,.npmrc,build.sh}
for name in storefront billing docs; do
  git -C "$root/$name" add -A
  git -C "$root/$name" commit -q --allow-empty --amend -m start
  git clone -q --bare "$root/$name" "$root/$name.git"
  echo "$root/$name.git" >> "$root/repos.txt"
done
dfmigrate fleet --repos "$root/repos.txt" > /dev/null 2>&1 || [ $? -eq 1 ]
dfmigrate fleet --repos "$root/repos.txt" --push > /dev/null 2>&1 || [ $? -eq 1 ]
dfmigrate status --html "$root/report.html" > /dev/null || [ $? -eq 1 ]
# Where the repositories are is of no interest.
sed -i "s|$root/||g; s|${root#/}/||g" "$root/report.html"
"${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --user-data-dir="$root/chromium" --window-size=900,760 \
  --screenshot="$here/fleet.png" "file://$root/report.html" > "$root/log" 2>&1 || { cat "$root/log"; exit 1; }
ls -l "$here"

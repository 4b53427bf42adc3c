#!/usr/bin/env python3
"""Makes a large repository of its own text: services with a Dockerfile, manifests and sources.

    tests/bench/repository.py FOLDER [FILES] [DOCKERFILES] [PERCENT]

By default 60,000 files and 1,200 Dockerfiles. One Dockerfile in six names something that sounds like a secret, as among
Dockerfiles in the wild; PERCENT of all (2 by default) pass one as a build argument, in a script and in a workflow. What is made
depends on the arguments only. The folder becomes a git repository if git is there.
"""

import pathlib
import shutil
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
files, dockerfiles, percent = (int(word) for word in (sys.argv[2:] + ["60000", "1200", "2"][len(sys.argv) - 2 :]))

PLAIN = """FROM node:22-alpine AS build
WORKDIR /app
# Packages first, they change least.
COPY package.json package-lock.json ./
RUN apk add --no-cache git \\
    && npm ci --ignore-scripts \\
    && npm cache clean --force
COPY . .
RUN npm run build -- --service {name}
FROM node:22-alpine
ENV NODE_ENV=production PORT={port}
COPY --from=build /app/dist /app/dist
EXPOSE {port}
USER node
CMD ["node", "/app/dist/index.js"]
"""
SOUNDS = PLAIN.replace("USER node", "# The token service answers here; a password is never asked for.\nUSER node")
LEAKS = PLAIN.replace("WORKDIR /app\n", "WORKDIR /app\nARG {variable}\n")
NPMRC = "//npm.example.com/:_authToken=${{{variable}}}\n"
SCRIPT = """#!/bin/sh
set -eu
cd "$(dirname "$0")"
docker build --build-arg {variable} --tag registry.example.com/{name} .
"""
MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  template:
    spec:
      containers:
        - name: {name}
          image: registry.example.com/{name}:1.{port}
          env:
            - name: PORT
              value: "{port}"
"""
WORKFLOW = """name: {name}
on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: docker/setup-buildx-action@v3
      - uses: docker/build-push-action@v6
        with:
          context: services/{name}
          push: true
          tags: registry.example.com/{name}:latest
{arguments}"""
README = "# {name}\n\nListens on port {port}. `docker run registry.example.com/{name}` starts it.\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def service(number, most):
    name, port = f"service-{number:05}", 3000 + number % 6000
    home = folder / "services" / name
    leaks = number * percent % 100 < percent
    variable = ["NPM_TOKEN", "GITHUB_TOKEN", "SENTRY_AUTH_TOKEN"][number % 3]
    words = {"name": name, "port": port, "variable": variable}
    text = LEAKS if leaks else SOUNDS if number % 6 == 1 else PLAIN
    made = {
        home / "Dockerfile": text,
        home / "package.json": '{{\n  "name": "{name}",\n  "scripts": {{ "build": "tsc" }}\n}}\n',
        home / "package-lock.json": '{{ "name": "{name}", "lockfileVersion": 3 }}\n',
        home / "README.md": README,
        home / "deploy.yaml": MANIFEST,
    }
    if leaks:
        arguments = "          build-args: {variable}=${{{{ secrets.{variable} }}}}\n".format(**words)
        made[home / ".npmrc"] = NPMRC
        made[home / "build.sh"] = SCRIPT
        made[folder / ".github/workflows" / f"{name}.yml"] = WORKFLOW.replace("{arguments}", arguments.replace("{", "{{").replace("}", "}}"))
    elif number % 10 == 0:
        made[folder / ".github/workflows" / f"{name}.yml"] = WORKFLOW.replace("{arguments}", "")
    for path, text in made.items():
        write(path, text.format(**words))
    endings = ["ts", "ts", "ts", "css", "svg", "py", "go"]
    for at in range(max(0, most - len(made))):
        lines = (f"export const value{line} = {number * line};" for line in range(20 + at % 60))
        write(home / "src" / f"part{at % 5}" / f"file{at}.{endings[at % len(endings)]}", "\n".join(lines) + "\n")
    return max(most, len(made))


shutil.rmtree(folder, ignore_errors=True)
left = files
for number in range(dockerfiles):
    left -= service(number, left // (dockerfiles - number))
if shutil.which("git"):
    git = ["git", "-c", "init.defaultBranch=main", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)

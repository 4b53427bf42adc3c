#!/usr/bin/env python3
"""How the cost of a check grows: what it is for growing repositories, as a table and as a picture.

    tests/bench/growth.py [target/release/dfmigrate] [docs/growth.svg]

Each panel lets one thing grow and holds the others: files, the length of a file, stages, the commands of a RUN, secrets of
one file, secrets of many. The cost is computing time, user and system, and the best of two runs; memory is the peak of the process.
The last column says how much more the last doubling cost: 2 is linear, 4 is the square. What a run without any file costs is
taken off first.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

OURS = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "target/release/dfmigrate").resolve())
PASSES = 2
PICTURE = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "docs/growth.svg")
BASE = "FROM debian:12 AS build\nWORKDIR /app\n"
USE = 'RUN curl -fsS -H "X-Token: ${name}" https://api.example.com/{number} -o data{number}\n'
PLAIN = "RUN mkdir -p /srv/part{number} && cp -r assets /srv/part{number}\n"


def secret(number):
    return f"PART{number}_TOKEN"


def script(names):
    return "#!/bin/sh\n" + "".join(f"export {name}\n" for name in names) + "docker build " + "".join(
        f"--build-arg {name} " for name in names
    ) + ".\n"


def dockerfile(names, lines):
    uses = "".join(f"ARG {name}\n" + USE.replace("{name}", name).replace("{number}", str(at)) for at, name in enumerate(names))
    return BASE + lines + uses


def service(folder, text, names):
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(text)
    (folder / "build.sh").write_text(script(names))


def files(folder, count):
    for number in range(count):
        service(folder / f"service{number}", dockerfile(["API_TOKEN"], PLAIN.replace("{number}", str(number))), ["API_TOKEN"])


def length(folder, count):
    lines = "".join(PLAIN.replace("{number}", str(number)) for number in range(count))
    service(folder / "one", dockerfile(["API_TOKEN"], lines), ["API_TOKEN"])


def stages(folder, count):
    stage = "RUN make part{number}\nFROM debian:12 AS stage{number}\nCOPY --from={before} /app /app\n"
    before = ["build", *(f"stage{number}" for number in range(count))]
    lines = "".join(stage.replace("{number}", str(at)).replace("{before}", before[at]) for at in range(count))
    service(folder / "one", dockerfile(["API_TOKEN"], lines), ["API_TOKEN"])


def commands(folder, count):
    words = " \\\n && ".join(f"install -D part{number} /srv/part{number}" for number in range(count))
    service(folder / "one", dockerfile(["API_TOKEN"], f"RUN {words}\n"), ["API_TOKEN"])


def secrets(folder, count):
    names = [secret(number) for number in range(count)]
    service(folder / "one", dockerfile(names, ""), names)


def spread(folder, count):
    for number in range(count):
        service(folder / f"service{number}", dockerfile([secret(number)], ""), [secret(number)])


PANELS = [
    ("Dockerfiles with a secret", files, [25, 50, 100, 200, 400]),
    ("lines of a Dockerfile", length, [100, 200, 400, 800, 1600]),
    ("stages of a Dockerfile", stages, [10, 20, 40, 80, 160]),
    ("commands of a RUN", commands, [50, 100, 200, 400, 800]),
    ("secrets of one Dockerfile", secrets, [4, 8, 16, 32, 64]),
    ("secrets, one a Dockerfile", spread, [25, 50, 100, 200, 400]),
]


def run(folder):
    """Milliseconds of computing, the least of some runs, and MiB at the peak."""
    least, peak = None, 0.0
    for _ in range(PASSES):
        with open(os.devnull, "w") as nothing:
            process = subprocess.Popen([OURS, "--message-format", "json", str(folder)], stdout=nothing, stderr=nothing)
            _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            sys.exit(f"`{folder}` ended with {status}")
        cost = 1000 * (usage.ru_utime + usage.ru_stime)
        least = cost if least is None else min(cost, least)
        peak = max(peak, usage.ru_maxrss / 1024)
    return least, peak


def measure():
    """For each panel its sizes with cost and memory."""
    results = []
    with tempfile.TemporaryDirectory() as work:
        empty = pathlib.Path(work) / "empty"
        empty.mkdir()
        start, _ = run(empty)
        for name, make, sizes in PANELS:
            found = []
            for size in sizes:
                folder = pathlib.Path(work) / f"{make.__name__}{size}"
                make(folder, size)
                cost, peak = run(folder)
                found.append((size, cost - start, peak))
                shutil.rmtree(folder)
            results.append((name, found))
            costs = " | ".join(f"{size}: {cost:.0f} ({peak:.0f} MiB)" for size, cost, peak in found)
            print(f"| {name} | {costs} | {found[-1][1] / found[-2][1]:.2f} |", flush=True)
    return results


def line(points, colour):
    return f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x:.0f},{y:.0f}" for x, y in points)}"/>'


def panel(name, found, left, top):
    """One thing that grows: its cost, its memory, and the straight line from nothing to the last size."""
    wide, high = 220, 130
    size, cost, memory = (max(one[at] for one in found) for at in range(3))
    x = lambda value: left + wide * value / size
    y = lambda value, most: top + high - high * value / most
    text = lambda x, y, words, anchor="start": f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{words}</text>'
    return [
        f'<rect x="{left}" y="{top}" width="{wide}" height="{high}" fill="none" stroke="#bbb"/>',
        f'<path d="M{left} {top + high}L{left + wide} {y(found[-1][1], cost):.0f}" stroke="#ccc" stroke-dasharray="4"/>',
        line([(x(one[0]), y(one[1], cost)) for one in found], "#1f6feb"),
        line([(x(one[0]), y(one[2], memory)) for one in found], "#d1242f"),
        text(left, top - 8, name),
        text(left, top + high + 14, "0"),
        text(left + wide, top + high + 14, str(size), "end"),
        text(left + 4, top + 14, f'<tspan fill="#1f6feb">{cost:,.0f} ms</tspan>'),
        text(left + 4, top + 28, f'<tspan fill="#d1242f">{memory:.0f} MiB</tspan>'),
    ]


def draw(results):
    rows = []
    for at, (name, found) in enumerate(results):
        rows += panel(name, found, 20 + at % 3 * 250, 30 + at // 3 * 190)
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 770 390" font-family="sans-serif" font-size="11">'
    ground = '<rect width="770" height="390" fill="#fff"/>'
    PICTURE.write_text("\n".join([head, ground, *rows, "</svg>"]) + "\n")


if __name__ == "__main__":
    draw(measure())

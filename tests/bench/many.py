#!/usr/bin/env python3
"""A folder with very many Dockerfiles, made of those of a corpus: for the memory that a check needs.

    tests/bench/many.py CORPUS FOLDER [COUNT]

Takes the texts of the files named like Dockerfiles below CORPUS, each once, in the order of their digests and again from the first
until there are COUNT (100,000), each in a folder of its own and with a line of its own at the end, so that no two are the same.
"""

import hashlib
import pathlib
import sys

corpus, folder = (pathlib.Path(word) for word in sys.argv[1:3])
count = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000

texts = {}
for path in corpus.rglob("*"):
    if "dockerfile" in path.name.lower() and path.is_file() and not path.is_symlink():
        text = path.read_bytes()
        texts[hashlib.sha256(text).digest()] = text
chosen = [text for _, text in sorted(texts.items())]
total = 0
for number in range(count):
    home = folder / f"{number // 1000:03}" / f"{number % 1000:03}"
    home.mkdir(parents=True)
    text = chosen[number % len(chosen)].rstrip(b"\n") + b"\n# Number %d.\n" % number
    (home / "Dockerfile").write_bytes(text)
    total += len(text)
print(f"{count} Dockerfiles of {len(chosen)} texts, {total / 1e6:.1f} MB")

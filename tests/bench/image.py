#!/usr/bin/env python3
"""Writes a made-up image, as `docker save` does, to standard output: layers of the given size, made as they are written.

    python3 tests/bench/image.py 5120 | dfmigrate verify -

The argument is the size in MiB. A third of the files is text, a third looks like programs, a third does not compress. Nothing is
kept: the memory of this program is that of one block.
"""

import json
import random
import sys
import tarfile

MIB = 1 << 20
LAYERS = 8
FILE = 4 * MIB
WORDS = "the image layer holds files that a build leaves behind config install package version server client".split()


def blocks():
    """Three blocks of a file each: text, machine code in form, and noise."""
    dice = random.Random(1)
    text = "\n".join(" ".join(dice.choices(WORDS, k=12)) for _ in range(60_000)).encode()
    code = bytes(dice.choices(range(256), weights=[40] + [1] * 255, k=1 << 16)) * 64
    return [(text * 2)[:FILE], code[:FILE], dice.randbytes(FILE)]


def header(path, size):
    entry = tarfile.TarInfo(path)
    entry.size = size
    return entry.tobuf(tarfile.GNU_FORMAT)


def write_part(out, path, content):
    out.write(header(path, len(content)))
    out.write(content + bytes(-len(content) % 512))


def main():
    out, size = sys.stdout.buffer, int(sys.argv[1]) * MIB
    contents, files = blocks(), max(1, size // LAYERS // FILE)
    names = [f"{layer:064x}/layer.tar" for layer in range(LAYERS)]
    for layer, name in enumerate(names):
        out.write(header(name, files * (512 + FILE) + 1024))
        for number in range(files):
            out.write(header(f"srv/{layer}/{number}", FILE))
            out.write(contents[number % len(contents)])
        out.write(bytes(1024))
    history = [{"created_by": f"RUN make-{layer}"} for layer in range(LAYERS)]
    config = json.dumps({"rootfs": {"type": "layers"}, "history": history, "config": {}}).encode()
    write_part(out, "config.json", config)
    manifest = [{"Config": "config.json", "RepoTags": ["bench:1"], "Layers": names}]
    write_part(out, "manifest.json", json.dumps(manifest).encode())
    out.write(bytes(1024))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit(1)

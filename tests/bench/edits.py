#!/usr/bin/env python3
"""How long `dfmigrate lsp` takes to answer an edit.

    tests/bench/edits.py FOLDER [FILE] [target/release/dfmigrate] [EDITS]

Starts a session in FOLDER, opens FILE (without one the first Dockerfile) and types EDITS (40) edits: a line with a credential comes
and goes, so that each edit changes what is found. Printed are the median and the 95th of a hundred of the times from an edit to its
diagnostics, and from an edit that is followed by the question for fixes to their list, for which the fixes are tried. And what the
server computed for it, all threads together (Linux), which says the same on a busy machine.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

PAUSE = 0.5
LINE = "ENV DEPLOY_TOKEN=c4n4ry-7Zq9Lw2\n"


class Session:
    def __init__(self, program, folder):
        self.server = subprocess.Popen([program, "lsp"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.folder, self.last, self.version = folder, 0, 0
        folders = [{"uri": folder.as_uri(), "name": "bench"}]
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}, "workspaceFolders": folders})
        self.tell("initialized", {})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def read(self):
        size = 0
        while line := self.server.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        if size == 0:
            sys.exit("the server ended")
        return json.loads(self.server.stdout.read(size))

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.last += 1
        self.send({"id": self.last, "method": method, "params": params})
        while (message := self.read()).get("id") != self.last:
            pass
        return message["result"]

    def diagnostics(self, uri):
        while True:
            message = self.read()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                return message["params"]["diagnostics"]

    def edit(self, uri, end, text):
        """Replaces what stands from the line `end` on."""
        self.version += 1
        document = {"uri": uri, "version": self.version}
        place = {"start": {"line": end, "character": 0}, "end": {"line": end + 9, "character": 0}}
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [{"range": place, "text": text}]})

    def computing(self):
        """Seconds, of all threads."""
        tasks = pathlib.Path(f"/proc/{self.server.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def row(name, times):
    times = sorted(1000 * one for one in times)
    print(f"{name:44} {statistics.median(times):8.2f} ms {times[len(times) * 95 // 100]:8.2f} ms")


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    found = sorted(path for path in folder.rglob("Dockerfile") if ".git" not in path.parts)
    file = folder / sys.argv[2] if len(sys.argv) > 2 else found[0]
    program = str(pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else "target/release/dfmigrate").resolve())
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 40
    text = file.read_text().rstrip("\n") + "\n"
    lines = text.count("\n")
    session = Session(program, folder)
    before = session.computing()
    uri = file.as_uri()
    document = {"uri": uri, "languageId": "dockerfile", "version": 0, "text": text + LINE}
    session.tell("textDocument/didOpen", {"textDocument": document})
    start = time.monotonic()
    session.diagnostics(uri)
    print(f"{len(found)} files named Dockerfile; `{file.relative_to(folder)}` has {lines} lines")
    print(f"opening it, with the whole folder {time.monotonic() - start:18.2f} s, {session.computing() - before:.2f} s of computing")
    shown, computed, asked, tried = [], [], [], []
    for number in range(count):
        # Until the fixes of the last edit were tried.
        time.sleep(PAUSE)
        before, start = session.computing(), time.monotonic()
        session.edit(uri, lines, LINE if number % 2 else "")
        session.diagnostics(uri)
        shown.append(time.monotonic() - start)
        time.sleep(0.01)
        computed.append(session.computing() - before)
    end = {"line": lines, "character": 5}
    question = {"textDocument": {"uri": uri}, "range": {"start": end, "end": end}, "context": {"diagnostics": []}}
    for number in range(count):
        time.sleep(PAUSE)
        before, start = session.computing(), time.monotonic()
        session.edit(uri, lines, LINE if number % 2 else "")
        actions = session.ask("textDocument/codeAction", question)
        asked.append(time.monotonic() - start)
        time.sleep(0.01)
        tried.append(session.computing() - before)
        if bool(actions) != bool(number % 2):
            sys.exit(f"edit {number} has {len(actions)} fixes")
    print(f"{'':44} {'median':>11} {'95 of 100':>11}")
    row("from an edit to its diagnostics", shown)
    row("computing for it", computed)
    row("from an edit and a question to the answer", asked)
    row("computing for it", tried)
    session.ask("shutdown", None)
    session.tell("exit", None)
    os._exit(session.server.wait())


if __name__ == "__main__":
    main()

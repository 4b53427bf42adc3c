"""Runs a program in a pseudo-terminal of 80 columns as a person would use it.

Arguments: the program and its arguments. Standard input: a JSON list of [text to wait for, keys to press], [text, keys,
program to run before that] or [text, keys, number of columns that the terminal has before that]. Standard output: JSON with the exit status (negative for a signal), everything that
was shown, and whether the terminal's modes are what they were before.
"""

import fcntl, json, os, pty, select, struct, subprocess, sys, termios, time

PATIENCE = 60

steps = json.load(sys.stdin)
parent, child = pty.openpty()
fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
modes = termios.tcgetattr(child)


def control():
    os.setsid()
    fcntl.ioctl(child, termios.TIOCSCTTY, 0)


process = subprocess.Popen(
    sys.argv[1:], stdin=child, stdout=child, stderr=child, close_fds=True, preexec_fn=control
)
shown, since, deadline = b"", 0, time.monotonic() + PATIENCE
while time.monotonic() < deadline:
    ended = process.poll() is not None
    if select.select([parent], [], [], 0 if ended else 0.05)[0]:
        shown += os.read(parent, 65536)
    elif ended:
        break
    while steps and steps[0][0].encode() in shown[since:]:
        since += shown[since:].index(steps[0][0].encode()) + len(steps[0][0].encode())
        _, keys, *programs = steps.pop(0)
        for program in programs:
            if isinstance(program, int):
                # The kernel tells the program, as it does for a window that is dragged.
                fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, program, 0, 0))
            else:
                subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
        # A person needs a moment to read the question; so does the program to begin listening for a key.
        time.sleep(0.3)
        os.write(parent, keys.encode())
        deadline = time.monotonic() + PATIENCE
if process.poll() is None:
    process.kill()
    shown += b"\n(killed: waited for %s)" % json.dumps(steps[:1]).encode()
json.dump(
    {
        "status": process.wait(),
        "shown": shown.decode(errors="replace"),
        "restored": termios.tcgetattr(child) == modes,
    },
    sys.stdout,
)

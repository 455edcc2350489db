"""Runs a command and tells how long it took and how much memory, as JSON.

usage: timed.py COMMAND [ARGUMENT...]

A process of its own, since the most memory of a command begins at that of the process
that started it. The command has this one's standard input; what it prints is kept.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time


def main() -> None:
    """Run it."""
    began = time.perf_counter()
    done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=False)
    report = {
        "seconds": time.perf_counter() - began,
        "most_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        "status": done.returncode,
        "output": done.stdout.decode(),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()

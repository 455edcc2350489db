"""Runs a command, and prints its seconds and its memory as JSON.

usage: timed.py COMMAND [ARGUMENT...]

This is a process of its own because a command's peak memory starts at that of the
process that started it. The command reads this one's standard input; its output becomes
part of the JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time


def main() -> None:
    """Run the command."""
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

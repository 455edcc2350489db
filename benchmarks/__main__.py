"""Runs benchmarks by name, or all, on one platform.

usage: python -m benchmarks [NAME...] [--smoke] [--platform HOME]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.runner import BENCHMARKS, prepared, run_benchmarks


def main() -> None:
    """Run what the command line names."""
    by_name = {each.name: each for each in BENCHMARKS}
    minutes = "; ".join(f"{each.name} about {each.minutes}" for each in BENCHMARKS)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=(
            "Measure parts of the platform beside their peers, and write the pages in "
            "docs/benchmarks. Use a machine that does nothing else."
        ),
        epilog=f"Minutes on two slow cores: {minutes}; starting a platform about 4.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(by_name)}; default: all"
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="take seconds for each: little work, checked; no page is written",
    )
    parser.add_argument(
        "--platform",
        type=Path,
        metavar="HOME",
        help="use the platform in this folder, which is up, instead of starting one; "
        "its shop API and Dagster daemon are stopped meanwhile",
    )
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in by_name]:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    chosen = [each for each in BENCHMARKS if each.name in (arguments.names or by_name)]
    given = arguments.platform
    smoke = arguments.smoke
    with prepared(given.resolve() if given else None) as home:
        failed = run_benchmarks(chosen, home, smoke=smoke)
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()

"""Checks that paths of this repository exist where pages and READMEs name them.

Sphinx checks links between pages. This checks what Sphinx does not see: paths in inline
code, such as ``goodsflow/cli/main.py``, and links in Markdown outside the site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_FOLDERS = (
    "benchmarks|certs|connect-config|containers|dagster_project|docs|goodsflow"
    "|requirements|schemas|tests"
)
_CODE_PATH = re.compile(rf"`((?:{_FOLDERS})/[\w./+-]*)`")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#([\w-]+))?\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_FENCE = re.compile(r"^(```+|~~~+|:::+).*?^\1", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Problem:
    """A path or a link that leads nowhere, and where it is written."""

    text: str
    location: str


def problems(root: Path = ROOT) -> Iterator[Problem]:
    """Find every path and link that leads nowhere.

    Args:
        root: The repository.
    """
    for file in markdown_files(root):
        text = _FENCE.sub(lambda block: "\n" * block[0].count("\n"), file.read_text())
        for number, line in enumerate(text.splitlines(), start=1):
            location = f"{file.relative_to(root)}:{number}"
            for found in _CODE_PATH.finditer(line):
                # What is built is not there in a fresh clone.
                if "/_build/" not in found[1] and not (root / found[1]).exists():
                    yield Problem(f"There is no {found[1]}", location)
            if root / "docs" not in file.parents:
                yield from _broken_links(file, line, location)


def markdown_files(root: Path) -> list[Path]:
    """Return the Markdown of the site, of the root, and of the images' folders.

    The changelog and the decisions tell of the past, which had other paths.
    """
    pages = [
        *root.glob("*.md"),
        *root.glob(".github/**/*.md"),
        *root.glob("containers/**/README.md"),
        *root.glob("docs/**/*.md"),
    ]
    return sorted(
        page
        for page in pages
        if page.name != "CHANGELOG.md" and not {"_build", "target"} & set(page.parts)
    )


def _broken_links(file: Path, line: str, location: str) -> Iterator[Problem]:
    for found in _LINK.finditer(line):
        target = (file.parent / found[1]).resolve()
        if not target.exists():
            yield Problem(f"A link leads nowhere: {found[1]}", location)
        elif found[2] and found[2] not in _anchors(target):
            yield Problem(f"A link's heading is missing: {found[0][2:-1]}", location)


def _anchors(file: Path) -> set[str]:
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in _HEADING.findall(file.read_text())
    }

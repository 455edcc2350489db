"""What this site adds to Sphinx: generated tables, examples, and a check of paths.

A line ``<!-- generated: NAME -->`` in a page is replaced by what NAME renders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import monitoring_page
import platform_yaml
import repository_links
import settings_page
import yaml
from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_LOGGER = logging.getLogger(__name__)
_MARK = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)
_DOCS = Path(__file__).parent.parent
EXAMPLES = _DOCS / "reference" / "command-line-examples.yml"
"""Examples by command, such as ``blocklist list``, of those whose help has none."""

GENERATORS: Mapping[str, Callable[[], str]] = {
    "platform_yaml": platform_yaml.render,
    "service_settings": settings_page.render_services,
    "compose_settings": settings_page.render_compose,
    "job_settings": settings_page.render_jobs,
    "alerts": monitoring_page.render_alerts,
    "recorded_series": monitoring_page.render_recorded,
    "service_metrics": monitoring_page.render_services,
    "jmx_metrics": monitoring_page.render_jmx,
}
"""What a page can ask for, by name."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx's events."""
    app.connect("source-read", _generate)
    app.connect("env-get-outdated", _outdated)
    app.connect("sphinx-click-process-description", _show_as_code)
    app.connect("sphinx-click-process-options", _describe_defaults)
    app.connect("sphinx-click-process-epilog", _add_example)
    app.connect("build-finished", _check_repository)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _generate(_app: Sphinx, _page: str, source: list[str]) -> None:
    source[0] = _MARK.sub(lambda mark: GENERATORS[mark[1]](), source[0])


def _outdated(
    app: Sphinx, _env: object, _added: set[str], _changed: set[str], _removed: set[str]
) -> list[str]:
    """Read generated pages again: the code they come from may have changed."""
    return [
        page
        for page in app.env.found_docs
        if _MARK.search(text := Path(app.env.doc2path(page)).read_text())
        or "sphinx-click" in text
        or ".. click::" in text
    ]


def load_examples() -> dict[str, str]:
    """Return the examples of the command line, by command."""
    examples: dict[str, str] = yaml.safe_load(EXAMPLES.read_text())
    return examples


def _show_as_code(_app: Sphinx, _context: click.Context, lines: list[str]) -> None:
    """Turn the preformatted lines of a help text into code, or into a list."""
    shown: list[str] = []
    for preformatted, group in groupby(lines, key=lambda line: line.startswith("|")):
        block = list(group)
        if preformatted:
            texts = [line[2:] for line in block]
            is_list = texts[0].startswith("- ")
            block = texts if is_list else [texts[0], "", *_code(texts[1:])]
            block.append("")
        shown += block
    lines[:] = shown


def _describe_defaults(_app: Sphinx, context: click.Context, lines: list[str]) -> None:
    """Show a default that is described in words as words, not as a quoted value."""
    described = [
        option.show_default
        for option in context.command.params
        if isinstance(option, click.Option) and isinstance(option.show_default, str)
    ]
    for number, line in enumerate(lines):
        for words in described:
            if line.strip().startswith(":default:"):
                lines[number] = lines[number].replace(f"``{words!r}``", words)


def _code(lines: Sequence[str]) -> Iterator[str]:
    yield from [".. code-block:: console", ""]
    yield from (f"   $ {line.strip()}" for line in lines)


def _add_example(_app: Sphinx, context: click.Context, lines: list[str]) -> None:
    command = context.command_path.partition(" ")[2]
    example = load_examples().get(command)
    if example is None:
        return
    lines += [".. rubric:: Example", "", ".. code-block:: console", ""]
    lines += [f"   {line}" if line else "" for line in example.splitlines()]
    lines += [""]


def _check_repository(_app: Sphinx, error: Exception | None) -> None:
    if error is None:
        for problem in repository_links.problems():
            _LOGGER.warning(problem.text, location=problem.location)

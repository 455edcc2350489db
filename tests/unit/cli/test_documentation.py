"""The documentation names every command, and no command that does not exist."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest
import yaml

from goodsflow.cli.main import cli
from goodsflow.model.endpoints import PROJECT_ROOT

_DOCS = PROJECT_ROOT / "docs"
_REFERENCE = _DOCS / "reference" / "command-line.md"
_EXAMPLES: dict[str, str] = yaml.safe_load(
    (_DOCS / "reference" / "command-line-examples.yml").read_text()
)
_README = PROJECT_ROOT / "README.md"
_GUIDES = [*_DOCS.glob("tutorial/*.md"), *_DOCS.glob("how-to/*.md")]
_PAGES = [_README, *_DOCS.glob("**/*.md")]

_IN_CONTAINER = re.compile(
    r"docker compose (?:run --rm|exec) ([a-z][a-z-]*) (?:goodsflow )?([^\n`|>#]*)"
)
_HEADING = re.compile(r"^ *Examples?:$", re.MULTILINE)
_START = re.compile(r"(?<![\w./-])goodsflow (?=[a-z-])")
_END = re.compile(r"[]|;)`#]|&&|\s>|\s<\(|$", re.MULTILINE)


def _tree(
    command: click.Command, path: str = ""
) -> Iterator[tuple[str, click.Command]]:
    """Walk all commands, each with its name as it is typed."""
    if path:
        yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _tree(found, f"{path} {name}".strip())


_COMMANDS = dict(_tree(cli))
_HELP_TEXTS = [command.help or "" for command in _COMMANDS.values()]


def _commands_of(text: str) -> Iterator[str]:
    """Find what is typed after `goodsflow` in the code of a page."""
    code = re.findall(
        r"```.*?```|(?:^ {4}.*\n)+|`[^`\n]+`", text, re.DOTALL | re.MULTILINE
    )
    for block in code:
        joined = block.replace("\\\n", " ")
        for start in _START.finditer(joined):
            rest = joined[start.end() :]
            end = _END.search(rest)
            assert end is not None
            yield rest[: end.start()].strip()


def _complaint(typed: str) -> str | None:
    """Say why a command line of the documentation would be refused."""
    words = shlex.split(typed)
    command: click.Command = cli
    while words and isinstance(command, click.Group):
        if words[0].startswith("-"):
            return None
        context = click.Context(command)
        found = command.get_command(context, words[0])
        if found is None:
            return None if words[0].isupper() else f"there is no command {words[0]}"
        command, words = found, words[1:]
    known = {option for each in command.params for option in each.opts}
    known |= {"--help", "-h"}
    used = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    unknown = sorted(used - known)
    return f"there is no option {', '.join(unknown)}" if unknown else None


def _pages_code() -> list[tuple[Path, str]]:
    return [(page, text) for page in _PAGES for text in _commands_of(page.read_text())]


def test_the_reference_is_generated_from_the_whole_command_line() -> None:
    """A list kept by hand would miss the next command."""
    page = _REFERENCE.read_text()
    assert ".. click:: goodsflow.cli.main:cli" in page
    assert ":nested: full" in page


@pytest.mark.parametrize("path", _COMMANDS)
def test_every_command_has_help_and_an_example(path: str) -> None:
    """The reference shows the help text, and an example from it or from its file."""
    command = _COMMANDS[path]
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{path} {option.opts[0]}"
    example = command.help if _HEADING.search(command.help) else _EXAMPLES[path]
    assert re.search(rf"goodsflow( --home \S+)? {path}\b", example)


def test_every_example_is_needed() -> None:
    """One of no command would never be shown; a second one would be shown twice."""
    without = {
        path
        for path, command in _COMMANDS.items()
        if not _HEADING.search(command.help or "")
    }
    assert set(_EXAMPLES) <= without


@pytest.mark.parametrize("name", [name for name in _COMMANDS if " " not in name])
def test_every_command_is_used_in_a_guide(name: str) -> None:
    """A command that nobody reads of is a command that nobody uses."""
    pages = "".join(page.read_text() for page in _GUIDES)
    assert re.search(rf"goodsflow {name}\b|make {name}\b", pages)


def test_every_command_of_the_pages_exists() -> None:
    """What a reader copies must not be refused."""
    typed = _pages_code() + [
        (_REFERENCE, text)
        for example in [
            *_EXAMPLES.values(),
            *(c.help or "" for c in _COMMANDS.values()),
        ]
        for text in _commands_of(f"```\n{example}```")
    ]
    assert len(typed) > 50
    wrong = [
        f"{page.relative_to(PROJECT_ROOT)}: goodsflow {text}: {complaint}"
        for page, text in typed
        if (complaint := _complaint(text))
    ]
    assert wrong == []


def test_every_container_command_of_the_pages_exists() -> None:
    """Services of the compose file run the same commands."""
    compose = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())
    typed = [
        (page, service, arguments)
        for page in _PAGES
        for service, arguments in _IN_CONTAINER.findall(page.read_text())
    ]
    assert len(typed) > 10
    assert {service for _, service, _ in typed} <= set(compose["services"])
    complaints = [
        f"{page.relative_to(PROJECT_ROOT)}: {service} {arguments}: {complaint}"
        for page, service, arguments in typed
        if (complaint := _complaint(arguments))
    ]
    assert complaints == []


def test_every_make_target_of_the_pages_exists() -> None:
    """The first thing a newcomer types must be there."""
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {
        target
        for page in _PAGES
        for target in re.findall(
            r"(?:`|^ {4}|^\$ )make ([a-z-]+)", page.read_text(), re.MULTILINE
        )
    }
    assert named <= targets


@pytest.fixture(scope="module")
def site() -> Iterator[ModuleType]:
    """Give the site's own Sphinx extension."""
    folder = str(_DOCS / "_ext")
    sys.path.insert(0, folder)
    yield importlib.import_module("goodsflow_docs")
    sys.path.remove(folder)


def test_every_generated_page_has_what_it_asks_for(site: ModuleType) -> None:
    """A page that names no generator would show a hole."""
    for page in _DOCS.glob("reference/*.md"):
        for name in re.findall(r"<!-- generated: (\w+) -->", page.read_text()):
            assert (
                "| --- |" in site.GENERATORS[name]() or "```" in site.GENERATORS[name]()
            )


@pytest.mark.parametrize("page", ["platform_yaml", "service_settings", "job_settings"])
def test_every_field_and_setting_is_described(site: ModuleType, page: str) -> None:
    """A field without a meaning leaves its reader to guess."""
    rows = site.GENERATORS[page]().splitlines()
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_jmx_rule_is_on_the_page(site: ModuleType) -> None:
    """A new file of rules has to get a heading."""
    page = importlib.import_module("monitoring_page")
    assert page.jmx_files() == set(page.JMX_TITLES)
    assert site.GENERATORS["jmx_metrics"]


def test_every_path_that_the_pages_name_exists(site: ModuleType) -> None:
    """A file that was moved leaves its old name behind."""
    assert site
    links = importlib.import_module("repository_links")
    assert [f"{each.location}: {each.text}" for each in links.problems()] == []


def test_a_dead_link_is_found(site: ModuleType, tmp_path: Path) -> None:
    """A check that never complains proves nothing."""
    assert site
    links = importlib.import_module("repository_links")
    (tmp_path / "README.md").write_text(
        "# A title\n"
        "[good](README.md#a-title) [bad](no.md) [worse](README.md#other)\n"
        "`goodsflow/no.py`\n"
        "```\n[in code](no.md)\n```\n"
    )
    assert [(each.text, each.location) for each in links.problems(tmp_path)] == [
        ("A link leads nowhere: no.md", "README.md:2"),
        ("A link's heading is missing: README.md#other", "README.md:2"),
        ("There is no goodsflow/no.py", "README.md:3"),
    ]

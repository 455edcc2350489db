"""Reading ``platform.yaml``: the model, or every problem with its place at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from goodsflow.errors import GoodsflowError
from goodsflow.spec.model import Platform

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing wrong in the file: where (line from 1, path of keys) and what."""

    line: int
    path: str
    message: str


class SpecError(GoodsflowError):
    """The declaration is invalid; ``problems`` lists all that is wrong."""

    def __init__(self, file: Path, problems: Iterable[Problem]) -> None:
        """Compose one message out of all problems, in the order of their lines."""
        self.problems = sorted(problems, key=lambda problem: problem.line)
        count = len(self.problems)
        lines = [
            f"{file}:{problem.line}: {problem.path}: {problem.message}"
            for problem in self.problems
        ]
        noun = "problem" if count == 1 else "problems"
        super().__init__(f"{file} has {count} {noun}:\n" + "\n".join(lines))


def load_platform(file: Path) -> Platform:
    """Read and check the declaration.

    Args:
        file: ``platform.yaml``; the files it names are looked up beside it.

    Raises:
        SpecError: With every problem found, each with its line.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            file, [Problem(0, "file", f"cannot be read: {error}")]
        ) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SpecError(file, [_syntax_problem(error)]) from error
    if root is None:
        raise SpecError(file, [Problem(1, "file", "is empty")])
    duplicates = [
        Problem(line, _dotted(path), "is declared twice")
        for path, line in _duplicate_keys(root, ())
    ]
    try:
        platform = Platform.model_validate(data)
    except ValidationError as error:
        found = [
            Problem(
                _line(root, e["loc"]), _dotted(_clean(e["loc"])), _message(e["msg"])
            )
            for e in error.errors()
        ]
        raise SpecError(file, duplicates + found) from error
    problems = duplicates + list(_reference_problems(platform, root, file.parent))
    if problems:
        raise SpecError(file, problems)
    return platform


def _syntax_problem(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    return Problem(mark.line + 1 if mark else 1, "file", f"is no valid YAML: {what}")


def _message(text: str) -> str:
    if text == "Extra inputs are not permitted":
        return "is not a known key"
    return text.removeprefix("Value error, ")


def _clean(location: Location) -> Location:
    """Drop the marker that pydantic adds for a problem with a key itself."""
    return tuple(part for part in location if part != "[key]")


def _dotted(location: Location) -> str:
    return " > ".join(str(part) for part in location) or "file"


def _line(root: yaml.Node, location: Location) -> int:
    """Find the line of a location; of its nearest parent where it is not there."""
    node, line = root, root.start_mark.line
    for part in _clean(location):
        step = _child(node, part)
        if step is None:
            break
        line, node = step
    return line + 1


def _child(node: yaml.Node, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line, value
    if (
        isinstance(node, yaml.SequenceNode)
        and isinstance(part, int)
        and part < len(node.value)
    ):
        value = node.value[part]
        return value.start_mark.line, value
    return None


def _duplicate_keys(node: yaml.Node, path: Location) -> Iterator[tuple[Location, int]]:
    """Find keys that YAML would let silently win over an earlier one."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen and key.value != "<<":
                yield (*path, key.value), key.start_mark.line + 1
            seen.add(key.value)
            yield from _duplicate_keys(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _duplicate_keys(value, (*path, index))


def _reference_problems(
    platform: Platform, root: yaml.Node, folder: Path
) -> Iterator[Problem]:
    for missing in sorted({"inbound", "analytics"} - set(platform.clusters)):
        yield Problem(
            _line(root, ("clusters",)), "clusters", f"cluster '{missing}' is missing"
        )
    for cluster_name, cluster in platform.clusters.items():
        for principal, key, index, topic in cluster.undeclared_topics():
            location: Location = (
                "clusters",
                cluster_name,
                "principals",
                principal,
                key,
                index,
            )
            yield Problem(
                _line(root, location),
                _dotted(location),
                f"topic '{topic}' is not declared on cluster '{cluster_name}'",
            )
    files = [
        ((section, name), declared.file)
        for section, entries in (
            ("schemas", platform.schemas),
            ("connectors", platform.connectors),
        )
        for name, declared in entries.items()
    ]
    for (section, name), file in files:
        problem = _json_problem(folder / file)
        if problem:
            location = (section, name, "file")
            yield Problem(_line(root, location), _dotted(location), problem)


def _json_problem(path: Path) -> str | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return f"cannot read {path}: {error.strerror}"
    except ValueError as error:
        return f"{path} is no JSON: {error}"
    return None if isinstance(document, dict) else f"{path} holds no JSON object"

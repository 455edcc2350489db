"""Loading ``platform.yaml``: the model, or all problems with their lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from goodsflow.common.errors import GoodsflowError
from goodsflow.model.spec.model import Platform
from goodsflow.model.spec.references import Location, reference_problems


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in the file.

    Attributes:
        line: Counted from 1; 0 where the file cannot be read.
        path: The keys that lead to it: ``clusters > inbound > topics``.
        message: What is wrong.
    """

    line: int
    path: str
    message: str


class SpecError(GoodsflowError):
    """The declaration is invalid; ``problems`` lists everything that is wrong."""

    def __init__(self, file: Path, problems: Iterable[Problem]) -> None:
        """Compose one message from all problems, ordered by line."""
        self.problems = sorted(problems, key=lambda problem: problem.line)
        count = len(self.problems)
        lines = [
            f"{file}:{problem.line}: {problem.path}: {problem.message}"
            for problem in self.problems
        ]
        noun = "problem" if count == 1 else "problems"
        super().__init__(f"{file} has {count} {noun}:\n" + "\n".join(lines))


def load_platform(file: Path) -> Platform:
    """Load and check the declaration.

    Args:
        file: ``platform.yaml``; paths in it are relative to its folder.

    Raises:
        SpecError: The declaration is invalid; it names each problem and its line.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            file, [Problem(0, "file", f"cannot be read: {error}")]
        ) from error
    root, data = _parse(file, text)
    found = [(line, path, "is declared twice") for path, line in _duplicate_keys(root)]
    platform = None
    try:
        platform = Platform.model_validate(data)
    except ValidationError as error:
        for detail in error.errors():
            location = _clean(detail["loc"])
            found.append((_line(root, location), location, _message(detail)))
    for location, message in reference_problems(data, file.parent):
        found.append((_line(root, location), location, message))
    if found or platform is None:
        raise SpecError(
            file,
            [Problem(line, _dotted(path), message) for line, path, message in found],
        )
    return platform


class _Loader(yaml.SafeLoader):
    """Reports the line of a malformed value, such as the date 2026-13-01."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(
                None, None, str(error), node.start_mark
            ) from error


def _parse(file: Path, text: str) -> tuple[yaml.Node, object]:
    """Return the YAML nodes, which know their lines, and the data they hold."""
    try:
        root = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        raise SpecError(file, [_syntax_problem(error, text)]) from error
    except RecursionError as error:
        problem = Problem(1, "file", "is nested too deeply, or contains itself")
        raise SpecError(file, [problem]) from error
    if root is None:
        raise SpecError(file, [Problem(1, "file", "is empty")])
    return root, data


def _syntax_problem(error: yaml.YAMLError, text: str) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position)
        what = f"it contains the character U+{error.character:04X}"
    else:
        mark = getattr(error, "problem_mark", None)
        line = mark.line if mark else 0
        what = getattr(error, "problem", None) or str(error)
    return Problem(line + 1, "file", f"is not valid YAML: {what}")


_MESSAGES = {
    "extra_forbidden": "is not a known key",
    "missing": "is missing",
    "dict_type": "should be a mapping",
    "model_type": "should be a mapping",
}


def _message(detail: ErrorDetails) -> str:
    return _MESSAGES.get(detail["type"]) or detail["msg"].removeprefix("Value error, ")


def _clean(location: Location) -> Location:
    """Drop the marker that pydantic adds when the key itself is the problem."""
    return tuple(part for part in location if part != "[key]")


def _dotted(location: Location) -> str:
    return " > ".join(str(part) for part in location) or "file"


def _line(root: yaml.Node, location: Location) -> int:
    """Return the line of a location, or of its nearest parent that exists."""
    node, line = root, root.start_mark.line
    for part in location:
        step = _child(node, part)
        if step is None:
            break
        line, node = step
    return line + 1


def _child(
    node: yaml.Node, part: str | int, above: tuple[yaml.Node, ...] = ()
) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        # The last of two equal keys wins; own keys win over merged ones.
        for key, value in reversed(node.value):
            if key.value == str(part):
                return key.start_mark.line, value
        above = (*above, node)
        # A mapping may merge itself.
        sources = [source for source in _merged(node) if source not in above]
        merged = (_child(source, part, above) for source in sources)
        return next((found for found in merged if found), None)
    if (
        isinstance(node, yaml.SequenceNode)
        and isinstance(part, int)
        and part < len(node.value)
    ):
        value = node.value[part]
        return value.start_mark.line, value
    return None


def _merged(node: yaml.MappingNode) -> Iterator[yaml.Node]:
    """Yield the mappings that ``<<`` merges into this one."""
    for key, value in node.value:
        if key.tag == _MERGE_TAG:
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            yield from sources


def _duplicate_keys(root: yaml.Node) -> Iterator[tuple[Location, int]]:
    """Find keys that YAML would silently let override an earlier one."""
    visited: set[int] = set()
    pending: list[tuple[Location, yaml.Node]] = [((), root)]
    while pending:
        path, node = pending.pop()
        # An alias leads to a node that was visited already.
        if id(node) in visited:
            continue
        visited.add(id(node))
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen and key.tag != _MERGE_TAG:
                    yield (*path, key.value), key.start_mark.line + 1
                seen.add(key.value)
                pending.append(((*path, key.value), value))
        elif isinstance(node, yaml.SequenceNode):
            pending += [((*path, i), value) for i, value in enumerate(node.value)]


_MERGE_TAG = "tag:yaml.org,2002:merge"

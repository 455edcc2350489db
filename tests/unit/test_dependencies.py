"""The declared dependencies against the imports."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from typing import Final

from goodsflow.model.endpoints import PROJECT_ROOT

PROJECT_FILE: Final = PROJECT_ROOT / "pyproject.toml"
_BROUGHT_BY: Final = {"pydantic-core": "pydantic"}
"""Distributions that are always installed with another one."""


def canonical(name: str) -> str:
    """Return a distribution's name in its canonical form."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> dict[str, bool]:
    """Return the direct dependencies, and whether a comment gives a reason for each."""
    text = PROJECT_FILE.read_text(encoding="utf-8")
    found = {}
    for requirement in tomllib.loads(text)["project"]["dependencies"]:
        (line,) = re.findall(
            rf'^    "{re.escape(requirement)}",(.*)$', text, re.MULTILINE
        )
        (name,) = re.findall(r"^[\w.-]+", requirement)
        found[canonical(name)] = "#" in line
    return found


def imported() -> set[str]:
    """Return the distributions that the two packages import from."""
    modules: set[str] = set()
    for package in ("goodsflow", "dagster_project"):
        for file in (PROJECT_ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    modules |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    modules.add(node.module)
    ours = {"goodsflow", "dagster_project"}
    # DuckDB's own module is listed nowhere.
    tops = {name.partition(".")[0].removeprefix("_") for name in modules}
    stdlib = {name.removeprefix("_") for name in sys.stdlib_module_names}
    by_module = packages_distributions()
    found = {canonical(by_module[top][0]) for top in tops - stdlib - ours}
    return {_BROUGHT_BY.get(name, name) for name in found}


def test_each_dependency_is_imported_or_says_why_it_is_there() -> None:
    """An unused dependency is still downloaded, pinned and updated."""
    unexplained = {name for name, has_reason in declared().items() if not has_reason}
    assert unexplained - imported() == set()


def test_whatever_is_imported_is_declared() -> None:
    """A package that another one brings may disappear when that one changes."""
    assert imported() - declared().keys() == set()

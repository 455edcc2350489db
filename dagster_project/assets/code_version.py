"""The version of a computation: a digest of its code."""

import ast
import hashlib
from importlib.util import find_spec
from pathlib import Path

RECOMMENDER_MODULES = (
    "goodsflow.pipeline.recommender.scoring",
    "goodsflow.pipeline.recommender.search_interest",
    "goodsflow.pipeline.recommender.windows",
)
"""What decides which cards are recommended: the formula and what it reads."""


def code_version(*modules: str) -> str:
    """Return a digest of modules that does not change with comments and docstrings.

    A number that is raised by hand would be forgotten. Nothing is imported.

    Args:
        modules: Their names.

    Raises:
        ModuleNotFoundError: There is no such module.
    """
    digest = hashlib.sha256()
    for module in modules:
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"There is no module '{module}'.")
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        digest.update(ast.dump(_WithoutDocstrings().visit(tree)).encode())
    return digest.hexdigest()[:12]


class _WithoutDocstrings(ast.NodeTransformer):
    """Drops strings that stand alone: docstrings, of attributes too."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        is_string = isinstance(node.value, ast.Constant) and isinstance(
            node.value.value, str
        )
        return None if is_string else node

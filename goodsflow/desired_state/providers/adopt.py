"""Write a platform's actual state as a declaration, for which a plan is empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from goodsflow.desired_state.planning import Target
from goodsflow.desired_state.providers.errors import ProvisionError
from goodsflow.desired_state.providers.fragments import DeclarationFragment
from goodsflow.desired_state.providers.reconciler import Reconciler

_FILE = "platform.yaml"


def adopt(reconciler: Reconciler, targets: Iterable[Target]) -> DeclarationFragment:
    """Return the actual state of targets as one declaration.

    What systems create for their own use is left out, as in a plan.

    Raises:
        GoodsflowError: Something could not be read.
    """
    merged: dict[str, Any] = {}
    files: dict[str, str] = {}
    secret_files: set[str] = set()
    notes: list[str] = []
    done: set[Target] = set()
    for target in targets:
        part = reconciler.provider(target).adopt()
        _merge(merged, part.fragment)
        files |= part.files
        secret_files |= part.secret_files
        notes += part.notes
        done.add(target)
    for name, cluster in merged.get("clusters", {}).items():
        if any(t.kind == "principals" and t.cluster == name for t in done):
            _note_credentials(cluster.get("principals", {}))
    return DeclarationFragment(merged, files, frozenset(secret_files), tuple(notes))


def _note_credentials(principals: dict[str, dict[str, Any]]) -> None:
    """Declare ``credential: none`` for principals that only have rights or quotas."""
    for principal in principals.values():
        if principal.pop("has_credential", None) is None:
            principal["credential"] = "none"


def _merge(into: dict[str, Any], fragment: Mapping[str, Any]) -> None:
    for key, value in fragment.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


def as_yaml(adoption: DeclarationFragment) -> str:
    """Return the declaration as YAML, with a comment for each thing left out."""
    head = ["# The actual state, as `goodsflow plan --adopt` found it."]
    head += [f"# Left out: {note}" for note in adoption.notes]
    body = yaml.safe_dump(
        dict(adoption.fragment), sort_keys=False, allow_unicode=True, width=100
    )
    return "\n".join(head) + "\n" + body


def write_declaration(adoption: DeclarationFragment, folder: Path) -> list[Path]:
    """Write the declaration and the files that it names to a folder.

    Files that may contain secrets get mode 0600.

    Returns:
        The files written.

    Raises:
        ProvisionError: A file exists already, or cannot be written.
    """
    contents = {_FILE: as_yaml(adoption), **adoption.files}
    paths = {folder / name: text for name, text in contents.items()}
    there = [str(path) for path in paths if path.exists()]
    if there:
        raise ProvisionError(
            f"Cannot write {', '.join(there)}: it exists already. Choose another "
            "folder."
        )
    secret = {folder / name for name in adoption.secret_files}
    try:
        for path, text in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600 if path in secret else 0o644)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProvisionError(
            f"Cannot write {error.filename}: {error.strerror}."
        ) from error
    return list(paths)

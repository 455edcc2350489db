"""Look up the ID of a subject's newest schema with Python's standard library.

``RegistryClient`` can do that too, but importing it takes longer than a search may.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import quote

from goodsflow.clients.registry.errors import (
    RegistryError,
    RegistryUnavailableError,
    SubjectNotFoundError,
)


def latest_schema_id(url: str, subject: str, *, timeout_seconds: float = 5.0) -> int:
    """Return the ID of the newest version of a subject.

    Args:
        url: Root of the registry's Confluent-compatible API.
        subject: Such as ``events-value``.
        timeout_seconds: The time limit of each step of the request.

    Raises:
        SubjectNotFoundError: There is no such subject.
        RegistryUnavailableError: The registry did not answer.
        RegistryError: The registry refused.
    """
    asked = f"{url.rstrip('/')}/subjects/{quote(subject, safe='')}/versions/latest"
    what = f"Cannot look up the newest schema of subject '{subject}'"
    # As everywhere: a proxy from the environment could not reach the platform.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=timeout_seconds) as answer:
            return int(json.load(answer)["id"])
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise SubjectNotFoundError(
                f"{what}: the schema registry at {url} has no such subject. Register "
                "its schema first."
            ) from error
        raise RegistryError(
            f"{what}: the schema registry at {url} answers {error.code}."
        ) from error
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise RegistryUnavailableError(
            f"{what}: the schema registry at {url} does not answer "
            f"({error or type(error).__name__}). Is it running?"
        ) from error

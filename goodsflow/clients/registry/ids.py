"""The ID of a subject's newest schema, asked for with what Python has by itself.

``RegistryClient`` can do the same; its import alone takes as long as a search may.
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
        timeout_seconds: For each step of the request.

    Raises:
        SubjectNotFoundError: Nothing is registered under it.
        RegistryUnavailableError: The registry did not answer.
        RegistryError: It refused.
    """
    asked = f"{url.rstrip('/')}/subjects/{quote(subject, safe='')}/versions/latest"
    what = f"Cannot look up the newest schema of subject '{subject}'"
    # As everywhere here: no proxy of the environment stands before the platform.
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

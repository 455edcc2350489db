"""A plain client of the schema registry.

It uses Apicurio Registry 3.0's ccompat v7 API, which differs from Confluent's registry:
an unset compatibility is returned as ``NONE`` with status 200; two texts of one schema
are two versions; only a registration tells why a schema is incompatible.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from goodsflow.clients.registry.errors import (
    IncompatibleSchemaError,
    InvalidSchemaError,
    RegistryError,
    RegistryUnavailableError,
    SchemaNotFoundError,
    SubjectNotFoundError,
)
from goodsflow.common.closeable import Closeable

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import Schema
    from confluent_kafka.schema_registry.error import SchemaRegistryError

# Confluent's client is imported lazily, as that takes long: the search only needs this
# package's errors.

_NATIVE_API = "/apis/registry/v3"
"""Apicurio's own API, on the same port."""

_DIFFERENCES = re.compile(r"list of diff types: \[(?P<differences>.*)\]", re.DOTALL)


@dataclass(frozen=True)
class RegisteredSchema:
    """A version of a subject."""

    subject: str
    version: int
    schema_id: int
    text: str


def canonical_text(schema_text: str) -> str:
    """Return a JSON Schema in the text form that the platform registers.

    The registry treats texts that differ only in white space as two versions.

    Raises:
        InvalidSchemaError: The text is not a JSON object.
    """
    try:
        document = json.loads(schema_text)
    except ValueError as error:
        raise InvalidSchemaError(f"The schema is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise InvalidSchemaError("The schema is not a JSON object.")
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


class RegistryClient(Closeable):
    """A client of one registry. Its constructor does not connect.

    It sends schemas as ``canonical_text``.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 5.0) -> None:
        """Prepare the client.

        Args:
            url: Root of the Confluent-compatible API.
            timeout_seconds: The time limit of each of at most two tries of a request.

        Raises:
            RegistryError: The URL is invalid.
        """
        import httpx2
        from confluent_kafka.schema_registry import SchemaRegistryClient

        self.url = url
        self._timeout_seconds = timeout_seconds
        try:
            self.confluent_client = SchemaRegistryClient(
                {
                    "url": url,
                    "timeout": timeout_seconds,
                    "max.retries": 1,
                    "retries.wait.ms": 200,
                }
            )
        except (ValueError, httpx2.InvalidURL) as error:
            raise RegistryError(
                f"Cannot use '{url}' as the address of the schema registry: {error}."
            ) from error

    def close(self) -> None:
        """Close the client's connections."""
        self.confluent_client.close()

    def subjects(self) -> list[str]:
        """List the subjects, sorted.

        Raises:
            RegistryError: The registry did not answer, or refused.
        """
        with self._named("list the subjects"):
            return sorted(self.confluent_client.get_subjects())

    def register(self, subject: str, schema_text: str) -> int:
        """Register a schema and return its ID; do nothing if it is registered already.

        Raises:
            IncompatibleSchemaError: It breaks the subject's compatibility.
            InvalidSchemaError: The text is not a valid schema.
            RegistryError: The registry did not answer, or refused.
        """
        schema = _schema(schema_text)
        # The cache would hide that the registry has lost the schema.
        self.confluent_client.clear_caches()  # type: ignore[no-untyped-call]
        with self._named("register the schema", subject):
            return self.confluent_client.register_schema(subject, schema)

    def latest(self, subject: str) -> RegisteredSchema:
        """Return the newest version of a subject.

        Raises:
            SubjectNotFoundError: Nothing is registered under it.
            RegistryError: The registry did not answer, or refused.
        """
        self.confluent_client.clear_latest_caches()  # type: ignore[no-untyped-call]
        with self._named("look up the newest schema", subject):
            found = self.confluent_client.get_latest_version(subject)
        if found.version is None or found.schema_id is None:
            raise RegistryError(
                f"The schema registry at {self.url} answered for subject '{subject}' "
                "without a version or an ID."
            )
        return RegisteredSchema(
            subject, found.version, found.schema_id, found.schema.schema_str or ""
        )

    def schema_text(self, schema_id: int) -> str:
        """Return the schema of an ID, whatever its subject.

        Raises:
            SchemaNotFoundError: There is no schema of this ID.
            RegistryError: The registry did not answer, or refused.
        """
        what = f"look up schema {schema_id}"
        try:
            with self._named(what):
                return self.confluent_client.get_schema(schema_id).schema_str or ""
        except SubjectNotFoundError as error:
            raise SchemaNotFoundError(
                f"Cannot {what}: the schema registry at {self.url} has no such schema."
            ) from error

    def compatibility(self, subject: str) -> str:
        """Return a subject's compatibility; ``NONE`` if it was never set.

        Raises:
            SubjectNotFoundError: Nothing is registered under it.
            RegistryError: The registry did not answer, or refused.
        """
        with self._named("read the compatibility", subject):
            return str(self.confluent_client.get_compatibility(subject))

    def set_compatibility(self, subject: str, level: str) -> None:
        """Set a subject's compatibility.

        Raises:
            RegistryError: The registry did not answer, or refused.
        """
        with self._named(f"set the compatibility {level}", subject):
            self.confluent_client.set_compatibility(subject, level)

    def is_compatible(self, subject: str, schema_text: str) -> bool:
        """Return whether the schema is compatible with the subject's.

        A subject without a version accepts any schema.

        Raises:
            InvalidSchemaError: The text is not a valid schema.
            RegistryError: The registry did not answer, or refused.
        """
        schema = _schema(schema_text)
        with self._named("test the compatibility", subject):
            return self.confluent_client.test_compatibility(subject, schema)

    def versions(self, subject: str) -> dict[int, str]:
        """Return the texts of a subject's versions by number.

        Raises:
            SubjectNotFoundError: Nothing is registered under it.
            RegistryError: The registry did not answer, or refused.
        """
        with self._named("list the versions", subject):
            return {
                version: self.confluent_client.get_version(
                    subject, version
                ).schema.schema_str
                or ""
                for version in self.confluent_client.get_versions(subject)
            }

    def delete_version(self, subject: str, version: int) -> None:
        """Delete one version of a subject.

        Raises:
            SubjectNotFoundError: There is no such version.
            RegistryError: The registry did not answer, or refused.
        """
        with self._named(f"delete version {version}", subject):
            self.confluent_client.delete_version(subject, version)

    def delete(self, subject: str) -> None:
        """Delete a subject with all its versions.

        Raises:
            SubjectNotFoundError: Nothing is registered under it.
            RegistryError: The registry did not answer, or refused.
        """
        with self._named("delete", subject):
            self.confluent_client.delete_subject(subject)

    def incompatibilities(self, subject: str, schema_text: str) -> list[str]:
        """Return why a schema breaks the subject's compatibility; mostly nothing.

        Raises:
            InvalidSchemaError: The text is not a valid schema.
            RegistryError: The registry did not answer, or refused.
        """
        if self.is_compatible(subject, schema_text):
            return []
        return self._dry_run(subject, canonical_text(schema_text))

    def _dry_run(self, subject: str, text: str) -> list[str]:
        """Try a registration, as only that gives reasons in the compatible API."""
        import httpx2

        what = f"check the compatibility of the schema of subject '{subject}'"
        path = (
            f"{_NATIVE_API}/groups/default/artifacts/{quote(subject, safe='')}/versions"
        )
        try:
            response = httpx2.post(
                httpx2.URL(self.url).copy_with(path=path, query=b"dryRun=true"),
                json={"content": {"content": text, "contentType": "application/json"}},
                timeout=self._timeout_seconds,
                trust_env=False,
            )
        except httpx2.HTTPError as error:
            raise RegistryUnavailableError(
                f"Cannot {what}: the schema registry at {self.url} does not answer "
                f"({str(error) or type(error).__name__}). Is it running?"
            ) from error
        if response.status_code != 409:
            raise RegistryError(
                f"Cannot {what}: the schema registry at {self.url} answers "
                f"{response.status_code}, although it rejected the schema before."
            )
        return [
            f"{cause['description']} at {cause['context']}"
            for cause in response.json()["causes"]
        ]

    @contextmanager
    def _named(self, attempt: str, subject: str = "") -> Iterator[None]:
        import httpx2
        from confluent_kafka.schema_registry.error import SchemaRegistryError

        what = f"{attempt} of subject '{subject}'" if subject else attempt
        try:
            yield
        except SchemaRegistryError as error:
            raise _named_error(error, what, subject, self.url) from error
        except httpx2.HTTPError as error:
            raise RegistryUnavailableError(
                f"Cannot {what}: the schema registry at {self.url} does not answer "
                f"({str(error) or type(error).__name__}). Is it running?"
            ) from error


def _schema(text: str) -> Schema:
    from confluent_kafka.schema_registry import Schema

    return Schema(canonical_text(text), schema_type="JSON")


def _named_error(
    error: SchemaRegistryError, what: str, subject: str, url: str
) -> RegistryError:
    status, answer = error.http_status_code, error.error_message
    if status == 404:
        return SubjectNotFoundError(
            f"Cannot {what}: the schema registry at {url} has no such subject. "
            "Register its schema first."
        )
    if status == 409:
        return IncompatibleSchemaError(subject, _reasons(answer))
    if status == 422:
        return InvalidSchemaError(
            f"Cannot {what}: it is not a valid schema ({answer})."
        )
    if status in {429, 502, 503, 504}:
        return RegistryUnavailableError(
            f"Cannot {what}: the schema registry at {url} answers {status} ({answer}). "
            "Try again once it is ready."
        )
    return RegistryError(
        f"Cannot {what}: the schema registry at {url} answers {status} ({answer})."
    )


def _reasons(answer: str) -> list[str]:
    """Extract the single differences from Apicurio's message."""
    found = _DIFFERENCES.search(answer or "")
    return found["differences"].split(", ") if found else [answer or "no reason given"]

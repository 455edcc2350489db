"""The subjects of the schema registry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx2

from goodsflow.clients.registry import (
    RegistryClient,
    RegistryUnavailableError,
    SubjectNotFoundError,
)
from goodsflow.common.waiting import wait_for
from goodsflow.desired_state.planning import (
    Change,
    Plan,
    SchemaState,
    Target,
    plan_schemas,
)
from goodsflow.desired_state.planning.schemas import Revert
from goodsflow.desired_state.providers.errors import not_ready
from goodsflow.desired_state.providers.fragments import DeclarationFragment
from goodsflow.desired_state.providers.provider import Provider, Result, one_by_one

_PROBE_SECONDS = 5.0
_PARALLEL_READS = 4


class SchemasProvider(Provider):
    """Registers schema versions and sets compatibilities.

    Args:
        url: Root of the registry's Confluent-compatible API.
        desired: The declared schemas by subject.
        scope: Patterns of subjects that are managed even if undeclared.
        timeout_seconds: The time limit of each request.
        ready_timeout_seconds: How long the registry may take to replay its journal.
    """

    target = Target("schemas")

    def __init__(
        self,
        url: str,
        desired: Mapping[str, SchemaState],
        scope: Sequence[str],
        *,
        timeout_seconds: float,
        ready_timeout_seconds: float,
    ) -> None:
        self._url = url
        self._desired = desired
        self._scope = scope
        self._timeout_seconds = timeout_seconds
        self._ready_timeout_seconds = ready_timeout_seconds

    def await_ready(self) -> None:
        """Wait until the registry has replayed its journal."""
        await_registry(self._url, self._ready_timeout_seconds)

    def plan(self) -> Plan:
        """Compare the declared subjects with those of the registry.

        Raises:
            RegistryError: The registry refused or did not answer.
        """
        # Until it has replayed its journal, it answers as if it were empty.
        check_registry(self._url)
        with self._client() as client:
            subjects = set(client.subjects())
            names = sorted(subjects & self._desired.keys())
            with ThreadPoolExecutor(_PARALLEL_READS) as pool:
                states = pool.map(lambda name: read_schema(client, name), names)
                found = {
                    name: state
                    for name, state in zip(names, states, strict=True)
                    if state is not None
                }
            newer = {
                name: since
                for name, state in found.items()
                if state.document != self._desired[name].document
                and (since := self._since(client, name))
            }
            incompatible = {
                name: tuple(reasons)
                for name, state in found.items()
                if state.document != self._desired[name].document
                and name not in newer
                and (reasons := self._incompatibilities(client, name, state))
            }
        return plan_schemas(
            self.target,
            self._desired,
            found,
            others=subjects - self._desired.keys(),
            scope=self._scope,
            incompatible=incompatible,
            newer=newer,
        )

    def _since(self, client: RegistryClient, subject: str) -> tuple[int, ...]:
        """Return the versions since the declared schema, if it was registered."""
        documents = {
            version: json.loads(text)
            for version, text in sorted(client.versions(subject).items())
        }
        desired = self._desired[subject].document
        same = [v for v, document in documents.items() if document == desired]
        return tuple(v for v in documents if same and v > same[-1])

    def _incompatibilities(
        self, client: RegistryClient, subject: str, there: SchemaState
    ) -> list[str]:
        desired = self._desired[subject]
        if desired.compatibility == "NONE":
            return []
        # The registry checks against the compatibility that is set. If that changes as
        # well, only the registration can tell.
        if there.compatibility != desired.compatibility:
            return []
        return client.incompatibilities(subject, _text(desired))

    def adopt(self) -> DeclarationFragment:
        """Return every subject, with its newest schema as a file."""
        declared: dict[str, dict[str, str]] = {}
        files: dict[str, str] = {}
        with self._client() as client:
            for subject in client.subjects():
                state = read_schema(client, subject)
                if state is None:
                    continue
                path = f"schemas/{quote(subject, safe='')}.json"
                declared[subject] = {
                    "file": path,
                    "compatibility": state.compatibility,
                }
                document = json.dumps(state.document, ensure_ascii=False, indent=2)
                files[path] = document + "\n"
        return DeclarationFragment({"schemas": declared}, files)

    def apply(self, changes: Sequence[Change]) -> Iterator[Result]:
        """Register schemas and set compatibilities; the registry may reject one."""
        with self._client() as client:
            yield from one_by_one(changes, lambda change: _apply(client, change))

    def _client(self) -> RegistryClient:
        return RegistryClient(self._url, timeout_seconds=self._timeout_seconds)


def read_schema(client: RegistryClient, subject: str) -> SchemaState | None:
    """Return a subject's actual state; None if it no longer exists."""
    try:
        text = client.latest(subject).text
        compatibility = client.compatibility(subject)
    except SubjectNotFoundError:
        return None
    return SchemaState(json.loads(text), compatibility)


def _text(schema: SchemaState) -> str:
    return json.dumps(schema.document, ensure_ascii=False)


def _apply(client: RegistryClient, change: Change) -> None:
    if change.action == "delete":
        client.delete(change.name)
        return
    if isinstance(change.desired, Revert):
        for version in reversed(change.desired.versions):
            client.delete_version(change.name, version)
        return
    text = _text(change.desired)
    # A compatibility can only be set once a subject has a version. An existing subject
    # gets it first, so that it applies to the next version.
    if change.action == "create":
        client.register(change.name, text)
    client.set_compatibility(change.name, change.desired.compatibility)
    if change.action == "update" and any(
        difference.field != "compatibility" for difference in change.differences
    ):
        client.register(change.name, text)


def check_registry(url: str) -> None:
    """Check that the registry has replayed its journal.

    Args:
        url: Root of its Confluent-compatible API; its host serves the health check.

    Raises:
        RegistryUnavailableError: It does not answer, or is not ready.
    """
    health_url = str(httpx2.URL(url).copy_with(path="/health/ready"))
    try:
        response = httpx2.get(health_url, timeout=_PROBE_SECONDS, trust_env=False)
    except httpx2.HTTPError as error:
        raise RegistryUnavailableError(
            f"{health_url} does not answer ({type(error).__name__}). Is the schema "
            "registry up?"
        ) from error
    if not response.is_success:
        raise RegistryUnavailableError(f"{health_url} answers {response.status_code}.")


def await_registry(url: str, timeout_seconds: float) -> None:
    """Wait until the registry has replayed its journal.

    Args:
        url: Root of its Confluent-compatible API.
        timeout_seconds: How long to wait.

    Raises:
        NotReadyInTimeError: It is not ready in time.
    """
    wait_for(
        lambda: check_registry(url),
        not_ready("the schema registry to be ready"),
        timeout_seconds=timeout_seconds,
        retry_on=(RegistryUnavailableError,),
    )

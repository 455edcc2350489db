"""Starting parts in parallel, each as soon as the parts that it needs are ready."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from goodsflow.clients.dagster.client import (
    BOOTSTRAP_JOB,
    DagsterClient,
    DagsterError,
    RunResult,
)
from goodsflow.common.counting import counted
from goodsflow.common.waiting import Deadline, Stopped, wait_for
from goodsflow.deploy.native.errors import PartFailedError
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.parts import BOOTSTRAP, Part
from goodsflow.deploy.native.probes import NotReadyError
from goodsflow.deploy.native.progress import Progress
from goodsflow.deploy.native.status import count_starts
from goodsflow.deploy.native.supervisor import ProcessState, SupervisorClient
from goodsflow.model.endpoints import Endpoints

_POLL_SECONDS = 0.3
_BOOTSTRAP_NEEDS = (
    "kafka-0",
    "kafka-1",
    "kafka-mirror-0",
    "kafka-mirror-1",
    "hdfs-nn",
    "dagster-webserver",
    "dagster-daemon",
)
_BOOTSTRAP_SECONDS = 600.0
_LOG_LINES = 12


class Startup:
    """One start of the platform: its steps, in the order of their dependencies."""

    def __init__(
        self,
        home: Home,
        endpoints: Endpoints,
        parts: Iterable[Part],
        ready: Iterable[str],
        progress: Progress,
    ) -> None:
        """Prepare a start of ``parts``; those named in ``ready`` are left alone."""
        self._home = home
        self._endpoints = endpoints
        self._parts = {part.name: part for part in parts}
        self._done = set(ready)
        self._progress = progress
        self._supervisor = SupervisorClient(home.socket)
        self._stop = threading.Event()
        self.started: list[str] = []

    def run(self, *, bootstrap: bool) -> None:
        """Start the parts that are not ready, and optionally run the bootstrap.

        Raises:
            PartFailedError: A part failed; the message has its last log lines.
        """
        waiting = [name for name in self._parts if name not in self._done]
        if bootstrap:
            first_service = next(
                (i for i, n in enumerate(waiting) if BOOTSTRAP in self._needs(n)),
                len(waiting),
            )
            waiting.insert(first_service, BOOTSTRAP)
        else:
            self._done.add(BOOTSTRAP)
        self._progress.add(*waiting)
        pool = ThreadPoolExecutor(max_workers=len(waiting) or 1)
        try:
            self._run_steps(waiting, pool)
        finally:
            self._stop.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def _run_steps(self, waiting: list[str], pool: ThreadPoolExecutor) -> None:
        running: dict[Future[None], str] = {}
        while waiting or running:
            for name in [n for n in waiting if self._done.issuperset(self._needs(n))]:
                waiting.remove(name)
                task = self._bootstrap if name == BOOTSTRAP else self._bring_up
                running[pool.submit(task, name)] = name
            if not running:
                raise AssertionError(f"{waiting} need parts that are not in this start")
            # A short timeout, so that Ctrl-C is noticed in between.
            finished, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in finished:
                name = running.pop(future)
                error = future.exception()
                if error:
                    self._progress.failed(name)
                    raise error
                self._done.add(name)
                self._progress.done(name)

    def _needs(self, name: str) -> set[str]:
        needs = _BOOTSTRAP_NEEDS if name == BOOTSTRAP else self._parts[name].needs
        return set(needs)

    def _bring_up(self, name: str) -> None:
        part = self._parts[name]
        if part.logins:
            self._progress.begin(name, "waiting for its principals")
            self._await_logins(part)
        deadline = self._deadline(part.ready_seconds)
        end_of_last = self._deadline(math.inf)
        while (process := self._process(name)) and process.state == "STOPPING":
            end_of_last.pause()
        # Deaths before this start, perhaps weeks ago, do not count.
        starts = max(1, count_starts(self._home, name))
        if process is None or process.pid is None:
            starts = 1
            self._home.starts(name).unlink(missing_ok=True)
            self.started.append(name)
            self._supervisor.start(name)
        self._progress.begin(name, "starting")
        self._await_ready(part, deadline, starts)

    def _process(self, name: str) -> ProcessState | None:
        return next((p for p in self._supervisor.processes() if p.name == name), None)

    def _await_logins(self, part: Part) -> None:
        from goodsflow.clients.kafka.config import client_config
        from goodsflow.clients.kafka.login import try_login

        deadline = self._deadline(_BOOTSTRAP_SECONDS)
        for cluster, principal in part.logins:
            config = client_config(self._endpoints, cluster, principal)
            while (result := try_login(config, 2.0)).error:
                self._progress.note(
                    part.name, f"waiting until '{principal}' can log in to {cluster}"
                )
                if deadline.is_over:
                    raise PartFailedError(
                        f"{part.name} was not started: its principal '{principal}' "
                        f"cannot log in to cluster '{cluster}': {result.error}"
                    )
                deadline.pause()

    def _await_ready(self, part: Part, deadline: Deadline, starts: int) -> None:
        while True:
            try:
                part.check()
            except NotReadyError as error:
                reason = str(error)
            else:
                return
            self._progress.note(part.name, reason)
            process = self._process(part.name)
            if process and process.state == "FATAL":
                raise self._failure(part, "could not be started")
            deaths = count_starts(self._home, part.name) - starts
            if deaths > part.deaths_allowed:
                raise self._failure(part, f"died {counted(deaths, 'time')}")
            if deadline.is_over:
                raise self._failure(
                    part, f"was not ready within {part.ready_seconds:.0f} s: {reason}"
                )
            deadline.pause()

    def _failure(self, part: Part, what: str) -> PartFailedError:
        log = self._home.log(part.name)
        try:
            lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        except FileNotFoundError:
            lines = []
        quoted = "\n".join(f"  | {line[:300]}" for line in lines or ["(none)"])
        return PartFailedError(
            f"{part.name} {what}. The end of its log:\n{quoted}\n"
            f"The complete log is {log}."
        )

    def _bootstrap(self, name: str) -> None:
        self._progress.begin(name, "Dagster is materializing the bootstrap assets")
        client = DagsterClient(self._endpoints.dagster_url)
        run_id = client.launch(BOOTSTRAP_JOB)
        try:
            result = self._await_run(client, run_id)
        except (Stopped, PartFailedError, DagsterError) as reason:
            try:
                client.terminate(run_id)
            except DagsterError as error:
                reason.add_note(f"The run {run_id} could not be terminated: {error}")
            raise
        if result.status != "SUCCESS":
            raise PartFailedError(
                f"The bootstrap run {run_id} ended with {result.status}:\n"
                + "\n".join(f"  {error}" for error in result.errors)
                + f"\nSee its log at {self._endpoints.dagster_url}/runs/{run_id}"
            )

    def _await_run(self, client: DagsterClient, run_id: str) -> RunResult:
        def note(status: str) -> None:
            self._progress.note(
                BOOTSTRAP, f"run {run_id[:8]} in Dagster: {status.lower()}"
            )

        return wait_for(
            lambda: client.run_result(run_id),
            lambda seconds, _: PartFailedError(
                f"The bootstrap run {run_id} has not finished after {seconds:.0f} s. "
                f"See {self._endpoints.dagster_url}/runs/{run_id}"
            ),
            timeout_seconds=_BOOTSTRAP_SECONDS,
            interval_seconds=_POLL_SECONDS,
            unmet=lambda result: None if result.is_finished else result.status,
            on_wait=note,
            stop=self._stop,
        )

    def _deadline(self, seconds: float) -> Deadline:
        return Deadline(seconds, interval_seconds=_POLL_SECONDS, stop=self._stop)

"""`goodsflow plan` and `goodsflow apply` with a fake reconciler."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from goodsflow.cli.main import cli
from goodsflow.common.errors import GoodsflowError
from goodsflow.desired_state.planning import Change, Permission, Plan, Target
from goodsflow.desired_state.providers.provider import Result as Outcome
from goodsflow.desired_state.providers.reconciler import PlanResults
from goodsflow.model.spec import AclBinding
from tests.support import write_endpoints

TOPICS, ACLS = Target("topics", "inbound"), Target("acls", "inbound")
SAFE = Change(TOPICS, "create", "goods")
COSTLY = Change(
    TOPICS, "delete", "old", permission="delete-topics", why="its records go with it"
)
BINDING = AclBinding("x", "topic", "y", "literal", "read")
RIGHT = Change(
    ACLS,
    "delete",
    str(BINDING),
    desired=BINDING,
    permission="delete-acls",
    why="x loses it",
)


class FakeReconciler:
    """A reconciler that finds given changes and makes those that are allowed."""

    def __init__(self, *changes: Change, failure: GoodsflowError | None = None) -> None:
        """Set the changes to find, and the error when reading ACLs."""
        self.changes = changes
        self.failure = failure
        self.refused: dict[str, GoodsflowError] = {}
        self.made: list[str] = []

    def __enter__(self) -> FakeReconciler:
        """Be itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""

    def targets(self) -> tuple[Target, ...]:
        """Have two."""
        return TOPICS, ACLS

    def plan_all(self, targets: Iterable[Target]) -> PlanResults:
        """Find what there is in these."""
        plans = {
            target: Plan(tuple(c for c in self.changes if c.target == target))
            for target in targets
        }
        if self.failure is None:
            return PlanResults(plans, {})
        plans.pop(ACLS)
        return PlanResults(plans, {ACLS: self.failure})

    def apply(
        self,
        changes: Sequence[Change],
        allowed: Collection[Permission],
        report: Callable[[Outcome], None],
    ) -> list[Outcome]:
        """Make them."""
        outcomes = []
        for change in changes:
            if change.is_allowed(allowed):
                outcome = Outcome(change, self.refused.get(change.name))
                outcomes.append(outcome)
                report(outcome)
                if outcome.error is None:
                    self.made.append(change.name)
        return outcomes

    def provider(self, target: Target) -> FakeReconciler:  # noqa: ARG002
        """Be the provider as well."""
        return self

    def settle(self) -> list[str]:
        """Say how it is."""
        return ["all is well"]


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command over a reconciler, at a terminal or not."""
    write_endpoints(tmp_path)

    def run(
        reconciler: FakeReconciler,
        *command: str,
        answers: str = "",
        at_terminal: bool = False,
    ) -> Result:
        for module in ("plan", "apply"):
            path = f"goodsflow.cli.{module}.open_reconciler"
            monkeypatch.setattr(path, lambda *_: reconciler)
        monkeypatch.setattr("goodsflow.cli.apply._is_terminal", lambda: at_terminal)
        home = ("--home", str(tmp_path))
        return CliRunner().invoke(cli, [*home, *command], input=answers)

    return run


def test_a_plan_reports_drift_by_its_status_and_changes_nothing(run: Run) -> None:
    """A pipeline has to stop at drift."""
    drifted, settled = FakeReconciler(SAFE, COSTLY), FakeReconciler()
    assert run(drifted, "plan").exit_code == 3
    assert run(settled, "plan").exit_code == 0
    document = json.loads(run(drifted, "plan", "--json").stdout)
    assert [c["name"] for c in document["changes"]] == ["goods", "old"]
    assert run(drifted, "plan", "--kind", "acls").exit_code == 0
    assert drifted.made == []


def test_safe_changes_are_made_and_the_others_named(run: Run) -> None:
    """In a pipeline, apply cannot ask."""
    reconciler = FakeReconciler(SAFE, COSTLY, RIGHT)
    result = run(reconciler, "apply")
    assert reconciler.made == ["goods"]
    assert result.exit_code == 3
    assert "1 done, 0 failed, 2 skipped." in result.stdout
    assert "skipped delete inbound topic old (needs delete-topics" in result.stdout


def test_only_allowed_changes_are_made(run: Run) -> None:
    """One permission must not grant another."""
    reconciler = FakeReconciler(SAFE, COSTLY, RIGHT)
    result = run(reconciler, "apply", "--allow", "delete-acls", "--yes")
    assert reconciler.made == ["goods", "x may read topic 'y'"]
    assert result.exit_code == 3


@pytest.mark.parametrize(
    ("answers", "made"),
    [
        ("n\ny\n", ["goods", "old"]),
        ("y\nn\n", ["goods", "x may read topic 'y'"]),
        ("\n\n", ["goods"]),
    ],
)
def test_at_a_terminal_each_permission_is_asked_for(
    run: Run, answers: str, made: list[str]
) -> None:
    """Each question has its own answer, and no answer means no."""
    reconciler = FakeReconciler(SAFE, COSTLY, RIGHT)
    result = run(reconciler, "apply", answers=answers, at_terminal=True)
    assert reconciler.made == made
    assert "Allow delete-topics?" in result.stdout
    assert "its records go with it" in result.stdout


def test_yes_asks_nothing_and_allows_nothing(run: Run) -> None:
    """Users type it out of habit: it must not delete a topic."""
    reconciler = FakeReconciler(SAFE, COSTLY)
    result = run(reconciler, "apply", "--yes", at_terminal=True)
    assert reconciler.made == ["goods"]
    assert "Allow" not in result.stdout


def test_nothing_is_changed_if_a_part_could_not_be_read(run: Run) -> None:
    """An unreadable object must not count as missing."""
    reconciler = FakeReconciler(SAFE, failure=GoodsflowError("nobody there"))
    planned, applied = run(reconciler, "plan"), run(reconciler, "apply")
    assert (planned.exit_code, applied.exit_code) == (1, 1)
    assert "could not read inbound ACLs: nobody there" in planned.stderr
    assert "+ goods" in planned.stdout
    assert reconciler.made == []


def test_a_failure_does_not_hide_the_others(run: Run) -> None:
    """If one of eleven changes fails, ten are made and the reason is shown."""
    reconciler = FakeReconciler(SAFE, COSTLY)
    reconciler.refused = {"goods": GoodsflowError("no such setting")}
    result = run(reconciler, "apply", "--allow", "delete-topics")
    assert reconciler.made == ["old"]
    assert result.exit_code == 1
    assert "no such setting" in result.stderr
    assert "1 done, 1 failed, 0 skipped." in result.stdout


def test_an_unknown_permission_or_an_empty_selection_is_a_usage_error(run: Run) -> None:
    """A misspelt permission would silently skip a change."""
    reconciler = FakeReconciler(SAFE)
    unknown = run(reconciler, "apply", "--allow", "delete-all")
    nothing = run(reconciler, "plan", "--kind", "schemas", "--cluster", "inbound")
    assert (unknown.exit_code, nothing.exit_code) == (2, 2)
    assert "unknown permission: delete-all" in unknown.stderr
    assert reconciler.made == []

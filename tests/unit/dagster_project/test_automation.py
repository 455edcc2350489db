"""What is on by default, and what Dagster has stored, which goes before it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.remote_representation.external import RemoteRepository
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget

from dagster_project.automation import BOOTSTRAP_PENDING, VARIABLE, is_bootstrapped
from dagster_project.definitions import build_definitions, defs
from dagster_project.sensors import build_sensors
from goodsflow.model.endpoints import PROJECT_ROOT
from tests.unit.dagster_project.instances import add_bootstrap

# Dagster asks itself for what it has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*environment_vars:DeprecationWarning")

LOCATION = "dagster_project.definitions"


@contextmanager
def loaded(instance: dg.DagsterInstance) -> Iterator[RemoteRepository]:
    """Load the definitions as the webserver and the daemon do."""
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(executable_path=sys.executable, module_name=LOCATION),
        location_name=LOCATION,
    )
    target = InProcessWorkspaceLoadTarget(origin)
    with WorkspaceProcessContext(instance, target) as workspace:
        location = workspace.create_request_context().get_code_location(LOCATION)
        yield location.get_repository("__repository__")


def running(instance: dg.DagsterInstance) -> set[str]:
    """Return the names of the sensors and schedules that Dagster would run."""
    with loaded(instance) as repository:
        return {
            each.name
            for each in (*repository.get_sensors(), *repository.get_schedules())
            if each.get_current_instigator_state(
                instance.get_instigator_state(
                    each.get_remote_origin_id(), each.selector_id
                )
            ).is_running
        }


NAMES = {
    "recommendations_sensor",
    "platform_observer",
    "drift_sensor",
    "connector_restarter",
    "goods_archive_schedule",
    "history_schedule",
}
"""Dagster stores their states and cursors under these: a rename would lose them."""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance that stores its states in SQLite, as a native platform's does."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be the platform's Dagster."""
    monkeypatch.setenv(VARIABLE, "on")


def test_without_a_platform_all_are_off(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`dg dev` beside a platform would repair and restart what the platform does."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert not running(instance)


@pytest.mark.usefixtures("platform")
def test_on_a_new_platform_all_are_on(instance: dg.DagsterInstance) -> None:
    """Nobody would turn on what an update brings."""
    assert running(instance) == NAMES


@pytest.mark.usefixtures("platform")
def test_what_an_operator_has_turned_off_stays_off(
    instance: dg.DagsterInstance,
) -> None:
    """A restart that turned on the drift sensor would undo what is being tried."""
    with loaded(instance) as repository:
        sensor = repository.get_sensor("drift_sensor")
        schedule = repository.get_schedule("history_schedule")
        instance.stop_sensor(sensor.get_remote_origin_id(), sensor.selector_id, sensor)
        instance.stop_schedule(
            schedule.get_remote_origin_id(), schedule.selector_id, schedule
        )
    assert running(instance) == NAMES - {"drift_sensor", "history_schedule"}


def test_a_platform_whose_sensors_were_turned_on_one_by_one_stays_as_it_is(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the launcher did once: these states are stored, and one was turned off."""
    monkeypatch.delenv(VARIABLE, raising=False)
    with loaded(instance) as repository:
        for sensor in repository.get_sensors():
            instance.start_sensor(sensor)
        for schedule in repository.get_schedules():
            instance.start_schedule(schedule)
        off = repository.get_sensor("connector_restarter")
        instance.stop_sensor(off.get_remote_origin_id(), off.selector_id, off)
    before = running(instance)
    monkeypatch.setenv(VARIABLE, "on")
    assert running(instance) == before == NAMES - {"connector_restarter"}


def test_the_location_has_the_name_under_which_dagster_stores_states() -> None:
    """Another name would turn on again what was turned off, and forget cursors."""
    workspace = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text())
    (location,) = workspace["load_from"]
    assert location["python_module"] == {
        "module_name": LOCATION,
        "location_name": LOCATION,
    }
    run = (PROJECT_ROOT / "containers/dagster/run.sh").read_text()
    assert f"location_name: {LOCATION}\n" in run
    assert f"export {VARIABLE}=on\n" in run


def test_a_misspelt_switch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken for 'off', it would leave the platform unwatched."""
    monkeypatch.setenv(VARIABLE, "true")
    with pytest.raises(ValueError, match="'true', expected 'on' or 'off'"):
        defs()


@pytest.mark.parametrize("sensor", [sensor.name for sensor in build_sensors()])
def test_before_the_bootstrap_a_sensor_skips(sensor: str) -> None:
    """It would report what is about to be made, and start a second bootstrap."""
    (found,) = [s for s in build_definitions().sensors or [] if s.name == sensor]
    with dg.DagsterInstance.ephemeral() as instance:
        add_bootstrap(instance, dg.DagsterRunStatus.FAILURE)
        add_bootstrap(instance, dg.DagsterRunStatus.STARTED)
        keys = found.required_resource_keys
        context = dg.build_sensor_context(
            instance=instance, resources=dict.fromkeys(keys, None)
        )
        result = found(context)
    assert isinstance(result, dg.SkipReason)
    assert result.skip_message == BOOTSTRAP_PENDING


def test_one_bootstrap_that_succeeded_is_enough() -> None:
    """A later one that fails leaves a platform that is still to be watched."""
    with dg.DagsterInstance.ephemeral() as instance:
        assert not is_bootstrapped(instance)
        add_bootstrap(instance)
        add_bootstrap(instance, dg.DagsterRunStatus.FAILURE)
        assert is_bootstrapped(instance)

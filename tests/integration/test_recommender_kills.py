"""The recommender is killed in any phase; each window takes effect once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.pipeline.recommender import FenceError, RecommenderError, RunReport
from tests.draw import Draw
from tests.integration.shops import Shop, line

ROUNDS = 2

RUN = """
import os, signal, sys, threading
from pathlib import Path
import dagster as dg
from dagster_project.assets import recommendations as asset
from dagster_project.resources import PlatformResource, RecommenderResource
from goodsflow.model.endpoints import load_endpoints
from goodsflow.pipeline.recommender import (
    RecommenderSettings, publisher, recommend, run, state
)

home, settings, phase = sys.argv[1:]
settings = RecommenderSettings.model_validate_json(settings)

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(owner, name):
    step = getattr(owner, name)
    def both(*arguments, **options):
        step(*arguments, **options)
        die()
    setattr(owner, name, both)

def produce_and_die(publisher, key, value):
    publisher._producer.produce(settings.output_topic, value, key)
    assert publisher._producer.flush(10) == 0
    die()

class Recommender(RecommenderResource):
    def _settings(self):
        return settings

match phase:
    case "before Spark":
        run.compute = die
    case "after Spark":
        state.StateStore.save = die
    case "after its state":
        then_die(state.StateStore, "save")
    case "within the transaction":
        publisher.Publisher._produce = produce_and_die
    case "before the commit":
        publisher.Publisher._commit = die
    case "after the commit":
        then_die(publisher.Publisher, "_commit")
    case "before its event":
        asset._metadata = die
    case _:
        threading.Timer(float(phase), die).start()

platform = PlatformResource(home=home)
done = dg.materialize(
    [asset.recommendations],
    resources={"recommender": Recommender(platform=platform)},
    tags={asset.WINDOW_TAG: "test"},
)
sys.exit(not done.success)
"""

PHASES = (
    "before Spark",
    "after Spark",
    "after its state",
    "within the transaction",
    "before the commit",
    "after the commit",
    "before its event",
)


def run_and_kill(home: Path, shop: Shop, phase: str) -> int:
    """Run the asset in a process that gets SIGKILL in a phase."""
    settings = shop.settings.model_dump_json()
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(home), settings, phase],
        check=False,
        capture_output=True,
        timeout=120,
        cwd=PROJECT_ROOT,
        text=True,
    )
    assert done.returncode in {-signal.SIGKILL, 0}, done.stderr
    return done.returncode


def put_window(shop: Shop, number: int) -> str:
    """Commit the two files of a window; return their product."""
    product_id = f"p{number:03}"
    for partition in (0, 1):
        price = 10 * (2 - partition)
        shop.put(partition, number * 10, [line(product_id, price)])
    return product_id


def check_effects(shop: Shop, products: list[str], offsets: dict[int, int]) -> None:
    """Check that each window was recommended once, and that all were processed."""
    seen = Counter((record.key or b"").decode() for record in shop.published())
    assert seen == Counter(products)
    assert shop.offsets() == offsets


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_killed_in_any_phase_each_window_takes_effect_once(
    shop: Shop, platform_home: Path, drawn: Draw
) -> None:
    """No recommendation may be lost or duplicated."""
    products = []
    moments = [f"{0.7 * n:.1f}" for n in range(1, 7)]
    everything = [phase for phase in PHASES for _ in range(ROUNDS)] + moments
    count = drawn.count(5, len(everything))
    phases = drawn.chance("recommender").sample(everything, count)
    for number, phase in enumerate(phases):
        products.append(put_window(shop, number))
        ended = run_and_kill(platform_home, shop, phase)
        assert ended == -signal.SIGKILL or phase in moments, phase
        # What Dagster or its sensor does next: run again.
        shop.recommend()
        end = number * 10 + 1
        check_effects(shop, products, {0: end, 1: end})


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_two_simultaneous_runs_take_each_window_once(shop: Shop) -> None:
    """A sensor may start two runs, or two people may press the button."""
    products = []

    def run(_: int) -> RunReport | RecommenderError:
        try:
            return shop.recommend()
        except FenceError as error:
            return error

    for number in range(6):
        products.append(put_window(shop, number))
        with ThreadPoolExecutor(2) as pool:
            ended = list(pool.map(run, range(2)))
        reports = [one for one in ended if isinstance(one, RunReport)]
        assert reports, ended
        assert sum(report.windows for report in reports) == 1
        end = number * 10 + 1
        check_effects(shop, products, {0: end, 1: end})

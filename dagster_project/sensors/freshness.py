"""When the flow's assets count as up to date: the events behind their freshness.

Dagster's freshness policies know materializations alone, and no run materializes what
flows by itself. If each new card did, an idle shop would turn its assets red. So a
sensor materializes such an asset whenever the check passes that shows it to be up to
date: everything upstream has arrived, or is arriving. With nothing to do that check
passes too. An asset turns red when the check has failed for a while, and also when
nobody could evaluate it, which the check's last result does not show.
"""

from collections.abc import Iterable

import dagster as dg

from dagster_project.checks.progress import PROGRESS
from dagster_project.checks.recommender import LAG
from dagster_project.checks.results import CheckName, CheckResult

AssetEvent = dg.AssetObservation | dg.AssetMaterialization | dg.AssetCheckEvaluation

KEPT_UP_TO_DATE_BY: dict[str, CheckName] = {
    "goods_filtered": ("blocking", PROGRESS),
    "goods_files": ("hdfs_sink", PROGRESS),
    "goods_recomendations": LAG,
}
"""Assets, each with the check that shows it to be up to date."""


def up_to_date(results: Iterable[CheckResult]) -> list[AssetEvent]:
    """Return a materialization of each asset that these results show to be current."""
    passing = {(r.asset, r.check): r for r in results if r.passed}
    return [
        dg.AssetMaterialization(
            dg.AssetKey(asset),
            description=f"Up to date. {passing[check].description}",
        )
        for asset, check in KEPT_UP_TO_DATE_BY.items()
        if check in passing
    ]

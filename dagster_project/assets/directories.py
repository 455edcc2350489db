"""The directories of HDFS."""

import dagster as dg

from dagster_project.assets.groups import BOOTSTRAP
from dagster_project.failures import RETRY_POLICY, named_failures
from dagster_project.reporting import report
from dagster_project.resources import HdfsResource, PlatformResource
from goodsflow.bootstrap import make_directories


@dg.asset(group_name=BOOTSTRAP, kinds={"hadoop"}, retry_policy=RETRY_POLICY)
def hdfs_directories(
    platform: PlatformResource, hdfs: HdfsResource
) -> dg.MaterializeResult[None]:
    """The declared directories of HDFS are there, with their owners and modes.

    A rerun makes what is missing and sets owners and modes that were changed. What is
    in the directories is not touched.
    """
    with named_failures(), hdfs.client() as client:
        return report(make_directories(client, platform.declared().hdfs.directories))

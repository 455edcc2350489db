"""One file for each system: how Dagster's assets, checks and sensors reach it.

Here: addresses and time-outs as configuration, and lazy clients of ``goodsflow``'s
rooms. Constructing a resource reads nothing and connects nowhere.
"""

from dagster_project.resources.archive import ArchiveResource
from dagster_project.resources.connect import ConnectResource
from dagster_project.resources.desired_state import DesiredStateResource
from dagster_project.resources.hdfs import HdfsResource
from dagster_project.resources.kafka import KafkaResource
from dagster_project.resources.ksqldb import KsqldbResource
from dagster_project.resources.platform import PlatformResource
from dagster_project.resources.process_managers import ServiceState
from dagster_project.resources.recommender import RecommenderResource
from dagster_project.resources.services import ServicesResource

__all__ = [
    "ArchiveResource",
    "ConnectResource",
    "DesiredStateResource",
    "HdfsResource",
    "KafkaResource",
    "KsqldbResource",
    "PlatformResource",
    "RecommenderResource",
    "ServiceState",
    "ServicesResource",
]

"""The resources: how assets, checks and sensors reach each system.

Here: a module for each system, with its timeouts as configuration and a method that
returns a client of ``goodsflow``. Constructing a resource reads nothing and opens no
connection. Not here: what is done with a client.
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

"""HDFS: a plain client over WebHDFS, its errors, and the names of the sink's files.

Here: one method for each request, and how file names contain offsets. Not here: which
directories should exist (``goodsflow.model.spec``), and which files a run processes
(``goodsflow.pipeline.recommender``).
"""

from goodsflow.clients.hdfs.client import FileStatus, HdfsClient
from goodsflow.clients.hdfs.errors import (
    HdfsError,
    HdfsNotFoundError,
    HdfsRefusedError,
    HdfsUnavailableError,
    MalformedFileError,
    MalformedFileNameError,
)
from goodsflow.clients.hdfs.files import (
    TopicFile,
    list_if_exists,
    list_topic_files,
    parse_topic_file,
    read_topic_file,
)

__all__ = [
    "FileStatus",
    "HdfsClient",
    "HdfsError",
    "HdfsNotFoundError",
    "HdfsRefusedError",
    "HdfsUnavailableError",
    "MalformedFileError",
    "MalformedFileNameError",
    "TopicFile",
    "list_if_exists",
    "list_topic_files",
    "parse_topic_file",
    "read_topic_file",
]

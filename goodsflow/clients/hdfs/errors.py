"""Errors of HDFS's client.

Tree::

    HdfsError
    ├── HdfsUnavailableError      no answer, starting, or in safe mode: try again later
    ├── HdfsNotFoundError         no such file or directory
    ├── HdfsRefusedError          the NameNode refused: permission, or not empty
    ├── MalformedFileError        a committed file that can't be decompressed
    └── MalformedFileNameError    a committed file whose name has no valid offsets
"""

from goodsflow.common.errors import GoodsflowError


class HdfsError(GoodsflowError):
    """The file system refused or did not answer."""


class HdfsUnavailableError(HdfsError):
    """The NameNode or a DataNode does not answer, is starting, or is in safe mode."""


class HdfsNotFoundError(HdfsError):
    """There is no such file or directory."""


class HdfsRefusedError(HdfsError):
    """The NameNode understood and refused."""


class MalformedFileError(HdfsError):
    """A committed file is named as compressed, but cannot be decompressed."""


class MalformedFileNameError(HdfsError):
    """A committed file's name has no valid partition and offsets."""

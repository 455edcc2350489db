"""What goes wrong between a client and HDFS.

Tree::

    HdfsError
    ├── HdfsUnavailableError      no answer, starting up, or in safe mode: try later
    ├── HdfsNotFoundError         no such file or directory
    ├── HdfsRefusedError          the NameNode refused: permissions, or not empty
    ├── MalformedFileError        a committed file that is not what its name says
    └── MalformedFileNameError    a committed file whose name carries no sound offsets
"""

from goodsflow.common.errors import GoodsflowError


class HdfsError(GoodsflowError):
    """The file system refused or did not answer."""


class HdfsUnavailableError(HdfsError):
    """The NameNode (or a DataNode) does not answer, starts up, or is in safe mode."""


class HdfsNotFoundError(HdfsError):
    """There is no such file or directory."""


class HdfsRefusedError(HdfsError):
    """The NameNode understood and refused."""


class MalformedFileError(HdfsError):
    """A file of ours is compressed by its name, and cannot be decompressed."""


class MalformedFileNameError(HdfsError):
    """The name of a file of ours carries no sound partition and offsets."""

"""What keeps the native platform from starting or stopping.

Tree::

    NativeError
    ├── PreflightError       the machine or an input does not allow a start
    ├── PartFailedError      a part died, or was not ready in time
    ├── SupervisorError      the supervisor does not run or refused
    │   └── SupervisorEndsError  it is on its way down
    ├── AlreadyRunningError  another launcher is at work in the same folder
    └── UnknownPrincipalError  no cluster declares it
"""

from goodsflow.common.errors import GoodsflowError


class NativeError(GoodsflowError):
    """The native launcher could not do what was asked."""


class PreflightError(NativeError):
    """Nothing was started: something that a start needs is missing or in the way."""


class PartFailedError(NativeError):
    """A part died while it started, or was not ready in time."""


class SupervisorError(NativeError):
    """The supervisor is not running, or refused a command."""


class SupervisorEndsError(SupervisorError):
    """The supervisor has been told to end, and takes no more commands."""


class AlreadyRunningError(NativeError):
    """Another launcher holds the folder."""


class UnknownPrincipalError(NativeError):
    """No cluster declares a principal of that name."""

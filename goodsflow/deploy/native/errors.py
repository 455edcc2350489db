"""The errors of the native launcher.

Tree::

    NativeError
    ├── PreflightError         the machine or an input does not allow a start
    ├── PartFailedError        a part died, or was not ready in time
    ├── SupervisorError        the supervisor is not running, or refused a command
    │   └── SupervisorEndsError    it is shutting down
    ├── AlreadyRunningError    another launcher is running in the same folder
    └── UnknownPrincipalError  no cluster declares the principal
"""

from goodsflow.common.errors import GoodsflowError


class NativeError(GoodsflowError):
    """The native launcher could not do what was asked."""


class PreflightError(NativeError):
    """Nothing was started, because a prerequisite is missing."""


class PartFailedError(NativeError):
    """A part died during its start, or was not ready in time."""


class SupervisorError(NativeError):
    """The supervisor is not running, or refused a command."""


class SupervisorEndsError(SupervisorError):
    """The supervisor is shutting down and accepts no more commands."""


class AlreadyRunningError(NativeError):
    """Another launcher has locked the folder."""


class UnknownPrincipalError(NativeError):
    """No cluster declares a principal of that name."""

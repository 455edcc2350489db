"""What keeps the platform from being made as declared.

Tree::

    BootstrapError
    ├── DeclaredFileError        a file that platform.yaml names does not fit
    ├── RefusedError             the declaration asks for what is not done
    ├── NotReadyInTimeError      something did not come up, or did not follow, in time
    └── ConnectorFailedError     a connector or one of its tasks does not run
"""

from goodsflow.errors import GoodsflowError


class BootstrapError(GoodsflowError):
    """The platform could not be made as declared."""


class DeclaredFileError(BootstrapError):
    """A file that the declaration names cannot be used."""


class RefusedError(BootstrapError):
    """The declaration asks for what is not done; all of it is in one message."""


class NotReadyInTimeError(BootstrapError):
    """A part was not ready, or a change was not in effect, in time."""


class ConnectorFailedError(BootstrapError):
    """A connector or one of its tasks has failed or is paused."""

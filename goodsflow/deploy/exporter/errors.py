"""What goes wrong when the platform is looked at.

Tree::

    MonitoringError
    └── CertificateError    a certificate could not be seen or read
"""

from goodsflow.common.errors import GoodsflowError


class MonitoringError(GoodsflowError):
    """Something could not be looked at."""


class CertificateError(MonitoringError):
    """A certificate could not be seen or read."""

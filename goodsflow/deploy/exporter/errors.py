"""The errors of the exporter.

Tree::

    MonitoringError
    └── CertificateError    a certificate could not be read
"""

from goodsflow.common.errors import GoodsflowError


class MonitoringError(GoodsflowError):
    """A metric could not be read."""


class CertificateError(MonitoringError):
    """A certificate could not be read."""

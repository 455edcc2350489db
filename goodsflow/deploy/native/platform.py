"""A native platform: its folder, addresses and parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from goodsflow.deploy.native import supervisor
from goodsflow.deploy.native.addresses import endpoints_of
from goodsflow.deploy.native.catalog import platform_parts
from goodsflow.deploy.native.errors import PreflightError
from goodsflow.deploy.native.home import Home, HomeSettings
from goodsflow.deploy.native.monitoring import is_monitored
from goodsflow.deploy.native.parts import Part
from goodsflow.deploy.native.ports import MAX_OFFSET, Ports
from goodsflow.deploy.native.status import PartStatus, platform_status
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.model.spec import load_platform


@dataclass(frozen=True)
class NativePlatform:
    """A native platform: its folder, its ports, its parts."""

    home: Home
    endpoints: Endpoints
    parts: tuple[Part, ...]
    ports: Ports

    def status(self) -> list[PartStatus]:
        """Return the status of every part."""
        return platform_status(self.home, self.parts)


def open_platform(
    root: Path, *, port_offset: int | None = None, declaration: Path | None = None
) -> NativePlatform:
    """Return the platform in ``root`` without starting or writing anything.

    Args:
        root: Its folder, which need not exist.
        port_offset: Added to every port. None: the offset of its first start.
        declaration: The ``platform.yaml``. None: the project's.

    Raises:
        SpecError: The declaration is invalid.
        PreflightError: The offset is out of range.
    """
    home = Home(root.resolve())
    settings = settings_of(home, port_offset)
    offset = settings.port_offset if port_offset is None else port_offset
    if not 0 <= offset <= MAX_OFFSET:
        raise PreflightError(
            f"--port-offset {offset} is out of range: use 0 to {MAX_OFFSET}."
        )
    # A running platform keeps the setting with which it was started.
    monitored = settings.monitored if supervisor.is_running(home) else is_monitored()
    ports = Ports(offset, monitored=monitored)
    platform = load_platform(declaration or PROJECT_ROOT / "platform.yaml")
    parts = tuple(platform_parts(home, ports, platform))
    return NativePlatform(home, endpoints_of(home, ports), parts, ports)


def settings_of(home: Home, port_offset: int | None) -> HomeSettings:
    """Read the settings of earlier starts.

    Args:
        home: The platform's folder.
        port_offset: Replaces settings that cannot be read.

    Raises:
        PreflightError: They cannot be read, and no offset is given.
    """
    try:
        return home.settings()
    except PreflightError:
        if port_offset is None:
            raise
    return HomeSettings(port_offset=port_offset, monitored=is_monitored())

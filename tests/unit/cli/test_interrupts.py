"""Ctrl-C while native code runs."""

import pytest

from goodsflow.cli.interrupts import keyboard_interrupts


def test_ctrl_c_in_a_native_constructor_interrupts() -> None:
    """Ctrl-C right after a command's start used to print a traceback."""
    wrapped = SystemError("returned a result with an exception set")
    wrapped.__cause__ = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt), keyboard_interrupts():
        raise wrapped


def test_ctrl_c_in_a_duckdb_query_interrupts() -> None:
    """The first search takes half a minute, so users do press Ctrl-C."""
    with pytest.raises(KeyboardInterrupt), keyboard_interrupts():
        raise RuntimeError("Query interrupted")
    with pytest.raises(RuntimeError, match="else"), keyboard_interrupts():
        raise RuntimeError("Something else")


def test_other_failures_are_raised() -> None:
    """A broken library would otherwise look like a successful end."""
    with pytest.raises(SystemError, match="broken"), keyboard_interrupts():
        raise SystemError("broken")

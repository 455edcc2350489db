"""Ctrl-C within a library's C code."""

import pytest

from goodsflow.cli.interrupts import keyboard_interrupts


def test_ctrl_c_in_a_constructor_of_c_is_ctrl_c() -> None:
    """A traceback for whoever ends a command a moment after its start."""
    wrapped = SystemError("returned a result with an exception set")
    wrapped.__cause__ = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt), keyboard_interrupts():
        raise wrapped


def test_ctrl_c_in_a_query_of_duckdb_is_ctrl_c() -> None:
    """The first search of many cards takes half a minute, and people press it."""
    with pytest.raises(KeyboardInterrupt), keyboard_interrupts():
        raise RuntimeError("Query interrupted")
    with pytest.raises(RuntimeError, match="else"), keyboard_interrupts():
        raise RuntimeError("Something else")


def test_another_failure_stays_what_it_is() -> None:
    """Taken for Ctrl-C, a broken library would end a command as if all were well."""
    with pytest.raises(SystemError, match="broken"), keyboard_interrupts():
        raise SystemError("broken")

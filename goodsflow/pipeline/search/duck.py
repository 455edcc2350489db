"""DuckDB as the index uses it: the database by itself, without its package.

Package ``duckdb`` 2.0 adds a relational interface in Python to the extension module
``_duckdb``. Nothing here uses it, and it took 0.23 of the 0.27 s of `import duckdb`.
"""

from __future__ import annotations

try:
    from _duckdb import CatalogException, Error, connect
except ImportError:  # another release may keep it elsewhere
    from duckdb import CatalogException, Error, connect

__all__ = ["CatalogException", "Error", "connect"]

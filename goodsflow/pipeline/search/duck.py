"""DuckDB without its Python package: only the extension module.

Package ``duckdb`` 2.0 adds a relational interface in Python to the extension module
``_duckdb``. It isn't used here, and it takes 0.23 of the 0.27 s of `import duckdb`.
"""

from __future__ import annotations

try:
    from _duckdb import CatalogException, Error, connect
except ImportError:  # other releases may have it elsewhere
    from duckdb import CatalogException, Error, connect

__all__ = ["CatalogException", "Error", "connect"]

"""How Sphinx builds the documentation site; `make docs` runs it.

Nothing here reaches for the network: the site has no fonts, scripts or images from
elsewhere, so that it can be built and read offline.
"""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / "_ext"), str(Path(__file__).parent.parent)]

project = "Goodsflow"
author = "the Goodsflow contributors"
copyright = author  # noqa: A001 - Sphinx's name
release = installed_version("goodsflow")
version = release

extensions = [
    "myst_parser",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
    "goodsflow_docs",
]
exclude_patterns = ["_build", "_ext"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 4

smartquotes_action = "qe"  # not "--", which options start with
default_role = "code"  # help texts on the command line use single backquotes

html_theme = "furo"
html_title = "Goodsflow"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False

# A prompt is not part of a command, and what a command prints is not one either.
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"
copybutton_here_doc_delimiter = "CARD"

pygments_style = "friendly"
pygments_dark_style = "monokai"

# Only `sphinx-build -b linkcheck` opens links to other sites: `make docs` is offline.
linkcheck_ignore = [r"https?://(127\.0\.0\.1|localhost)[:/]"]
linkcheck_anchors = False
linkcheck_timeout = 20

"""How the manual is built: ``make docs``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import procsearch

project = "procsearch"
author = "the procsearch maintainers"
copyright = f"2026, {author}"
release = procsearch.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "openapi_tables"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"procsearch {release}"
html_copy_source = False


def setup(app: Any) -> None:
    """Links to files beside this folder lead to the pages that include them."""
    app.connect("source-read", _link_included)


def _link_included(_app: Any, _name: str, source: list[str]) -> None:
    source[0] = re.sub(
        r"\]\(\.\./(ARCHITECTURE|SECURITY|CHANGELOG)\.md", lambda found: f"]({found[1].lower()}.md", source[0]
    )

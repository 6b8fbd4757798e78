"""The query language: Whoosh's own, read by a parser that holds against any string.

``parse_query`` makes a tree of Whoosh's query classes out of what a user typed, and notes on what was not taken
literally. What cannot be read is a ``QueryError`` that knows the place. docs/query-language.md is the user's page.

- ``parser`` walks through the text: words, groups, operators
- ``words`` makes the leaves of the tree: words, phrases, patterns, ranges
- ``reading`` holds the bounds, the notes and the errors of one query
- ``trees`` imports Whoosh's query classes and joins them
"""

from __future__ import annotations

from .parser import parse_query
from .reading import Bounds, ParsedQuery

__all__ = ["Bounds", "ParsedQuery", "parse_query"]

"""The leaves of a query tree as a cluster counts them."""

from __future__ import annotations

from collections.abc import Hashable
from copy import copy
from typing import Any

from ...indexer.fields import FIELDS, NAMING, field_range
from ..evaluator import key_of
from ..words import leaves


def counted_leaves(tree: Any) -> dict[Hashable, Any]:
    """The leaves of a tree by None and key, and those that are weighed field by field also by field and key."""
    found: dict[Hashable, Any] = {}
    for leaf in leaves(tree):
        found[None, key_of(leaf)] = leaf
        if leaf.fieldname == NAMING:
            for number in field_range(NAMING):
                found[number, key_of(leaf)] = in_field(leaf, FIELDS[number].name)
    return found


def in_field(leaf: Any, field: str) -> Any:
    """A leaf asked for in another ``field``."""
    node = copy(leaf)
    node.fieldname = field
    return node

"""Codes that were likely meant where no page has what was typed: told, never searched for in its place."""

from __future__ import annotations

from ..corpus.procedure import Procedure
from ..indexer.analysis import has_digit, terms
from ..indexer.snapshot import Snapshot
from .suggestions import with_code

_LOOK_ALIKE = str.maketrans("oil", "011")
"""Letters that are typed for digits; most systems have no codes with them, so that they are not mistaken."""
_SHORTEST = 3  # characters that a code may be meant to begin with
_LONGEST = 20  # characters of what may be a code, with its system and signs
_SHOWN = 3


def near_codes(snapshot: Snapshot, typed: str) -> list[Procedure]:
    """The first procedures whose code was likely meant: by ``E-0570``, ``OFT44ZZ``, ``hcpcs:e0570`` or ``0FT44Z``."""
    if len(typed) > _LONGEST:
        return []
    for text in (typed, typed.rpartition(":")[2]):
        code = "".join(terms(text))
        for meant in dict.fromkeys((code, code.translate(_LOOK_ALIKE))):
            if len(meant) >= _SHORTEST and has_digit(meant) and (found := with_code(snapshot, meant, _SHOWN)):
                return found
    return []

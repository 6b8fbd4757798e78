"""The arrays that the files of a segment hold: their types and lengths, on which reading them relies."""

from __future__ import annotations

from ..corpus.errors import DamagedIndex
from .arrays import ArrayFile
from .fields import FIELDS

_PAGE_ROWS = ("id_order", "systems", "containers", "sizes", "mtimes", "parsers")
_STRINGS = ("term", "term_signposts", "stem", "stem_signposts", "id", "source", "stored", "system", "container")
_TYPES = {
    **dict.fromkeys(("id_order", "containers", "parsers"), ("<u4",)),
    **dict.fromkeys(("systems", "codes"), ("<u2",)),
    **dict.fromkeys(("sizes", "mtimes"), ("<i8",)),
    "spans": ("<u4", "<u8"),
}
_ARRAYS = (
    *_PAGE_ROWS, *(f"{name}_{part}" for name in _STRINGS for part in ("offsets", "data")),
    "digests", "lengths", "spans", "gaps", "codes", "positions", "phrases",
)  # fmt: skip


def check_shapes(file: ArrayFile, state_file: ArrayFile | None, pages: int, terms: int) -> None:
    """DamagedIndex where an array of a segment of ``pages`` and ``terms`` is not as it should be."""
    rows = {**dict.fromkeys(_PAGE_ROWS, pages), "spans": 3 * (terms + 1)}
    rows |= {"digests": 16 * pages, "lengths": len(FIELDS) * pages}
    for name in _ARRAYS:
        column = file[name]
        wanted = _TYPES.get(name, ("<u4", "<u8") if name.endswith("_offsets") else ("|u1",))
        if column.dtype.str not in wanted or len(column) != rows.get(name, len(column)):
            raise DamagedIndex(file.name, f"array {name} does not fit the others")
    if state_file is not None:
        for name, dtype in (("states", "|u1"), ("sizes", "<i8"), ("mtimes", "<i8")):
            column = state_file[name]
            if column.dtype.str != dtype or len(column) != pages:
                raise DamagedIndex(state_file.name, f"array {name} is for another segment")

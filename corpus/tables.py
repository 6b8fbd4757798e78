"""Rows of HTML tables to blocks: heading beside text, headings above columns, lists of codes."""

from __future__ import annotations

from typing import NamedTuple

from .blocks import BOLD_LEVEL, Block, Entry
from .headings import HeadingTable, squeeze

_COLUMNS = """
    code codes description descriptor procedure name system link section details information topic value field
    item category type cptcode hcpcscode procedurename content attribute property question answer
"""
_COLUMN_NAMES = frozenset(_COLUMNS.split())


class Cell(NamedTuple):
    """One cell: whether it is a ``th``, and what stands in it."""

    is_head: bool
    entries: list[Entry]

    @property
    def line(self) -> Block | None:
        """The only line of a cell that is one line of plain text."""
        block = self.entries[0][0] if len(self.entries) == 1 else None
        return block if block and block.style in ("text", "bold") else None


class TableRows:
    """Reads the rows of one table, in order."""

    def __init__(self, headings: HeadingTable) -> None:
        """Begin before the first row."""
        self._headings = headings
        self._columns: list[Cell] = []

    def read_row(self, row: list[Cell]) -> list[Entry]:
        """The blocks of the next row."""
        cells = [cell for cell in row if cell.entries]
        if not cells:
            return []
        if self._columns and len(self._columns) == len(row):
            pairs = zip(self._columns, row, strict=True)
            return [entry for head, cell in pairs if cell.entries for entry in (*_heading(head), *cell.entries)]
        if len(cells) > 1 and self._are_column_names(cells):
            return []
        first, *others = cells
        if first.line and others and all(cell.line for cell in others):
            return [_joined(cells)]
        if others or first.is_head:
            return [*_heading(first), *(entry for cell in others for entry in cell.entries)]
        return first.entries

    def _are_column_names(self, cells: list[Cell]) -> bool:
        """Whether the row names the columns; if it names sections, the rows below it are read by column."""
        lines = [cell.line.text for cell in cells if cell.line]
        if len(lines) < len(cells):
            return False
        if sum(1 for line in lines if self._headings.exact(line)) > 1 and all(len(line) < 60 for line in lines):
            self._columns = [] if all(squeeze(line) in _COLUMN_NAMES for line in lines) else cells
            return True
        return all(squeeze(line) in _COLUMN_NAMES for line in lines)


def _heading(cell: Cell) -> list[Entry]:
    if cell.line is None:
        return cell.entries
    return [(block._replace(style="bold", level=BOLD_LEVEL, label=""), region) for block, region in cell.entries]


def _joined(cells: list[Cell]) -> Entry:
    first, *others = [cell.entries[0][0] for cell in cells]
    links = tuple(link for cell in cells for link in cell.entries[0][0].links)
    text = f"{first.text.rstrip(' :')}: {' | '.join(block.text for block in others)}"
    return Block("text", text, label=first.text, links=links), cells[0].entries[0][1]

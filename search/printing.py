"""Results for people: tables and highlighted snippets on a terminal, plain lines in a pipe."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..corpus.procedure import Procedure
from .explanation import ALL_WORDS, Explanation
from .results import Hit, Results

if TYPE_CHECKING:
    from ..indexer.reindex import Report
    from .evaluation import Comparison
    from .semantic.embedding import Embedded

_CHANGES_SHOWN = 5  # of the queries that won, and of those that lost
_WIDTH = 90  # characters of a query around the place in question

_UNPRINTABLE = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), " ") | dict.fromkeys(
    (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
_ESCAPED = {code: f"\\u{code:04x}" for code in _UNPRINTABLE if code > 126}
_UNSHOWN = re.compile(f"[{''.join(map(chr, _ESCAPED))}]")


def printable(text: str) -> str:
    """``text`` on one line, without what could move a terminal's cursor, change its colours or turn its direction."""
    return text.translate(_UNPRINTABLE)


def json_line(value: Any) -> str:
    """``value`` as one line of JSON that a terminal can show: no control character stands in it as itself."""
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPED)


def shown_json(dumped: bytes) -> bytes:
    """The JSON ``dumped`` as a terminal can show it: escaped as ``json_line`` does."""
    if dumped.isascii() and b"\x7f" not in dumped:
        return dumped
    return _UNSHOWN.sub(lambda found: _ESCAPED[ord(found[0])], dumped.decode()).encode()


class Printer:
    """Prints to standard output."""

    def __init__(self) -> None:
        self._console: Any = None
        if sys.stdout.isatty():
            from rich.console import Console

            self._console = Console(highlight=False, markup=False, emoji=False)  # texts are texts

    def line(self, *parts: str | tuple[str, str], indent: int = 0) -> None:
        """One line made of texts, each alone or with a style for terminals, where it may be broken into several."""
        texts = [(part, "") if isinstance(part, str) else part for part in parts]
        if self._console is None:
            print(" " * indent + "".join(printable(text) for text, _ in texts))
            return
        from rich.padding import Padding
        from rich.text import Text

        text = Text.assemble(*((printable(text), style) for text, style in texts))
        self._console.print(Padding(text, (0, 0, 0, indent), expand=False))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table on a terminal, lines with tabs elsewhere; nothing where there are no rows."""
        rows = list(rows)
        if not rows:
            return
        if self._console is None:
            for row in rows:
                print("\t".join(printable(str(cell)) for cell in row))
            return
        from rich.table import Table

        table = Table(box=None, header_style="dim", pad_edge=False)
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row(*(printable(str(cell)) for cell in row))
        self._console.print(table)

    # What procsearch has to show

    def indexed(self, report: Report, place: str, dry_run: bool) -> None:
        """What re-indexing did, or would do, to the index in ``place``."""
        self.line(
            f"{'dry run, nothing was changed: ' if dry_run else ''}{report.added:,} added, {report.changed:,} changed, "
            f"{report.unchanged:,} unchanged, {report.removed:,} removed, {len(report.failed):,} failed; "
            f"{counted(report.documents, 'document')} in {place} ({report.seconds:.1f} s)"
        )

    def embedded(self, done: Embedded, place: str) -> None:
        """What was given sentence vectors in the index in ``place``."""
        self.line(f"{counted(done.pages, 'page')} got vectors of {done.model} in {place} ({done.seconds:.1f} s)")

    def results(self, results: Results, offset: int = 0) -> None:
        """Ranked hits with what there is to say about them."""
        if results.corrected:
            self.line(("Showing results for ", "dim"), (results.corrected, "bold italic"))
        for note in results.notes:
            self.line((f"Note: {note}", "yellow"))
        for number, hit in enumerate(results.hits, offset + 1):
            self.hit(number, hit)
        for name, counts in results.facets.items():
            self.line((f"{name}: ", "bold"), _counts(counts) or "none")
        if not results.total:
            self.line("Nothing matches. Fewer or other words may.")
        self.line((f"{counted(results.total, 'result')} in {results.took * 1000:.1f} ms", "dim"))

    def hit(self, number: int, hit: Hit) -> None:
        """One hit: its name and id, and the snippet with the words that match where it says more than the name."""
        match = f" ({hit.match})" if hit.match != "exact" else ""
        in_name = hit.name_marks
        name = [(piece, style or "bold") for piece, style in marked(hit.name, in_name or ())]
        self.line((f"{number:>2}. ", "dim"), *name, f"  {hit.id}", (f"  {hit.score:.2f}{match}", "dim"))
        if hit.snippet and in_name is None:
            section = f"{hit.section}: " if hit.section else ""
            self.line((section, "cyan"), *marked(hit.snippet, hit.marks), indent=4)

    def procedure(self, procedure: Procedure, section: str | None = None) -> None:
        """A procedure, or one section of it."""
        if section is None:
            self.line((procedure.title, "bold"))
            for label, value in _facts(procedure):
                self.line((f"{label}: ", "cyan"), value)
        for part in procedure.sections:
            if section in (None, part.kind):
                self.line()
                self.line((part.heading or part.kind.capitalize(), "bold cyan"))
                for text in part.text.split("\n"):
                    self.line(text, indent=2)
        if section is None:
            for similar in procedure.similar_codes:
                self.line(
                    ("Similar code: ", "cyan"), f"{similar.system or ''} {similar.code or ''} {similar.descriptor}"
                )

    def explanation(self, explanation: Explanation) -> None:
        """Where a score comes from."""
        self.line((f"{explanation.score:.4f}", "bold"), f"  {explanation.id}")
        for word in explanation.words:
            where = "" if word.field == "all" else f"{word.field}:"
            found = "" if word.word == ALL_WORDS else f"  in {counted(word.pages, 'page')}, rarity {word.rarity:.3f}"
            self.line((f"  {word.score:.4f}", "bold"), f"  {where}{word.word}", (found, "dim"))
            for match in word.matches:
                tier = f"{match.tier}, by {match.entry}" if match.entry else match.tier
                self.line(
                    f"    {match.field}: {match.term} ({tier}) {match.occurrences} of {match.length} words, "
                    f"counts {match.tf:.3f}"
                )
        for reason in explanation.why():
            self.line(("  Note: ", "dim"), reason)

    def comparisons(self, comparisons: Sequence[Comparison], texts: Mapping[str, str]) -> None:
        """How two runs differ by each measure, and the queries that changed most by the first of them."""
        self.line()
        for found in comparisons:
            self.line(
                (f"{found.measure}: ", "cyan"),
                f"{found.difference:+.4f} against {found.mean_a:.4f} (p = {found.p:.4f}), "
                f"{len(found.won)} won, {len(found.lost)} lost",
            )
        first = comparisons[0]
        for label, changes in (("Won most", first.won), ("Lost most", first.lost)):
            if changes:
                self.line((f"{label}, by {first.measure}:", "bold"))
            for change in changes[:_CHANGES_SHOWN]:
                self.line(f"  {change.difference:+.4f}  {change.query}  {texts[change.query]}")

    def mapping(self, values: Mapping[str, Any]) -> None:
        """Names and values, one a line."""
        for name, value in values.items():
            if isinstance(value, dict):
                shown = _counts(value)
            else:
                shown = f"{value:,}" if isinstance(value, int) else str(value)
            self.line((f"{name}: ", "cyan"), shown)


def pointing_at(text: str, position: int) -> tuple[str, str]:
    """The part of ``text`` around a position, with dots for what is left out, and a line that points at it."""
    start = max(min(position - _WIDTH // 2, len(text) - _WIDTH), 0)
    before = "… " if start else ""
    after = " …" if start + _WIDTH < len(text) else ""
    return before + text[start : start + _WIDTH] + after, " " * (len(before) + position - start) + "^"


def counted(number: int, thing: str) -> str:
    """``number`` of a thing, as ``1 page`` or ``2 pages``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{value} {count:,}" for value, count in counts.items())


def marked(text: str, marks: Iterable[tuple[int, int]]) -> list[tuple[str, str]]:
    """``text`` in pieces, with a style for those that are marked."""
    pieces, place = [], 0
    for start, end in marks:
        pieces += [(text[place:start], ""), (text[start:end], "bold green")]
        place = end
    return [*pieces, (text[place:], "")]


def _facts(procedure: Procedure) -> Iterable[tuple[str, str]]:
    yield "Id", procedure.id
    if procedure.code:
        yield "Code", f"{procedure.system or ''} {procedure.code}".strip()
    if procedure.descriptor:
        yield "Official wording", procedure.descriptor
    if procedure.common_names:
        yield "Common names", ", ".join(procedure.common_names)
    if procedure.medical_terms:
        yield "Medical terms", ", ".join(procedure.medical_terms)
    yield "Source", procedure.source
    for warning in procedure.warnings:
        yield "Warning", warning

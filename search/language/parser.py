"""One pass over the text of a query, from left to right, with a stack for the parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from .operators import NOT, OPERATORS, Operator, Part, join
from .reading import Bounds, ParsedQuery, Reading, shown
from .trees import Every, NullQuery, Query, any_of, boosted, quoted
from .words import boost_of, plain, slop_of, span, word

_LEXEME = re.compile(
    r"""\s*+(?:
        (?P<bare>   \w++ ) (?= [\s()"] | \Z )
      | (?P<name>   (?: \w++ | \* ) : )
      | (?P<open>   \( )
      | (?P<close>  \) )
      | (?P<quote>  " )
      | (?P<bracket>[\[{] )
      | (?P<text>   [^\s"()\[{]++ )
    )""",
    re.VERBOSE,
)
_RUN = re.compile(r"[^\s\"()\[{]++")
_SIGNS = re.compile(r"[-+]++(?=[\w\"'(])")
_EVERY = re.compile(r"\*:\*(?=[\s)^]|\Z)")
_BRACKETED = re.compile(r"[\[{][^\[\]{}]*+[\]}]?")
_BRACKETED_TEXT = re.compile(r"[\[{][^\s\"()\[{]*+")
_SUFFIX = re.compile(r"[^\s()\"~^]*+")
_CLOSING_QUOTE = re.compile(r"'(?=[\s\])}]|\Z)")

_AT_THE_END = " \t\r\n\"').!?…"
_STRAIGHTENED = str.maketrans("“”„‟", '""""')
_SMALL_OPERATORS = frozenset({"and", "or"})


def parse_query(
    text: str,
    *,
    fields: Collection[str],
    default_field: str,
    tokens: Callable[[str, str], list[str]],
    bounds: Bounds = Bounds(),  # noqa: B008 - immutable
) -> ParsedQuery:
    """Read ``text`` as a query.

    ``fields`` are the names that may stand before a colon; words without one ask for ``default_field``.
    ``tokens(field, text)`` gives the terms that the index holds for a piece of text, none where it holds none.
    A query in Whoosh's language makes the tree that Whoosh's parser (bare words joined by OR, fuzzy terms, a word of
    several tokens as a phrase) would make. Raises ``QueryError``, with the place, and nothing else.
    """
    reading = Reading(text, tokens, bounds)
    if len(text) > bounds.characters:
        raise reading.error(f"a query may have {bounds.characters} characters at most", bounds.characters)
    if not text.isascii():
        text = text.translate(_STRAIGHTENED)
    if "?" in text:
        text = _without_final_question_mark(text, reading)
    query = _Parser(text, reading, frozenset(fields), default_field).parse()
    return ParsedQuery(NullQuery if query is None else query, reading.notes())


def _without_final_question_mark(text: str, reading: Reading) -> str:
    body = text.rstrip(_AT_THE_END)
    end = text[len(body) :]
    if "?" not in end:
        return text
    reading.note("the question mark at the end is read as text")
    return body + end.replace("?", " ")


class _Group:
    """What stands between one pair of parentheses, or in the whole query."""

    __slots__ = ("field", "parts", "start")

    def __init__(self, start: int, field: str) -> None:
        self.start = start
        self.field = field
        self.parts: list[Part] = []


class _Parser:
    __slots__ = (
        "_fields", "_group", "_outer", "_reading", "_single_quotes", "_text", "_waiting_field", "_waiting_field_start",
    )  # fmt: skip

    def __init__(self, text: str, reading: Reading, fields: frozenset[str], default_field: str) -> None:
        self._text = text
        self._reading = reading
        self._fields = fields
        self._group = _Group(0, default_field)
        self._outer: list[_Group] = []
        self._waiting_field: str | None = None  # a field whose colon was just read
        self._waiting_field_start = 0
        self._single_quotes = True  # whether a closing single quote may still follow

    def parse(self) -> Query | None:
        text, lexeme, position = self._text, _LEXEME.match, 0
        while found := lexeme(text, position):
            kind = found.lastgroup
            start, position = found.span(found.lastindex or 0)
            if kind == "bare":
                self._bare(text[start:position], start)
            elif kind == "text":
                position = self._run(start, position)
            elif kind == "name":
                position = self._name(start, position)
            elif kind == "quote":
                position = self._phrase(start)
            elif kind == "open":
                self._open(start)
            elif kind == "close":
                position = self._close(start)
            else:
                position = self._bracket(start)
        self._field_alone()
        while self._outer:
            self._reading.note("a parenthesis is not closed: read as closed at the end")
            self._add(self._closed_group())
        return self._joined()

    def _bare(self, text: str, start: int) -> None:
        """A word of letters and digits alone; an operator if it is one."""
        if text in OPERATORS and self._waiting_field is None:
            self._group.parts.append(Operator(text, start))
            return
        if text in _SMALL_OPERATORS:
            self._reading.note("and, or in small letters are read as words; the operators are AND, OR")
        self._add(plain(self._reading, self._field(), text, start))

    def _run(self, start: int, end: int) -> int:
        """Signs and letters up to the next space, quotation mark or bracket."""
        first = self._text[start]
        if first in "-+" and self._waiting_field is None and (signs := _SIGNS.match(self._text, start)):
            sign = shown(signs[0])
            self._reading.note(f"{sign} before a word is read as text; write AND to demand it, AND NOT to leave it out")
            return signs.end()
        if first == "'" and (quoted := self._single_quoted(start)):
            return quoted
        return self._word(start, end)

    def _word(self, start: int, end: int) -> int:
        self._add(word(self._reading, self._field(), self._text[start:end], start))
        return end

    def _name(self, start: int, end: int) -> int:
        """A word with a colon after it: a field, or text."""
        text, reading, name = self._text, self._reading, self._text[start : end - 1]
        if name == "*":
            return self._every(start)
        if name in self._fields:
            if self._waiting_field is not None:
                raise reading.error("a field follows a field; each word has one", start)
            self._waiting_field, self._waiting_field_start = name, start
            if end == len(text) or text[end].isspace() or text[end] == ")":
                self._field_alone()
            return end
        in_field = self._waiting_field is not None
        if not in_field:
            reading.note(f"{shown(name + ':')} is no field: read as text")
        if in_field or name[0].isdigit():  # id:cpt4:36904 and 10:30 are each one piece of text
            run = _RUN.match(text, start)
            return self._word(start, run.end() if run else end)
        self._add(plain(reading, self._field(), name, start))
        return end

    def _every(self, start: int) -> int:
        """``*:*``, every page."""
        every = _EVERY.match(self._text, start)
        if every is None or self._waiting_field is not None:
            raise self._reading.error("a star stands for a field only in *:*, which is every page", start)
        boost, position = self._boost(every.end())
        self._add(boosted(Every(), boost))
        return position

    def _field_alone(self) -> None:
        """Read the waiting field, after which nothing came, as a word."""
        if field := self._waiting_field:
            self._waiting_field = None
            self._reading.note(f"{shown(field + ':')} with nothing right after it is read as text")
            self._add(plain(self._reading, self._group.field, field, self._waiting_field_start))

    def _single_quoted(self, start: int) -> int | None:
        """One word in single quotes, spaces and all; None where the quote is an apostrophe. Returns where it ends."""
        closing = _CLOSING_QUOTE.search(self._text, start + 1) if self._single_quotes else None
        if closing is None:
            self._single_quotes = False
            return None
        inside = self._text[start + 1 : closing.start()]
        self._add(quoted(plain(self._reading, self._field(), inside, start + 1)))
        return closing.end()

    def _phrase(self, start: int) -> int:
        text, reading = self._text, self._reading
        end = text.find('"', start + 1)
        if end < 0:
            reading.note("a quotation mark without its pair is ignored")
            return start + 1
        inside, position, slop = text[start + 1 : end], end + 1, 1
        if "*" in inside:
            reading.note("a star inside quotation marks is read as text")
        if text.startswith("~", position):
            digits = self._suffix(position)
            slop = slop_of(reading, digits, position)
            position += 1 + len(digits)
        boost, position = self._boost(position)
        query = quoted(plain(reading, self._field(), inside, start + 1, slop))
        if not inside:
            reading.left_out('""')
        self._add(boosted(query, boost) if query is not None else None)
        return position

    def _bracket(self, start: int) -> int:
        """A range, or a bracket that is part of the text."""
        text, reading = self._text, self._reading
        bracketed = _BRACKETED.match(text, start)
        query = span(reading, self._waiting_field or self._group.field, bracketed[0], start) if bracketed else None
        if bracketed is None or query is None:
            plain_text = _BRACKETED_TEXT.match(text, start)
            return self._word(start, plain_text.end() if plain_text else start + 1)
        self._waiting_field = None
        boost, position = self._boost(bracketed.end())
        self._add(boosted(query, boost))
        return position

    def _open(self, start: int) -> None:
        if len(self._outer) == self._reading.bounds.depth:
            raise self._reading.error(f"parentheses may nest {self._reading.bounds.depth} deep at most", start)
        self._outer.append(self._group)
        self._group = _Group(start, self._field())

    def _close(self, start: int) -> int:
        self._field_alone()
        if not self._outer:
            self._reading.note("a closing parenthesis without its pair is ignored")
            return start + 1
        query = self._closed_group()
        if self._text.startswith("~", start + 1):
            raise self._reading.error("~ stands after one word or phrase, not after parentheses", start + 1)
        boost, position = self._boost(start + 1)
        self._add(boosted(query, boost) if query is not None else None)
        return position

    def _closed_group(self) -> Query | None:
        if not self._group.parts:
            self._reading.left_out("()")
        query = self._joined()
        self._group = self._outer.pop()
        return query

    def _joined(self) -> Query | None:
        """The query of the present group."""
        group = self._group
        if any(type(part) is Operator for part in group.parts):
            self._read_loose_operators_as_words(group)
            return join(self._reading, group.parts)
        return any_of(group.parts)

    def _read_loose_operators_as_words(self, group: _Group) -> None:
        """Operators at the end, and but for NOT at the beginning, have nothing to join."""
        parts = group.parts
        loose = []
        for at in reversed(range(len(parts))):
            if not isinstance(parts[at], Operator):
                break
            loose.append(at)
        for at, part in enumerate(parts):
            if not isinstance(part, Operator) or part.name == NOT:
                break
            loose.append(at)
        for at in loose:
            operator = parts[at]
            if isinstance(operator, Operator):
                self._reading.note(f"{operator.name} has nothing to join and is read as a word")
                parts[at] = plain(self._reading, group.field, operator.name, operator.position)

    def _add(self, query: Query | None) -> None:
        self._group.parts.append(query)

    def _field(self) -> str:
        """The field of what comes next."""
        if field := self._waiting_field:
            self._waiting_field = None
            return field
        return self._group.field

    def _boost(self, position: int) -> tuple[float, int]:
        """The boost at ``position``, after anything but a word, and where it ends."""
        if not self._text.startswith("^", position):
            return 1.0, position
        digits = self._suffix(position)
        return boost_of(self._reading, digits, position), position + 1 + len(digits)

    def _suffix(self, position: int) -> str:
        """What stands behind the sign at ``position``."""
        found = _SUFFIX.match(self._text, position + 1)
        return found[0] if found else ""

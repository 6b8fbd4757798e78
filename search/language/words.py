"""The leaves of a query: words, fuzzy words, patterns, phrases and ranges, each with its field and boost."""

from __future__ import annotations

import re

from .reading import Reading, shown
from .trees import Every, FuzzyTerm, Phrase, Prefix, Query, Term, TermRange, Wildcard, all_of, boosted

CODE_FIELD = "code"
"""The field in which ``36901-36909`` is a range."""

_BOOST = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_DIGITS = re.compile(r"[0-9]+")
_FUZZINESS = re.compile(r"([0-9]*)(?:/([0-9]+))?")
_CODES = re.compile(r"([\w.]+)[-\N{EN DASH}]([\w.]+)")
_WILDCARDS = re.compile(r"(\*+|\?)")
_BETWEEN_PIECES = re.compile(r"[^\w*?]+")
_RANGE = re.compile(r"\s*(?:('[^']*'|\S+)\s+)?[Tt][Oo](?:\s+('[^']*'|\S+))?\s*")


def word(reading: Reading, field: str, text: str, start: int) -> Query | None:
    """What one word asks for, in whatever form it comes: ``word``, ``wor*``, ``w?rd``, ``word~2``, each with ``^2``.

    ``start`` is where ``text`` stands in the query. None where it holds nothing to search for.
    """
    body, boost = _split_boost(reading, text, start) if "^" in text else (text, 1.0)
    body, fuzziness = _split_fuzziness(reading, body, start) if "~" in body else (body, None)
    codes = _CODES.fullmatch(body) if field == CODE_FIELD else None
    if fuzziness is not None:
        query = _fuzzy(reading, field, body, fuzziness, start)
    elif "*" in body or "?" in body:
        query = _pattern(reading, field, body, start)
    elif codes and _has_digit(codes[1]) and _has_digit(codes[2]):
        query = _code_range(reading, codes[1], codes[2], start)
    else:
        query = plain(reading, field, body, start)
    if query is None:
        return None
    query.endchar = start + len(text)
    return boosted(query, boost)


def plain(reading: Reading, field: str, text: str, start: int, slop: int = 1) -> Query | None:
    """A word without signs: its term, or the phrase of its terms where the field makes several of it (``x-ray``)."""
    terms = reading.terms(field, text, start)
    if len(terms) == 1:
        query = Term(field, terms[0])
    elif terms:
        query = Phrase(field, terms, slop)
    else:
        reading.left_out(text)
        return None
    return _placed(query, start, start + len(text))


def span(reading: Reading, field: str, text: str, start: int) -> Query | None:
    """The range that ``text``, brackets included, asks for: ``[a TO b]``, ``{a TO b]``, ``[TO b]``.

    None where it is no range: brackets may stand in ordinary text. QueryError where it is a broken one.
    """
    body, closed = (text[1:-1], True) if text[-1] in "]}" else (text[1:], False)
    ends = _RANGE.fullmatch(body)
    if not closed or ends is None:
        if "TO" not in body.split():
            return None
        reason = "a range has one word at each end, as in [a TO b]" if closed else "the range is not closed: [a TO b]"
        raise reading.error(reason, start)
    low, high = (_range_end(reading, field, end, start) for end in ends.groups())
    query = _term_range(reading, field, low, high, start, low_open=text[0] == "{", high_open=text[-1] == "}")
    return _placed(query, start, start + len(text))


def boost_of(reading: Reading, digits: str, position: int) -> float:
    """The number after ^, which stands at ``position``."""
    if not _BOOST.fullmatch(digits):
        raise reading.error("a boost is a number, as in ^2 or ^0.5", position)
    boost = float(digits)
    if boost > reading.bounds.boost:
        raise reading.error(f"a boost may be {reading.bounds.boost:g} at most", position)
    return boost


def slop_of(reading: Reading, digits: str, position: int) -> int:
    """The number after the tilde of a phrase, which stands at ``position``."""
    slop = _number(digits) if _DIGITS.fullmatch(digits) else 0
    if not 1 <= slop <= reading.bounds.slop:
        raise reading.error(f"a phrase may be followed by ~1 to ~{reading.bounds.slop}", position)
    return slop


def _split_boost(reading: Reading, text: str, start: int) -> tuple[str, float]:
    body, _, digits = text.rpartition("^")
    if body and _BOOST.fullmatch(digits):
        return body, boost_of(reading, digits, start + len(body))
    reading.note(f"{shown(text)} holds no boost (a word, ^ and a number): read as text")
    return text, 1.0


def _split_fuzziness(reading: Reading, text: str, start: int) -> tuple[str, tuple[int, int] | None]:
    body, _, signs = text.rpartition("~")
    match = _FUZZINESS.fullmatch(signs)
    if not body or match is None or (body.isdigit() and signs.isdigit()):
        reading.note(f"{shown(text)} is no fuzzy word (a word, ~ and a number of letters): read as text")
        return text, None
    bounds, position = reading.bounds, start + len(body)
    edits = _number(match[1]) if match[1] else 1
    prefix = _number(match[2]) if match[2] else bounds.fuzzy_prefix
    if not 1 <= edits <= bounds.fuzzy_edits:
        raise reading.error(f"a fuzzy word may differ in 1 to {bounds.fuzzy_edits} letters", position)
    if not bounds.fuzzy_prefix <= prefix <= len(body):
        reason = f"a fuzzy word keeps its first {bounds.fuzzy_prefix} to {len(body)} letters"
        raise reading.error(reason, position)
    if "*" in body or "?" in body:
        raise reading.error("a word with wildcards cannot be fuzzy as well", position)
    return body, (edits, prefix)


def _fuzzy(reading: Reading, field: str, text: str, fuzziness: tuple[int, int], start: int) -> Query | None:
    terms = reading.tokens(field, text)
    if len(terms) > 1:
        reading.note(f"{shown(text)} is more than one word and cannot be fuzzy: read as text")
        return plain(reading, field, text, start)
    if not terms and not text.isalnum():
        reading.left_out(text)
        return None
    reading.count(1, start)
    edits, prefix = fuzziness
    query = FuzzyTerm(field, terms[0] if terms else text.lower(), maxdist=edits, prefixlength=prefix)
    return _placed(query, start, start + len(text))


def _pattern(reading: Reading, field: str, text: str, start: int) -> Query | None:
    """A word with stars or question marks, or several where a hyphen or the like divides it."""
    if text.count("*") + text.count("?") > reading.bounds.wildcards:
        raise reading.error(f"a word may have {reading.bounds.wildcards} wildcards at most", start)
    if "*" not in text and not any(map(str.isalnum, text)):
        reading.left_out(text)
        return None
    literals = _WILDCARDS.split(text)[::2]
    if all(len(reading.tokens(field, literal)) <= 1 for literal in literals if literal):
        return _placed(_one_pattern(reading, field, text, start), start, start + len(text))
    pieces = [piece for piece in _BETWEEN_PIECES.split(text) if piece]
    reading.note(f"{shown(text)} is more than one word: read as {shown(' AND '.join(pieces))}")
    return all_of(
        _placed(_one_pattern(reading, field, piece, start), start, start + len(text))
        if "*" in piece or "?" in piece
        else plain(reading, field, piece, start)
        for piece in pieces
    )


def _one_pattern(reading: Reading, field: str, text: str, start: int) -> Query:
    reading.count(1, start)
    parts = _WILDCARDS.split(text)
    prefix_only = len(parts) == 3 and parts[1].startswith("*") and not any(map(str.isalnum, parts[2]))
    for index, part in enumerate(parts):
        if index % 2:
            parts[index] = part[0]
        elif part:
            parts[index] = _literal(reading, field, part, whole_word=prefix_only)
    pattern = "".join(parts)
    if pattern == "*":
        return Every(field)
    return Prefix(field, pattern[:-1]) if prefix_only else Wildcard(field, pattern)


def _literal(reading: Reading, field: str, text: str, *, whole_word: bool) -> str:
    """The letters of a pattern, in the spelling of the index.

    Before a final star they may be shortened to a stem; anywhere else that would shift the letters around a wildcard.
    """
    terms = reading.tokens(field, text)
    if len(terms) == 1 and (whole_word or len(terms[0]) == len(text)):
        return terms[0]
    return "".join(filter(str.isalnum, text)).lower()


def _code_range(reading: Reading, low: str, high: str, start: int) -> Query:
    if len(low) != len(high):
        raise reading.error("the codes of a range have the same length, as in code:36901-36909", start)
    ends = [_range_end(reading, CODE_FIELD, code, start) for code in (low, high)]
    return _placed(_term_range(reading, CODE_FIELD, ends[0], ends[1], start), start, start + len(low) + 1 + len(high))


def _range_end(reading: Reading, field: str, text: str | None, start: int) -> str | None:
    if text is None:
        return None
    terms = reading.terms(field, text.strip("'"), start)
    if len(terms) != 1:
        raise reading.error(f"a range has one word at each end, and {shown(text)} is not one", start)
    return terms[0]


def _term_range(
    reading: Reading,
    field: str,
    low: str | None,
    high: str | None,
    start: int,
    *,
    low_open: bool = False,
    high_open: bool = False,
) -> Query:
    if low is None and high is None:
        return Every(field)
    if low is not None and high is not None:
        if low > high:
            raise reading.error(f"the range runs backwards: {shown(low)} comes after {shown(high)}", start)
        if low == high and (low_open or high_open):
            raise reading.error("the range is empty: a brace leaves its own end out", start)
        if low == high:
            return Term(field, low)
    return TermRange(field, low, high, low_open, high_open)


def _placed(query: Query, start: int, end: int) -> Query:
    query.startchar, query.endchar = start, end
    return query


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _number(digits: str) -> int:
    return int(min(float(digits), 1e6))  # int() alone refuses thousands of digits

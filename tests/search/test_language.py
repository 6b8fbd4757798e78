"""The query language as a user meets it: what is read, what is read kindly with a note, what is refused and where."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procsearch.corpus.errors import QueryError
from procsearch.search.language import Bounds, ParsedQuery, parse_query
from procsearch.search.language.trees import (
    And,
    AndNot,
    Every,
    FuzzyTerm,
    Not,
    NullQuery,
    Or,
    Phrase,
    Prefix,
    Query,
    Term,
    TermRange,
    Wildcard,
)

FIELDS = ("text", "risks", "steps", "code")
STOP_WORDS = frozenset({"and", "or", "the", "of"})
STEMS = {"bleeding": "bleed"}

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def tokens(field: str, text: str) -> list[str]:
    words = [word.lower() for word in re.findall(r"[^\W_]+", text)]
    return words if field == "code" else [STEMS.get(word, word) for word in words if word not in STOP_WORDS]


def parsed(text: str, bounds: Bounds = Bounds()) -> ParsedQuery:  # noqa: B008
    return parse_query(text, fields=FIELDS, default_field="text", tokens=tokens, bounds=bounds)


def tree(text: str) -> Query:
    """The tree of a query that is taken literally."""
    result = parsed(text)
    assert result.notes == ()
    return result.query


def term(text: str, field: str = "text", boost: float = 1.0) -> Query:
    return Term(field, text, boost=boost)


def words(*texts: str) -> Query:
    return Or([term(text) for text in texts])


class TestWhatIsRead:
    """Beyond what the oracle compares with Whoosh."""

    def test_bare_words_are_joined_by_or(self) -> None:
        assert tree("clot dialysis Graft") == words("clot", "dialysis", "graft")

    def test_a_word_of_several_tokens_is_a_phrase(self) -> None:
        assert tree("x-ray") == Phrase("text", ["x", "ray"])

    def test_nothing_asked_is_the_null_query(self) -> None:
        assert tree("") is NullQuery
        assert tree(" \t\n ") is NullQuery

    def test_a_range_of_codes(self) -> None:
        assert tree("code:36901-36909") == TermRange("code", "36901", "36909")
        assert tree("code:(A0021\N{EN DASH}A0999 36904)^2") == Or(
            [TermRange("code", "a0021", "a0999", boost=2.0), term("36904", "code", 2.0)]
        )
        assert tree("risks:36901-36909") == Phrase("risks", ["36901", "36909"])

    def test_ranges_phrases_every_and_fuzzy_words_take_boosts(self) -> None:
        assert tree("code:[a TO b]^2") == TermRange("code", "a", "b", boost=2.0)
        assert tree('"clot"^3') == term("clot", boost=3.0)
        assert tree("*:*^2") == Every(boost=2.0)
        assert tree("clot~^2") == FuzzyTerm("text", "clot", boost=2.0)

    def test_boosts_multiply_through_groups(self) -> None:
        assert tree("((a^2 b)^3 c)^0.5") == Or([term("a", boost=3.0), term("b", boost=1.5), term("c", boost=0.5)])
        assert tree("(a^2 ANDMAYBE b)^3 c").subqueries[0].a.boost == 6.0
        assert tree("(a ANDNOT b)^3 c").subqueries[0] == AndNot(term("a", boost=3.0), term("b"))

    def test_every_page_and_a_word_stays_a_search_for_the_word(self) -> None:
        assert tree("*:* AND clot") == And([Every(), term("clot")])

    def test_patterns_follow_the_spelling_of_the_index(self) -> None:
        assert tree("BLEEDING*") == Prefix("text", "bleed")
        assert tree("Bleeding? *bleeding") == Or([Wildcard("text", "bleeding?"), Wildcard("text", "*bleeding")])
        assert tree("The*") == Prefix("text", "the")
        assert tree("sting?r") == Wildcard("text", "sting?r")
        assert tree("***itis***") == Wildcard("text", "*itis*")

    def test_fuzzy_words_keep_their_first_letter(self) -> None:
        assert tree("Clot~") == FuzzyTerm("text", "clot", maxdist=1, prefixlength=1)
        assert tree("clot~2/3") == FuzzyTerm("text", "clot", maxdist=2, prefixlength=3)
        assert tree("the~") == FuzzyTerm("text", "the")

    def test_operators_may_touch_parentheses_and_quotes(self) -> None:
        assert tree('a AND(b OR c)AND "d e"') == And(
            [term("a"), Or([term("b"), term("c")]), Phrase("text", ["d", "e"])],
        )

    def test_not_not_is_nothing(self) -> None:
        assert tree("NOT NOT clot") == term("clot")
        assert tree("NOT clot") == Not(term("clot"))

    def test_smart_quotation_marks_are_quotation_marks(self) -> None:
        assert tree("“blood clot”~2") == Phrase("text", ["blood", "clot"], slop=2)

    @unhurried
    @given(st.lists(st.sampled_from(["clot", "vein", "x-ray", '"a b"', "risks:vein", "w?n", "pre*", "vein~"])))
    def test_every_leaf_knows_its_place(self, pieces: list[str]) -> None:
        text = "  ".join(pieces)
        for leaf in parsed(text).query.leaves():
            if leaf is not NullQuery:
                piece = text[leaf.startchar : leaf.endchar]
                assert any(piece in (whole, whole.strip('"'), whole.removeprefix("risks:")) for whole in pieces)


KINDLY = [
    ("what is a graft?", words("what", "is", "a", "graft"), "question mark"),
    ("does it hurt ?!", words("does", "it", "hurt"), "question mark"),
    ("(why?)", term("why"), "question mark"),
    ("clinicaltrials: foo", words("clinicaltrials", "foo"), '"clinicaltrials:"'),
    ("note: bring card", words("note", "bring", "card"), '"note:"'),
    ("10:30", Phrase("text", ["10", "30"]), '"10:"'),
    ("http://x", words("http", "x"), '"http:"'),
    ("cpt4:36904", words("cpt4", "36904"), '"cpt4:"'),
    ("note:(a b)", words("note", "a", "b"), '"note:"'),
    ("risks: bleed", words("risks", "bleed"), '"risks:"'),
    ("(risks:) a", words("risks", "a"), '"risks:"'),
    ("a risks:", words("a", "risks"), '"risks:"'),
    ("AND foo", term("foo"), "AND has nothing to join"),
    ("foo AND", term("foo"), "AND has nothing to join"),
    ("ANDNOT foo REQUIRE", words("andnot", "foo", "require"), "REQUIRE has nothing to join"),
    ("foo AND NOT", words("foo", "not"), "NOT has nothing to join"),
    ("OR", NullQuery, "OR has nothing to join"),
    ("foo and bar", words("foo", "bar"), "in small letters"),
    ("foo the bar", words("foo", "bar"), 'left out, nothing in it to search for: "the"'),
    ("foo AND the", term("foo"), '"the"'),
    ("NOT the", NullQuery, '"the"'),
    ("a NOT b", Or([term("a"), Not(term("b"))]), "AND NOT"),
    ("()", NullQuery, '"()"'),
    ("foo AND ()", term("foo"), '"()"'),
    ('""', NullQuery, '""'),
    ("((a b", words("a", "b"), "parenthesis is not closed"),
    ("a) b", words("a", "b"), "without its pair"),
    ('"a b', words("a", "b"), "quotation mark without its pair"),
    ('5" catheter', words("5", "catheter"), "quotation mark without its pair"),
    ('"a* b"', Phrase("text", ["a", "b"]), "star inside"),
    ("-word", term("word"), '"-" before a word'),
    ('a +"b c"', Or([term("a"), Phrase("text", ["b", "c"])]), '"+" before a word'),
    ("-risks:a", term("a", "risks"), '"-" before a word'),
    ("fish - chips", words("fish", "chips"), '"-"'),
    ("fish & chips", words("fish", "chips"), '"&"'),
    ("fish ? chips", words("fish", "chips"), '"?"'),
    ("pain \N{FACE WITH THERMOMETER}", term("pain"), "left out"),
    ("10^9/L", Phrase("text", ["10", "9", "l"]), "no boost"),
    ("^2", term("2"), "no boost"),
    ("foo^", term("foo"), "no boost"),
    ("~5 days", words("5", "days"), "no fuzzy word"),
    ("5~10 days", Or([Phrase("text", ["5", "10"]), term("days")]), "no fuzzy word"),
    ("x-ray~", Phrase("text", ["x", "ray"]), "cannot be fuzzy"),
    ("&~ a", term("a"), '"&"'),
    ("x-ra*", And([term("x"), Prefix("text", "ra")]), '"x AND ra*"'),
]

LITERALLY = [
    ("code:cpt4:36904", Phrase("code", ["cpt4", "36904"])),
    ("pain [left side]", words("pain", "left", "side")),
    ("fever, cough. rash!", words("fever", "cough", "rash")),
    ("crohn's disease", Or([Phrase("text", ["crohn", "s"]), term("disease")])),
    ("patients' rights", words("patients", "rights")),
    ("'tis", term("tis")),
]

REFUSED = [
    ("foo AND OR bar", 8, "OR follows AND"),
    ("a NOT AND b", 6, "AND follows NOT"),
    ("the ANDNOT b", 4, "on its left"),
    ("risks:[a TO b", 6, "not closed"),
    ("[a b TO c]", 0, "one word at each end"),
    ("['a b' TO c]", 0, "one word at each end"),
    ("x [b TO a]", 2, "backwards"),
    ("{a TO a]", 0, "empty"),
    ("code:36909-36901", 5, "backwards"),
    ("code:36901-9", 5, "same length"),
    ('"a b"~11', 5, "~1 to ~10"),
    ('"a b"~', 5, "~1 to ~10"),
    ('"a b"~²', 5, "~1 to ~10"),
    ("foo~3", 3, "1 to 2 letters"),
    ("foo~0", 3, "1 to 2 letters"),
    ("foo~99999999999999999999", 3, "1 to 2 letters"),
    ("foo~1/4", 3, "first 1 to 3 letters"),
    ("foo~/0", 3, "first 1 to 3 letters"),
    ("fo*o~", 4, "wildcards cannot be fuzzy"),
    ("(a b)~2", 5, "after one word or phrase"),
    ('"a b"^x', 5, "boost is a number"),
    ("(a b)^", 5, "boost is a number"),
    ("foo^1001", 3, "1000 at most"),
    ("foo^" + "9" * 500, 3, "1000 at most"),
    ("*:foo", 0, "only in *:*"),
    ("risks:*:*", 6, "only in *:*"),
    ("risks:steps:a", 6, "field follows a field"),
]


class TestWhatIsReadKindly:
    @pytest.mark.parametrize(("text", "query", "note"), KINDLY)
    def test_with_a_note(self, text: str, query: Query, note: str) -> None:
        result = parsed(text)
        assert result.query == query
        assert any(note in told for told in result.notes)

    @pytest.mark.parametrize(("text", "query"), LITERALLY)
    def test_without_a_note(self, text: str, query: Query) -> None:
        assert tree(text) == query

    def test_notes_are_told_once(self) -> None:
        assert len(parsed('-a -b "c* d" "e* f"').notes) == 2

    def test_notes_are_fit_to_print(self) -> None:
        notes = parsed("\x1b[31m: \ud800: \u202eabc: " + "x" * 500 + ":").notes
        assert notes
        for note in notes:
            assert note.isprintable()
            assert len(note) < 100
            note.encode()


class TestWhatIsRefused:
    @pytest.mark.parametrize(("text", "position", "reason"), REFUSED)
    def test_with_the_place(self, text: str, position: int, reason: str) -> None:
        with pytest.raises(QueryError, match=re.escape(reason)) as refusal:
            parsed(text)
        assert refusal.value.position == position
        assert refusal.value.query == text


class TestBounds:
    """Each bound holds where it says, and the error says the bound."""

    @pytest.mark.parametrize(
        ("bounds", "fits", "refused", "position"),
        [
            (Bounds(characters=7), "abc def", "abc defg", 7),
            (Bounds(terms=3), 'a "b c"', 'a "b c" d', 8),
            (Bounds(terms=3), "a* b~ c?d", "a* b~ c?d e*", 10),
            (Bounds(depth=3), "(((a)))", "((((a))))", 3),
            (Bounds(depth=3), "a ANDNOT b ANDNOT c ANDNOT d", "a ANDNOT b ANDNOT c ANDNOT d ANDNOT e", 2),
            (Bounds(slop=3), '"a b"~3', '"a b"~4', 5),
            (Bounds(fuzzy_edits=3), "abcde~3", "abcde~4", 5),
            (Bounds(fuzzy_prefix=2), "abcde~1/2", "abcde~1/1", 5),
            (Bounds(wildcards=2), "a*b?c", "a*b?c*", 0),
            (Bounds(boost=3), "a^3", "a^3.5", 1),
        ],
    )
    def test_each(self, bounds: Bounds, fits: str, refused: str, position: int) -> None:
        parsed(fits, bounds)
        with pytest.raises(QueryError) as refusal:
            parsed(refused, bounds)
        assert refusal.value.position == position


class TestTheManual:
    """docs/query-language.md: what it shows is so."""

    def test_what_it_shows_is_taken_literally(self) -> None:
        fields, tables = manual()
        for text in examples(tables[0]):
            assert parse_query(text, fields=fields, default_field="text", tokens=tokens).notes == (), text

    def test_what_it_calls_kind_comes_with_a_note(self) -> None:
        fields, tables = manual()
        for text in examples(tables[1]):
            assert parse_query(text, fields=fields, default_field="text", tokens=tokens).notes, text

    def test_its_bounds_are_the_bounds(self) -> None:
        _, tables = manual()
        told = [float(row.split("|")[-2].replace(",", "")) for table in tables[2:] for row in table]
        bounds = Bounds()
        assert told == [
            bounds.characters, bounds.terms, bounds.depth, bounds.slop, bounds.fuzzy_edits, bounds.wildcards,
            bounds.boost, bounds.all_expansions, bounds.occurrences, bounds.filter_values, bounds.window,
            bounds.expansions, bounds.corrections,
            bounds.compounds,
        ]  # fmt: skip


def manual() -> tuple[set[str], list[list[str]]]:
    """The fields that the manual names, and the rows of its tables."""
    text = (Path(__file__).parents[2] / "docs" / "query-language.md").read_text(encoding="utf-8")
    paragraph = text.partition("**Sections and fields**")[2].partition("\n\n")[0]
    tables = [part.splitlines()[1:] for part in re.findall(r"^\| ---.*\n(?:\|.*\n)+", text, re.MULTILINE)]
    return set(re.findall(r"\w+", paragraph)), tables


def examples(rows: list[str]) -> list[str]:
    found = [text for row in rows for text in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
    assert len(found) > 10
    return found


BOUNDLESS = Bounds(characters=10**7, terms=10**7)

HOSTILE = {
    "a word of a megabyte": "x" * 10**6,
    "quotes": '"' * 90_000,
    "single quotes": "'" * 90_000,
    "opened single quotes": " 'x" * 90_000,
    "parentheses": "(" * 987,
    "closed parentheses": "(" * 987 + ")" * 987,
    "closing parentheses": ")" * 90_000,
    "brackets": "[" * 90_000,
    "ranges": "[a TO " * 90_000,
    "braces": "{}" * 90_000,
    "fuzzy": "a~99",
    "tildes": "~" * 90_000,
    "boosts": "^" * 90_000,
    "boost digits": "a^" + "1" * 90_000,
    "stars": "*" * 90_000,
    "question marks": "?" * 90_000 + "a",
    "colons": ":" * 90_000,
    "names": "_:" * 90_000,
    "fields": "risks:" * 90_000,
    "numbered names": "1:" * 90_000,
    "signs": "-+" * 90_000,
    "NOT": "NOT " * 90_000 + "a",
    "AND": "AND " * 90_000,
    "nulls": "\0" * 90_000,
    "right-to-left marks": "\u202e\u200f" * 45_000,
    "lone surrogates": "\ud800\udfff" * 45_000,
    "line ends": "\r\n\u2028" * 30_000 + "a",
    "spaces in a range": "[a TO" + " " * 90_000 + "b c]",
}


def holds(text: str, bounds: Bounds = Bounds()) -> None:  # noqa: B008
    try:
        result = parsed(text, bounds)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert error.reason
        return
    assert isinstance(result.query, Query)
    hash(result.query)  # walks through the whole tree


class TestHostileStrings:
    """Each is an answer or a ``QueryError`` with a place in the text, nothing else, and in linear time."""

    @pytest.mark.parametrize("name", HOSTILE)
    @pytest.mark.parametrize("bounds", [Bounds(), BOUNDLESS], ids=["bounded", "boundless"])
    def test_the_known_ones(self, name: str, bounds: Bounds) -> None:
        holds(HOSTILE[name], bounds)

    @unhurried
    @given(st.text(st.characters(exclude_categories=()), max_size=60))
    def test_any_text(self, text: str) -> None:
        holds(text)

    @unhurried
    @given(st.lists(st.sampled_from([*"\"()[]{}^~*?:-+'/& \n0aé\0\ud800", "AND ", " OR", "NOT", "risks:", "TO", "2"])))
    def test_any_signs(self, pieces: list[str]) -> None:
        holds("".join(pieces))

    def test_mutations_of_sane_queries(self) -> None:
        seed = random.randrange(sys.maxsize)
        for text in mutations(seed, 10_000):
            try:
                holds(text)
            except Exception as failure:
                failure.add_note(f"the text is {text!r}, of seed {seed}")
                raise


SANE = [
    "clot in dialysis graft",
    'risks:"blood clot"~3 AND (steps:graft* OR vein~2/2)^2.5',
    "code:36901-36909 OR code:[36901 TO 36909} NOT x-ray",
    "a ANDNOT b ANDMAYBE (c REQUIRE 'd e') *:* w?ld*",
    "what is “angioplasty”? http://x.y 10:30",
]


def mutations(seed: int, count: int) -> list[str]:
    """Sane queries, each with a few letters or stretches removed, doubled, swapped or put in."""
    chance = random.Random(seed)
    signs = [*"\"()[]{}^~*?:-+'/ \0é", " AND ", " NOT ", "risks:", "TO", "~9", "^0"]
    mutated = []
    for _ in range(count):
        text = chance.choice(SANE)
        for _ in range(chance.randint(1, 6)):
            low, high = sorted(chance.randrange(len(text) + 1) for _ in range(2))
            change = chance.randrange(4)
            if change == 0:
                text = text[:low] + chance.choice(signs) + text[low:]
            elif change == 1:
                text = text[:low] + text[min(high, low + 8) :]
            elif change == 2:
                text = text[:high] + text[low:]
            else:
                text = text[:low] + text[low:high][::-1] + text[high:]
        mutated.append(text)
    return mutated

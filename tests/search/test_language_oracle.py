"""Whoosh's own parser is the oracle: on sane strings both make the same tree.

The strings are made from a grammar. Left out of it is what the two read differently on purpose: a field or question
mark in a place where a user means text, boosts where Whoosh drops or overwrites them, operators without operands.
"""

from __future__ import annotations

import warnings

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procsearch.search.language import Bounds, parse_query

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from whoosh.analysis import LowercaseFilter, RegexTokenizer, StopFilter
    from whoosh.fields import TEXT, Schema
    from whoosh.qparser import FuzzyTermPlugin, OrGroup, QueryParser
    from whoosh.query import Query

FIELDS = ("text", "risks", "steps")
ANALYZER = RegexTokenizer(r"[^\W_]+") | LowercaseFilter() | StopFilter(["the", "of"], minsize=1)
SCHEMA = Schema(**{name: TEXT(analyzer=ANALYZER, multitoken_query="phrase") for name in FIELDS})
ROOMY = Bounds(characters=100_000, terms=10_000, depth=100, fuzzy_prefix=0)

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def tokens(field: str, text: str) -> list[str]:
    return [token.text for token in SCHEMA[field].analyzer(text, mode="query")]


def ours(text: str) -> Query:
    return parse_query(text, fields=FIELDS, default_field="text", tokens=tokens, bounds=ROOMY).query


def whooshs(text: str) -> Query:
    parser = QueryParser("text", SCHEMA, group=OrGroup)
    parser.add_plugin(FuzzyTermPlugin())
    return parser.parse(text)


simple_words = st.sampled_from(["clot", "graft", "Dialysis", "vein", "36904", "a", "Ärzte", "to", "andes"])
stop_words = st.sampled_from(["of", "the", "The"])
joined_words = st.sampled_from(["x-ray", "crohn's", "CT/MRI", "0.5", "end-to-end", "post_op", "vein,", "vein."])
plain_words = simple_words | joined_words
prefixes = st.sampled_from(["thromb*", "X*", "angio*", "3690*"])
wildcards = st.sampled_from(["v?in", "*itis", "w*ld", "ca?het?r", "*ecto*", "?lot*"])
fuzzies = st.builds(
    "{}~{}{}".format,
    st.sampled_from(["clot", "Graft", "dialysis"]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "/1", "/3"]),
)
phrases = st.builds(
    '"{}"{}'.format,
    st.lists(plain_words, min_size=2, max_size=4).map(" ".join),
    st.sampled_from(["", "~1", "~3", "~10"]),
)
single_quoted = st.lists(simple_words, min_size=1, max_size=3).map(lambda words: f"'{' '.join(words)}'")
ranges = st.builds(
    "{}{}TO{}{}".format,
    st.sampled_from("[{"),
    st.sampled_from(["", "apple ", "b ", "'c' ", "36901 "]),
    st.sampled_from(["", " x", " 'y'", " zebra"]),
    st.sampled_from("]}"),
)
boosts = st.sampled_from(["^2", "^0.5", "^.25", "^10"])
unboosted = plain_words | prefixes | wildcards | fuzzies | phrases | single_quoted
boostable = plain_words | prefixes | wildcards | phrases
with_stops = unboosted | stop_words | st.just('"of the clot"') | st.just('"the"')
fields = st.sampled_from(["", "", "risks:", "steps:", "text:"])
spaces = st.sampled_from([" ", "  ", "\t"])
infix = st.sampled_from(["AND", "OR", "ANDNOT", "ANDMAYBE", "REQUIRE"])


def fielded(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(str.__add__, fields, leaves)


def groups_of(parts: st.SearchStrategy[str], operators: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Parts side by side or joined by operators, NOT before some."""
    negated = st.builds("NOT {}".format, parts)
    joined = st.builds("{} {} {}".format, parts | negated, operators, parts | negated)
    chain = st.builds("{} {} {} {} {}".format, parts, operators, parts, operators, parts | negated)
    return st.lists(parts | joined | chain, min_size=1, max_size=4).flatmap(
        lambda texts: spaces.map(lambda space: space.join(texts))
    )


def nested(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return fielded(groups_of(parts, infix).map("({})".format))


queries = groups_of(st.recursive(fielded(unboosted), nested, max_leaves=8), infix)
boosted_queries = groups_of(
    st.builds(str.__add__, fielded(boostable), boosts) | fielded(boostable), st.sampled_from(["AND", "OR"])
)


class TestTheTreesAreWhooshs:
    @unhurried
    @given(st.lists(fielded(with_stops), min_size=1, max_size=6).map(" ".join))
    def test_words_side_by_side(self, text: str) -> None:
        assert ours(text) == whooshs(text)

    @unhurried
    @given(groups_of(fielded(with_stops), st.sampled_from(["AND", "OR"])))
    def test_stop_words_among_operators(self, text: str) -> None:
        assert ours(text) == whooshs(text)

    @unhurried
    @given(fielded(ranges), fielded(unboosted), st.sampled_from([" ", " AND ", " OR ", " ANDNOT "]))
    def test_a_range_beside_a_word(self, span: str, word: str, between: str) -> None:
        text = f"{word}{between}{span}"
        assert ours(text).normalize() == whooshs(text)

    @unhurried
    @given(queries)
    def test_operators_and_groups(self, text: str) -> None:
        assert ours(text) == whooshs(text)

    @unhurried
    @given(boosted_queries)
    def test_boosts(self, text: str) -> None:
        assert ours(text) == whooshs(text)

    @unhurried
    @given(st.lists(fielded(boostable), min_size=2, max_size=4).map(" ".join), boosts, fields)
    def test_a_boosted_group(self, text: str, boost: str, field: str) -> None:
        text = f"clot {field}({text}){boost}"
        assert ours(text) == whooshs(text)

    @unhurried
    @given(fielded(ranges))
    def test_a_range(self, text: str) -> None:
        assert ours(text) == whooshs(text)

    @unhurried
    @given(st.sampled_from(["*:*", "*", "risks:*", "  *:*  ", "(*:*)", "risks:(*)"]))
    def test_every(self, text: str) -> None:
        assert ours(text) == whooshs(text)

    @unhurried
    @given(queries)
    def test_the_trees_are_normalised(self, text: str) -> None:
        assert ours(text).normalize() == ours(text)

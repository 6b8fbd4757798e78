"""Random query trees of every kind of node that the evaluator knows."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from procsearch.indexer.analysis import fold
from procsearch.indexer.fields import ALL, FIELD_NUMBERS, FIELDS, NAMING
from procsearch.search.language import trees as q
from procsearch.search.words import InParts, Variant, Word
from tests.indexer.histories import CODES, SYSTEMS, VOCABULARY

terms = st.sampled_from([*map(fold, VOCABULARY), "absent", *(str(v).lower() for v in (*CODES, *SYSTEMS) if v)])
text_fields = st.sampled_from([ALL, ALL, ALL, *(field.name for field in FIELDS if not field.keyword)])
fields = st.sampled_from([ALL] * 6 + list(FIELD_NUMBERS))
boosts = st.sampled_from((1.0, 1.0, 1.0, 0.5, 2.0, 7.25))
edges = st.none() | terms | st.sampled_from(["", "a", "c", "clo", "ж", "zz"])


def _word(field: str, text: str, others: dict[str, float], boost: float) -> Word:
    others.pop(text, None)
    variants = (Variant(text, 1.0, "exact"), *(Variant(term, weight, "stem") for term, weight in others.items()))
    return Word(field, text, variants, boost)


word_nodes = st.builds(q.Term, fields, terms, boost=boosts) | st.builds(
    _word, fields, terms, st.dictionaries(terms, st.sampled_from((0.9, 0.5)), max_size=3), boosts
)
parts = st.builds(
    lambda words: InParts("compound", words, 1.0),
    st.lists(
        st.builds(_word, st.just(NAMING), terms, st.dictionaries(terms, st.sampled_from((0.9, 0.5)), max_size=3),
                  st.just(1.0)),
        min_size=1, max_size=4,
    ),
)  # fmt: skip
"""Clinical words by their parts. They are told from each other by the clinical word alone: one of them to an index."""

leaves = (
    word_nodes
    | st.builds(q.Phrase, text_fields, st.lists(terms, min_size=2, max_size=4), slop=st.integers(1, 4), boost=boosts)
    | st.builds(q.Prefix, fields, st.sampled_from(["c", "clo", "3", "жил", "a00", "arz", "q"]), boost=boosts)
    | st.builds(q.Wildcard, fields, st.sampled_from(["c*t", "*ing", "?ein*", "*", "5?.4", "жил?", "*e*r*"]))
    | st.builds(
        lambda field, text, edits, prefix: q.FuzzyTerm(field, text, maxdist=edits, prefixlength=min(prefix, len(text))),
        fields, terms, st.integers(0, 2), st.integers(0, 3),
    )
    | st.builds(q.TermRange, fields, edges, edges, st.booleans(), st.booleans())
    | st.builds(q.Every, st.none() | fields, boost=boosts)
)  # fmt: skip


def _compound(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=1, max_size=3)
    negated = st.builds(q.Not, parts)
    return (
        st.builds(q.Or, several, boost=boosts)
        | st.builds(lambda wanted, unwanted: q.And([*wanted, *unwanted]), several, st.lists(negated, max_size=1))
        | st.builds(q.And, st.lists(negated, min_size=1, max_size=2))
        | negated
        | st.builds(q.AndNot, parts, parts)
        | st.builds(q.AndMaybe, parts, parts)
        | st.builds(q.Require, parts, parts)
        | st.builds(q.DisjunctionMax, several, boost=boosts, tiebreak=st.sampled_from((0.0, 0.3)))
        | st.builds(q.ConstantScoreQuery, parts, st.sampled_from((0.5, 1.0, 3.0)))
    )


queries = st.recursive(leaves, _compound, max_leaves=8)

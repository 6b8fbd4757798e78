"""The numbers that ranking goes by, in one place.

``python -m benchmarks.fitting`` fits those that are not the sections': on the judged queries of SciFact, NFCorpus,
MED, ICD-9 titles to ICD-10-PCS tables (pcs) and the sample pages, in five parts, each tried with what the others gave.
But for the sample pages these collections have names and one text only, so the weights of sections are a judgement.
"""

from __future__ import annotations

FIELD_WEIGHTS = {
    "name": (4.0, 0.5),
    "common_names": (3.0, 0.5),
    "medical_terms": (3.0, 0.5),
    "descriptor": (3.0, 0.5),
    "summary": (1.5, 0.75),
    "purpose": (1.3, 0.75),
    "indications": (1.3, 0.75),
    "preparation": (1.0, 0.75),
    "steps": (1.0, 0.75),
    "duration": (1.0, 0.75),
    "setting": (1.0, 0.75),
    "personnel": (1.0, 0.75),
    "risks": (1.0, 0.75),
    "benefits": (1.0, 0.75),
    "recovery": (1.0, 0.75),
    "alternatives": (0.8, 0.75),
    "experience": (0.8, 0.75),
    "other": (0.6, 0.75),
    "code": (8.0, 0.0),
    "system": (0.3, 0.0),
    "similar_codes": (0.0, 0.0),
}
"""What each field counts in BM25F and how far its length is evened out (b, 0 to 1).

Similar codes count nothing for bare words: a page is not about what it is like.
"""

K1 = 2.2
"""How fast more occurrences of a word stop counting (BM25F)."""

K3 = 0.85
"""How fast more occurrences of a word in a query of plain words stop counting (BM25)."""

STEM_WEIGHT = 0.65
"""What an inflection of a word counts beside the word itself."""

LATIN_WEIGHT = 0.4
"""What a noun counts for its adjective, or its plural, where they share no more than a stem in Latin."""

SPELLING_WEIGHT = 0.55
"""What a British spelling counts for the American one, and the other way round."""

SYNONYM_WEIGHT = 0.4
"""What a synonym of a single word counts beside the word itself, times the weight of its entry."""

TERM_WEIGHT = 0.3
"""What a term of several words counts as a whole, beside its words."""

TERM_SYNONYM_WEIGHT = 0.6
"""What a synonym of a term of several words counts beside the term as written, times the weight of its entry."""

OPERATION_WEIGHT = 1.0
"""What a page counts with what a code system calls an operation, for each word of the name that the query gives it."""

PARTS_WEIGHT = 0.8
"""What a page with the plain words for all parts of a clinical word counts beside one with the word."""

ONE_WORD_WEIGHT = 0.4
"""What a clinical word counts that says two words of the query in one, beside those words."""

PAIR_WEIGHT = 0.05
"""What two words of a long query count for standing side by side, beside each of them."""

PAIRS_FROM, PAIRS_TO = 6, 30
"""In queries of how many telling words, at least and at most, words side by side count: in short ones all words do."""

COVERAGE_WEIGHT = 1.0
"""What having all words of a query counts, beside what the rarest of words counts at most."""

COVERAGE_WORDS = 4
"""In queries of how many telling words, at most, having all of them counts."""

CODE_WEIGHT = 3.0
"""What the page with a code counts that a query names, beside the pages that hold it as a word."""

SECTION_WORDS_WEIGHT = 0.8
"""What the words of a section count beside the words that ask for one, in choosing the section of a hit."""

CORRECTED_WEIGHT = 0.6
"""What the likely word counts beside the word as typed."""

MEANING_WEIGHT = 2.0
"""What the nearness of a page to the meaning of a query (0 to 1) counts beside the best lexical score."""

LEADING_PAGES = 2
"""How many of the best pages lead the vector of a query towards them."""

LEADING_WEIGHT = 0.7
"""How far, beside the length of the query's own vector."""

NEAREST_PAGES = 100
"""How many pages, at most, are found by their meaning alone."""

NEAR = 0.25
"""How near these are at least."""

"""The numbers that ranking goes by, fitted by ``benchmarks/relevance.py`` (see there for the collections)."""

from __future__ import annotations

K1 = 2.0
"""How fast more occurrences of a word stop counting (BM25F)."""

STEM_WEIGHT = 0.8
"""What an inflection of a word counts beside the word itself."""

LATIN_WEIGHT = 0.4
"""What a noun counts for its adjective, or its plural, where they share no more than a stem in Latin."""

SPELLING_WEIGHT = 0.9
"""What a British spelling counts for the American one, and the other way round."""

SYNONYM_WEIGHT = 0.4
"""What a synonym of a single word counts beside the word itself, times the weight of its entry."""

TERM_WEIGHT = 0.4
"""What a term of several words counts as a whole, beside its words."""

TERM_SYNONYM_WEIGHT = 0.6
"""What a synonym of a term of several words counts beside the term as written, times the weight of its entry."""

PARTS_WEIGHT = 0.8
"""What a page with the plain words for all parts of a clinical word counts beside one with the word."""

ONE_WORD_WEIGHT = 0.4
"""What a clinical word counts that says two words of the query in one, beside those words."""

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

"""What the help page says of the query language: examples, each of which is a query that works."""

from __future__ import annotations

EXAMPLES = ("kidney stone", '"informed consent"', "risks:bleeding", "thromb*")
"""Shown beside the empty search box."""

TOPICS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Words and phrases", (
        ("clot in dialysis graft", "Pages with any of the words; those with more of them come first."),
        ('"blood clot"', "The words side by side, in this order."),
        ('"clot graft"~3', "In this order, at most three words on from one to the next."),
    )),
    ("One section", (
        ("risks:bleeding", "The word in one section only."),
        ("recovery:(driving stairs)", "Any of several words in one section."),
        ("preparation:*", "Pages that have the section at all."),
    )),
    ("Together, either, without", (
        ("clot AND graft", "Both words. Operators are written in capitals."),
        ("(clot OR stenosis) AND graft", "Parentheses say what belongs together."),
        ("clot AND NOT graft", "The first word, but no page with the second."),
        ("clot ANDMAYBE graft", "The first word; pages with the second too come higher."),
    )),
    ("Unsure of a word", (
        ("thromb*", "Words that begin so."),
        ("an?ioplasty", "One letter unknown."),
        ("nefrostomy~", "Words that differ in one letter; ~2 for two."),
    )),
    ("Codes", (
        ("36904", "A code, in any usual form; its page comes first."),
        ("code:36901-36909", "All codes from the first to the last."),
    )),
    ("Weight", (
        ("graft^3 vein", "A word that counts three times."),
    )),
)  # fmt: skip
"""Headings, each with its examples and what they do."""

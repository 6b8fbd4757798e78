"""Over random small indexes: a tighter match comes before a looser one, a page with every word before one without."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from .built import build, found, page

SAID = {
    "transplant": ("transplant", "transplants", "grafting"),
    "kidney": ("kidney", "kidneys", "renal"),
    "tumor": ("tumor", "tumors", "tumour"),
    "womb": ("womb", "wombs", "uterus"),
    "pacemaker": ("pacemaker", "pacemakers"),
    "gullet": ("gullet", "gullets", "esophagus"),
    "nephrectomy": ("nephrectomy", "nephrectomies"),
    "swelling": ("swelling", "swellings", "edema"),
}
"""What pages may say for a word of a query, the tightest first: itself, an inflection, another word for it."""

FILLER = "the team tells what is done and then answers every question about it at length".split()
KINDS = ("summary", "steps", "risks", "recovery", "alternatives")
SEEDS = st.integers(0, 2**32 - 1)

queries = st.lists(st.sampled_from(sorted(SAID)), min_size=1, max_size=4, unique=True)
few_words = st.lists(st.sampled_from(sorted(SAID)), min_size=2, max_size=4, unique=True)


def text(draw: random.Random, said: list[str]) -> str:
    """Some filler with the words ``said`` in it, at places drawn by lot."""
    words = draw.choices(FILLER, k=draw.randrange(4, 25))
    for word in said:
        words.insert(draw.randrange(len(words) + 1), word)
    return " ".join(words)


def background(draw: random.Random, count: int) -> dict[str, dict[str, Any]]:
    """Pages that make some words frequent and others rare."""
    forms = [form for said in SAID.values() for form in said]
    return {
        f"m{number}": page(text(draw, draw.sample(forms, draw.randrange(2))),
                           summary=text(draw, draw.sample(forms, draw.randrange(4))))
        for number in range(count)
    }  # fmt: skip


@settings(max_examples=40, deadline=None)
@example(["transplant", "kidney"], 160)  # a term of the vocabulary whose words stand the other way round
@given(queries, SEEDS)
def test_a_looser_match_never_lifts_a_page_over_a_tighter_one(query: list[str], seed: int) -> None:
    draw = random.Random(seed)
    changed = draw.choice(query)
    occurrences, rest = draw.randrange(1, 4), [draw.choice(SAID[word]) for word in query if word != changed]
    field, tell = draw.choice(("name", *KINDS)), ["\0"] * occurrences + rest
    draft = text(draw, tell)

    def saying(form: str) -> dict[str, Any]:
        told = draft.replace("\0", form)
        return page(told) if field == "name" else page("Care", **{field: told})

    # Ids the other way round, so that a tie would show.
    pages = {chr(122 - tier): saying(form) for tier, form in enumerate(SAID[changed])}
    with tempfile.TemporaryDirectory() as folder:
        index = build(Path(folder), {**background(draw, draw.randrange(12)), **pages})
        ids = [id for id in (hit.id for hit in index.search(" ".join(query), limit=100).hits) if id in pages]
        assert ids == list(pages), {id: index.explain(" ".join(query), id).to_json() for id in pages}


@settings(max_examples=40, deadline=None)
@given(few_words, SEEDS)
def test_a_page_with_every_word_comes_before_pages_with_one_of_them(query: list[str], seed: int) -> None:
    draw = random.Random(seed)
    forms = [draw.choice(SAID[word]) for word in query]
    every = page("Care", **{kind: text(draw, [form]) for kind, form in zip(KINDS, forms, strict=False)})
    often = {}
    for place, word in enumerate(query):
        words = " ".join([word] * draw.randrange(1, 30))
        often[f"a{place}"] = page(words, **dict.fromkeys(draw.sample(KINDS, draw.randrange(4)), words))
    with tempfile.TemporaryDirectory() as folder:
        index = build(Path(folder), {**often, "z": every})
        assert found(index, " ".join(query))[0] == "z"


SYSTEMS = {
    "CPT4": ("CPT {}", "cpt {}", "CPT4 {}", "CPT4-{}", "CPT code {}", "{}-59", "{}-LT"),
    "HCPCS": ("HCPCS {}", "hcpcs code {}", "hcpcs-{}"),
    "ICD10PCS": ("ICD-10-PCS {}", "ICD10PCS {}", "icd-10-pcs:{}"),
}
"""Code systems, and how their codes are written besides the ways that all are."""

FORMS = ("{}", "code {}", "code:{}", "{system}:{}", "{}?", "what is {}", "({})", "clot {}", "{} clot removal")
DIGITS, LETTERS = "0123456789", "ABCDEFGHJKLMNPQRSTUVWXYZ"


def code_of(system: str, draw: random.Random) -> str:
    """A code as the system forms them."""
    if system == "CPT4":
        return "".join(draw.choices(DIGITS, k=5))
    if system == "HCPCS":
        return draw.choice(LETTERS) + "".join(draw.choices(DIGITS, k=4))
    return draw.choice(DIGITS) + "".join(draw.choices(DIGITS + LETTERS, k=6))


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_the_page_of_a_code_is_first_in_every_form(seed: int) -> None:
    draw = random.Random(seed)
    codes = {code: system for system in SYSTEMS for code in (code_of(system, draw) for _ in range(4))}
    pages = {}
    for code, system in codes.items():
        others = draw.choices([other for other in codes if other != code], k=draw.randrange(1, 9))
        pages[f"{system.lower()}:{code}"] = page(
            f"Clot removal {' '.join(others)}", code=code, system=system, summary=f"Like {', '.join(others)}. A clot."
        )
    with tempfile.TemporaryDirectory() as folder:
        index = build(Path(folder), pages)
        for code, system in codes.items():
            for form in (*FORMS, *SYSTEMS[system]):
                query = form.format(draw.choice((code, code.lower())), system=draw.choice((system, system.lower())))
                results = index.search(query)
                assert results.hits[0].id == f"{system.lower()}:{code}", query
                assert results.corrected is None
            beginning = code[: draw.randrange(2, len(code))]
            begun = {id for id in pages if id.partition(":")[2].startswith(beginning)}
            assert set(found(index, f"code:{beginning.lower()}*")) == begun
            in_system = {id for id in begun if id.startswith(system.lower())}
            assert set(found(index, f"{system.lower()}:{beginning}*")) == in_system
        low, high = sorted(code for code, system in codes.items() if system == "CPT4")[:2]
        between = {f"{system.lower()}:{code}" for code, system in codes.items() if low <= code <= high}
        assert set(found(index, f"code:{low}-{high}")) == between
        assert set(found(index, f"cpt4:{low}-{high}")) == {id for id in between if id.startswith("cpt4")}

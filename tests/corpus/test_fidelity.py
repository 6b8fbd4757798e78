"""The measure of parsing: known procedures, rendered into every shape, must come back."""

from __future__ import annotations

import re
from collections import Counter
from random import Random
from statistics import mean

import pytest

from procsearch.corpus.parse import parse_page
from procsearch.corpus.procedure import Procedure
from tests.corpus.shaped_pages import HTML_SHAPES, NEEDS_OTHER_WORDINGS, NOISE, TEXT_SHAPES, html_page, text_page
from tests.corpus.truths import KINDS, Truth, make_truth

FLOOR = 0.98
PAGES_PER_SHAPE = 12
MEASURES = ("text", "items", "names", "codes")


def tokens(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))


def f1(expected: Counter[str], found: Counter[str]) -> float:
    common = sum((expected & found).values())
    total = sum(expected.values()) + sum(found.values())
    return 2 * common / total if total else 1.0


def measure(truth: Truth, procedure: Procedure) -> dict[str, float]:
    """How much of the truth the procedure holds, each figure from 0 to 1."""
    found = {section.kind: section.text.split("\n") for section in procedure.sections}
    expected = dict(truth.sections)
    if truth.other:
        expected["other"] = truth.other[1]
    kinds = [kind for kind in (*KINDS, "other") if kind in expected or kind in found]
    similar = {(entry.system, entry.code, entry.descriptor) for entry in procedure.similar_codes}
    return {
        "text": mean(f1(tokens(" ".join(expected.get(k, ()))), tokens(" ".join(found.get(k, ())))) for k in kinds),
        "items": mean(len(expected.get(k, ())) == len(found.get(k, ())) for k in kinds),
        "names": mean(
            [
                procedure.name == truth.name,
                procedure.descriptor == truth.descriptor,
                list(procedure.common_names) == truth.common_names,
                list(procedure.medical_terms) == truth.medical_terms,
            ]
        ),
        "codes": mean(
            [
                procedure.id == f"{truth.system.lower()}:{truth.code}",
                procedure.system == truth.system,
                similar == set(truth.similar),
            ]
        ),
    }


def pages(shape: str) -> list[tuple[Truth, Procedure]]:
    make = html_page if shape in HTML_SHAPES else text_page
    found = []
    for seed in range(PAGES_PER_SHAPE):
        rng = Random(f"{shape} {seed}")
        truth = make_truth(rng, other_wordings=shape in NEEDS_OTHER_WORDINGS)
        page = make(shape, truth, rng)
        procedure = parse_page(page.data, page.source, url=page.url, content_type=page.content_type)
        found.append((truth, procedure))
    return found


SHAPES = [*HTML_SHAPES, *TEXT_SHAPES]


@pytest.fixture(scope="module")
def parsed() -> dict[str, list[tuple[Truth, Procedure]]]:
    return {shape: pages(shape) for shape in SHAPES}


def test_pages_come_back_whole(parsed: dict[str, list[tuple[Truth, Procedure]]]) -> None:
    table = {}
    for shape, found in parsed.items():
        figures = [measure(truth, procedure) for truth, procedure in found]
        table[shape] = {name: mean(figure[name] for figure in figures) for name in MEASURES}
    overall = {name: mean(row[name] for row in table.values()) for name in MEASURES}
    lines = [f"{shape:40}" + "".join(f"{row[name]:8.3f}" for name in MEASURES) for shape, row in table.items()]
    report = "\n".join([" " * 42 + "".join(f"{name:>8}" for name in MEASURES), *lines])
    assert min(overall.values()) >= FLOOR, f"{overall}\n{report}"
    assert min(min(row.values()) for row in table.values()) >= 0.9, f"one shape falls behind\n{report}"


def test_nothing_around_the_page_leaks_into_it(parsed: dict[str, list[tuple[Truth, Procedure]]]) -> None:
    leaks = {
        (shape, word): str(procedure.to_json())[max(0, at - 60) : at + 40]
        for shape, found in parsed.items()
        for _, procedure in found
        for word in NOISE
        if (at := str(procedure.to_json()).lower().find(word)) >= 0
    }
    assert not leaks


def test_there_are_shapes_enough() -> None:
    assert len(SHAPES) >= 24

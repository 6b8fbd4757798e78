"""Operations, devices and medicines by the names that people use, among pages in the words of code systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from procsearch.search.index import Index

from .built import build, found, page

NAMES = {
    "carotid": "Extirpation of Matter from Right Common Carotid Artery, Open Approach",
    "carotid body": "Extirpation of Matter from Left Carotid Body, Open Approach",
    "gallbladder": "Resection of Gallbladder, Open Approach",
    "gallbladder drain": "Removal of Drainage Device from Gallbladder, Open Approach",
    "kidney": "Resection of Left Kidney, Open Approach",
    "kidney drain": "Removal of Drainage Device from Kidney, Open Approach",
    "prostate": "Excision of Prostate, Via Natural or Artificial Opening",
    "prostate open": "Drainage of Prostate, Open Approach",
    "knee": "Replacement of Right Knee Joint with Synthetic Substitute, Open Approach",
    "socket": "Replacement, socket, below knee, molded to patient model",
    "valve": "Replacement of Aortic Valve with Synthetic Substitute, Open Approach",
    "tubes": "Occlusion of Bilateral Fallopian Tubes, Open Approach",
    "gloves": "Gloves, sterile, per pair",
    "endometrium": "Extraction of Endometrium, Via Natural or Artificial Opening",
    "liver": "Excision of Liver, Percutaneous Approach, Diagnostic",
    "liver whole": "Excision of Liver, Percutaneous Approach",
    "needle": "Powered bone marrow biopsy needle",
    "back": "Thoracic-lumbar-sacral-orthosis (tlso), inclusive of furnishing initial orthosis only",
    "shoe": "Orthopedic footwear, woman's shoe, oxford, used as an integral part of a brace (orthosis)",
    "adalimumab": "Injection, adalimumab, 20 mg",
    "humeral": "Release Right Humeral Head, Open Approach",
    "septum": "Repair Nasal Septum, Open Approach",
    "stomach": "Bypass Stomach to Jejunum, Open Approach",
    "stomach vein": "Bypass Gastric Vein to Lower Vein, Open Approach",
    "coronary": "Bypass Coronary Artery, One Artery from Coronary Artery, Open Approach",
    "heart failure": "Procedure for heart failure; implantation of interatrial shunt, a bypass of the atrial septum",
    "sheath": "Prosthetic sheath, below knee, each",
    "meniscus": "Excision of Right Knee Joint, Open Approach",
    "dedicated": "Receiver (monitor), dedicated, for use with therapeutic glucose continuous monitor system",
}  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return build(tmp_path_factory.mktemp("codes"), {id: page(name) for id, name in NAMES.items()})


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("carotid endarterectomy", "carotid"),
        ("gallbladder removal", "gallbladder"),
        ("take out my kidney", "kidney"),
        ("kidney removal", "kidney"),
        ("TURP", "prostate"),
        ("knee replacement", "knee"),
        ("TKA", "knee"),
        ("AVR", "valve"),
        ("tying tubes", "tubes"),
        ("tubal ligation", "tubes"),
        ("D&C", "endometrium"),
        ("liver biopsy", "liver"),
        ("back brace", "back"),
        ("humira", "adalimumab"),
        ("deviated septum", "septum"),
        ("gastric bypass", "stomach"),
        ("heart bypass", "coronary"),
        ("coronary artery bypass", "coronary"),
        ("artificial knee", "knee"),
        ("meniscectomy", "meniscus"),
    ],
)
def test_what_people_call_it_comes_first(index: Index, query: str, best: str) -> None:
    assert found(index, query)[0] == best


def test_what_answers_in_other_words_says_so_and_is_marked(index: Index) -> None:
    """Also where other words stand amid it: the knee joint is the right one."""
    hit = index.search("TKA").hits[0]
    assert hit.match == "synonym"
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["Replacement", "Knee", "Joint"]


def test_words_of_medicine_are_not_corrected(index: Index) -> None:
    """No page has them; the vocabulary does, if only amid longer terms."""
    for query in ("deviated septum", "humira", "burr hole"):
        assert index.search(query).corrected is None
    assert index.search("dedicatd receiver").corrected == "dedicated receiver"


@pytest.mark.parametrize("query", ["b12", "B-12", "vitamin b12"])
def test_a_letter_and_a_number_are_found_with_and_without_a_hyphen(tmp_path: Path, query: str) -> None:
    names = {"with": "Vitamin B-12 injection", "without": "Injection of vitamin B12", "other": "Vitamin B17"}
    index = build(tmp_path, {id: page(name) for id, name in names.items()})
    assert set(found(index, query)[:2]) == {"with", "without"}

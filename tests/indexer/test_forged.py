"""Files whose checksums fit and whose content no writer wrote: each part of it that reading relies on is looked at."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from procsearch.corpus.errors import DamagedIndex
from procsearch.corpus.procedure import Procedure, Section
from procsearch.indexer.arrays import ArrayFile, write_arrays
from procsearch.indexer.check import check
from procsearch.indexer.files import FileRecord
from procsearch.indexer.manifest import read_manifest
from procsearch.indexer.segment import Segment
from procsearch.indexer.snapshot import open_snapshot
from procsearch.indexer.storage import Storage
from procsearch.indexer.stored import Packer
from procsearch.indexer.strings import pack_strings
from procsearch.indexer.vectors import Model
from procsearch.indexer.writer import IndexWriter
from procsearch.search.index import open_index
from procsearch.search.lexicon import fitting, near

from .histories import Commit, apply, make_procedure

Arrays = dict[str, np.ndarray[Any, Any]]
Question = Callable[[Segment], Any]

pytestmark = pytest.mark.damages

LONG = "clot " + "vein " * 70_000 + "clot"
"""A text whose last word's position takes four bytes."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A segment of twenty pages, of which one is deleted."""
    folder = tmp_path_factory.mktemp("sound")
    pages = [replace(make_procedure(seed), id=f"id{seed}", source=f"{seed:02}.html") for seed in range(20)]
    long = Procedure(id="long", name="clot", source="long.html", sections=(Section("steps", "", LONG),))
    apply(folder, Commit(put=(*pages, long)))
    apply(folder, Commit(removed=("03.html",)))
    return folder


@pytest.fixture
def index(sound: Path, tmp_path: Path) -> Path:
    """A copy to forge."""
    return Path(shutil.copytree(sound, tmp_path / "index"))


def forge(folder: Path, suffix: str, change: Callable[[Arrays], None]) -> str:
    """Change the arrays of the file that ends so, all checksums set right; gives its name."""
    storage = Storage(folder)
    manifest = read_manifest(storage)
    (old,) = (file for file in manifest.files() if file.name.endswith(suffix))
    file = ArrayFile(old.name, storage.read(old.name), old.size, old.checksum)
    arrays = {name: file[name].all().copy() for name in file.names()}
    change(arrays)
    (folder / old.name).unlink()
    new = FileRecord(old.name, *write_arrays(storage, old.name, arrays))

    def renewed(file: FileRecord | None) -> Any:
        return new if file == old else file

    segments = tuple(replace(r, file=renewed(r.file), state=renewed(r.state)) for r in manifest.segments)
    if (semantic := manifest.semantic) is not None:
        semantic = replace(semantic, files=tuple(replace(v, file=renewed(v.file)) for v in semantic.files))
    replace(manifest, segments=segments, semantic=semantic).write(storage)
    return old.name


def opened(folder: Path) -> Segment:
    (segment,) = open_snapshot(Storage(folder)).segments
    return segment


def column_names(folder: Path, suffix: str) -> list[str]:
    storage = Storage(folder)
    (file,) = (file for file in read_manifest(storage).files() if file.name.endswith(suffix))
    return ArrayFile(file.name, storage.read(file.name), file.size, file.checksum).names()


def test_every_array_has_its_type_and_is_there(sound: Path, tmp_path: Path) -> None:
    for suffix in ("segment", "state"):
        for name in column_names(sound, suffix):
            for forgery in ("type", "missing"):
                folder = Path(shutil.copytree(sound, tmp_path / f"{suffix} {name} {forgery}"))

                def change(arrays: Arrays, name: str = name, forgery: str = forgery) -> None:
                    if forgery == "type":
                        arrays[name] = np.zeros(len(arrays[name]), np.float32)
                    else:
                        del arrays[name]

                file = forge(folder, suffix, change)
                with pytest.raises(DamagedIndex, match=name) as damage:
                    opened(folder)
                assert damage.value.file == file
                (line,) = check(Storage(folder))
                assert file in line
                shutil.rmtree(folder)


@pytest.mark.parametrize("suffix", ["segment", "state"])
@pytest.mark.parametrize("by", [-1, 1])
def test_rows_of_pages_are_as_many_as_pages(index: Path, suffix: str, by: int) -> None:
    file = forge(index, suffix, lambda arrays: arrays.update(sizes=np.zeros(21 + by, np.int64)))
    with pytest.raises(DamagedIndex, match="array sizes") as damage:
        opened(index)
    assert damage.value.file == file


def test_strings_have_a_first_offset(index: Path) -> None:
    forge(index, "segment", lambda arrays: arrays.update(source_offsets=np.zeros(0, np.uint32)))
    with pytest.raises(DamagedIndex, match="source_offsets is empty"):
        opened(index)


def term(segment: Segment, text: str) -> int:
    number = segment.term_number(text)
    assert number is not None
    return number


def terms_of(arrays: Arrays) -> list[bytes]:
    data = arrays["term_data"].tobytes()
    return [data[start:end] for start, end in pairwise(arrays["term_offsets"].tolist())]


def first_of_clot(arrays: Arrays) -> int:
    """The number of the term clot."""
    return terms_of(arrays).index(b"clot")


CODES, GAPS, POSITIONS = range(3)
"""The offsets of a term, by the arrays into which they point."""


def offsets(arrays: Arrays, into: int) -> Any:
    """Where each term begins in one of these arrays, and the last one ends; to be written to."""
    return arrays["spans"].reshape(-1, 3)[:, into]


def shift(into: int) -> Callable[[Arrays], None]:
    """An offset of the term clot that is one too large."""

    def change(arrays: Arrays) -> None:
        offsets(arrays, into)[first_of_clot(arrays)] += 1

    return change


def without_postings(arrays: Arrays) -> None:
    """The codes of the term clot begin where they end."""
    number = first_of_clot(arrays)
    offsets(arrays, CODES)[number] = offsets(arrays, CODES)[number + 1]


def endless(arrays: Arrays) -> None:
    """The term clot has more postings than memory holds."""
    offsets(arrays, CODES)[first_of_clot(arrays) + 1] = (1 << 32) - 1


def all_codes_at(place: int) -> Callable[[Arrays], None]:
    """The codes of every term begin and end at one place."""

    def change(arrays: Arrays) -> None:
        offsets(arrays, CODES)[:] = place

    return change


def fill(name: str, value: int) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        arrays[name][:] = value

    return change


def put(name: str, values: Sequence[bytes]) -> Callable[[Arrays], None]:
    """Other strings, as many as are given."""

    def change(arrays: Arrays) -> None:
        arrays[f"{name}_data"], arrays[f"{name}_offsets"] = pack_strings(values)

    return change


def far(arrays: Arrays) -> None:
    """The last position of clot, in four bytes, is one that no field has."""
    end = int(offsets(arrays, POSITIONS)[first_of_clot(arrays) + 1])
    arrays["positions"][end - 1] = 255


def positions(segment: Segment) -> Any:
    (span,) = segment.spans_of((term(segment, "clot"),))
    codes = segment.postings_of((span,))[1]
    return segment.positions(span, int(((codes >> 8 & 7) + 1).sum()))


def postings(segment: Segment) -> Any:
    return segment.postings(term(segment, "clot"))


def around(segment: Segment) -> Any:
    number = term(segment, "clot")
    return segment.range_postings(number, number + 2)


def said_of_stems(old: bytes, new: bytes) -> Callable[[Arrays], None]:
    """What the dictionary of stems says is another thing wherever ``old`` matches."""

    def change(arrays: Arrays) -> None:
        put("stem", [re.sub(old, new, arrays["stem_data"].tobytes())])(arrays)

    return change


def stem_of_clot(segment: Segment) -> Any:
    return segment.frequencies_of(list(segment.stem_terms("clot").values()))


BEYOND = 1 << 20

FORGED: dict[str, tuple[Callable[[Arrays], None], Question]] = {
    "gaps of half a byte": (shift(GAPS), postings),
    "no postings": (without_postings, postings),
    "a page that is not there": (fill("gaps", 255), postings),
    "gaps of half a byte, in a range": (shift(GAPS), around),
    "no postings, in a range": (without_postings, around),
    "a page that is not there, in a range": (fill("gaps", 255), around),
    "offsets of postings that end early": (all_codes_at(0), around),
    "positions of half a byte": (shift(POSITIONS), positions),
    "positions that no field has": (far, positions),
    "no postings to count": (without_postings, lambda s: s.frequencies(np.arange(s.term_count))),
    "postings without end": (endless, postings),
    "postings beyond the end": (all_codes_at(BEYOND), lambda s: s.postings(term(s, "clot"))),
    "terms without letters": (fill("term_offsets", 0), lambda s: s.term_bytes(0, 3)),
    "terms that are no text": (fill("term_data", 255), lambda s: s.terms()),
    "a term that is no text": (fill("term_data", 255), lambda s: s.term(0)),
    "terms that are no text, compared": (fill("term_data", 172), lambda s: near(s, [""], "clot", 2)),
    "terms that are no text, fitted": (fill("term_data", 172), lambda s: fitting(s, "*o*")),
    "stems of terms that are not there": (said_of_stems(b"[0-9]+", b"99999999"), stem_of_clot),
    "stems of terms without a number": (said_of_stems(b"[0-9]+", b"one"), stem_of_clot),
    "stems of half a term": (said_of_stems(b"\t[0-9]+", b""), stem_of_clot),
    "a line of stems without an end": (said_of_stems(rb"(\nclot\t[^\n]*)[\s\S]*", rb"\1"), stem_of_clot),
    "stems that are no text": (said_of_stems(b"s\t", b"\xff\t"), stem_of_clot),
    "ids that are no text": (fill("id_data", 255), lambda s: s.ids()),
    "an id that is no text": (fill("id_data", 255), lambda s: s.id(0)),
    "ids in an order of nothing": (fill("id_order", BEYOND), lambda s: s.id_ranks),
    "ids in an order of nothing, searched": (fill("id_order", BEYOND), lambda s: list(s.pages_of_id("id1"))),
    "sources that are neither": (fill("source_data", 7), lambda s: s.source(0)),
    "sources that are neither, all": (fill("source_data", 7), lambda s: s.sources()),
    "a container that is not there": (fill("containers", BEYOND), lambda s: s.container(0)),
    "containers that are not there": (fill("containers", BEYOND), lambda s: s.pages_under(["."])),
    "a system that is not there": (fill("systems", 60_000), lambda s: s.system_names),
    "systems that are no text": (fill("system_data", 255), lambda s: s.system_names),
    "procedures that are none": (fill("stored_data", 0), lambda s: s.procedure(0)),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_reading_relies_on_is_looked_at(index: Path, name: str) -> None:
    change, ask = FORGED[name]
    ask(opened(index))
    file = forge(index, "segment", change)
    assert all(file in line for line in check(Storage(index)))
    with pytest.raises(DamagedIndex) as damage:
        ask(opened(index))
    assert damage.value.file == file


@pytest.mark.parametrize(
    "data",
    [
        b"[]", b"{}", b"null", b"5", b"\xff", b'["", "", 5, "", [], [], [], [], []]',
        b'["", "", "", "", "ab", [], [[99, "", ""]], [], []]',
        b'["", "", "", "", [5], [], [], [], []]', b'["", "", "", "", [], [], [[0, null, ""]], [], []]',
        b'["", "", "", "", [], [], [], [[1, 2, 3, 4]], []]', b'["", [], "", "", [], [], [], [], []]',
    ],
)  # fmt: skip
def test_a_procedure_is_one(index: Path, data: bytes) -> None:
    packer = Packer(opened(index).phrases)
    file = forge(index, "segment", put("stored", [packer.pack(data)] * 21))
    with pytest.raises(DamagedIndex, match="page 4 cannot be unpacked") as damage:
        opened(index).procedure(4)
    assert damage.value.file == file


def swapped_terms(arrays: Arrays) -> None:
    terms = terms_of(arrays)
    put("term", [terms[1], terms[0], *terms[2:]])(arrays)


def wider(arrays: Arrays) -> None:
    """The positions of the last term take twice the bytes that there are."""
    first, end = map(int, offsets(arrays, POSITIONS)[-2:])
    offsets(arrays, POSITIONS)[-1] = first + 2 * (end - first)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (swapped_terms, "its dictionary is not in order"),
        (shift(GAPS), "its postings do not fit together"),
        (fill("gaps", 255), "a posting points to a page that is not there"),
        (shift(POSITIONS), "its positions do not fit together"),
        (fill("lengths", 3), "its statistics do not fit its pages"),
        (said_of_stems(b"[0-9]", b"0"), "its stems are not those of its dictionary"),
        (said_of_stems(b"[0-9]+", b"99999999"), "its arrays do not fit together"),
        (all_codes_at(BEYOND), "do not fit together"),
        (wider, "its arrays do not fit together"),
    ],
)
def test_checking_says_what_does_not_fit(index: Path, change: Callable[[Arrays], None], told: str) -> None:
    file = forge(index, "segment", change)
    (line, *_) = check(Storage(index))
    assert file in line
    assert told in line


def announced(folder: Path) -> Iterator[str]:
    """What a writer that repairs tells."""
    told: list[str] = []
    with IndexWriter(Storage(folder), repair=True, announce=told.append) as writer:
        assert list(writer.pages()) == []
        writer.commit()
    yield from told


def test_a_writer_that_repairs_drops_what_does_not_fit(index: Path) -> None:
    file = forge(index, "segment", fill("lengths", 3))
    assert [line.partition(" is")[0] for line in announced(index)] == [file]
    assert check(Storage(index)) == []


@pytest.mark.parametrize("place", [0, 1])
def test_merging_believes_nothing_either(index: Path, place: int) -> None:
    apply(index, Commit(put=(replace(make_procedure(50), id="id50", source="50.html"),)))
    segments = sorted(index.glob("*.segment"))
    assert len(segments) == 2
    file = forge(index, segments[place].name, wider)
    before = (index / "manifest").read_bytes()
    with pytest.raises(DamagedIndex) as damage, IndexWriter(Storage(index)) as writer:
        writer.commit(compact=True)
    assert damage.value.file == file
    assert (index / "manifest").read_bytes() == before


def test_statistics_of_no_pages(index: Path) -> None:
    """A manifest that counts pages which the segment has not."""
    storage = Storage(index)
    manifest = read_manifest(storage)
    (record,) = manifest.segments
    replace(manifest, segments=(replace(record, pages=record.pages + 1),)).write(storage)
    assert asdict(read_manifest(storage))["segments"][0]["pages"] == record.pages + 1
    with pytest.raises(DamagedIndex) as damage:
        open_snapshot(storage)
    assert damage.value.file == record.file.name


@pytest.fixture
def with_vectors(index: Path) -> Path:
    """The index with a sentence vector for each page."""
    with IndexWriter(Storage(index)) as writer:
        writer.vectors.use(Model("small", None, "ab", 4))
        pages = writer.pages_without_vectors()
        writer.add_vectors(pages, np.eye(len(pages), 4, dtype=np.float32) + 0.1)
        writer.commit()
    assert check(Storage(index)) == []
    return index


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda arrays: arrays.update(values=arrays["values"][:-1]), "array values does not fit the others"),
        (
            lambda arrays: arrays.update(scales=arrays["scales"].astype(np.int64)),
            "array scales does not fit the others",
        ),
        (lambda arrays: arrays["pages"].sort() or arrays.update(pages=arrays["pages"][::-1].copy()), "do not belong"),
        (fill("pages", BEYOND), "do not belong"),
        (lambda arrays: arrays["scales"].fill(np.nan), "do not belong"),
    ],
)
def test_vectors_fit_their_segment(with_vectors: Path, change: Callable[[Arrays], None], told: str) -> None:
    file = forge(with_vectors, "vectors", change)
    (line,) = check(Storage(with_vectors))
    assert file in line
    assert told in line
    (line,) = announced_beside(with_vectors)
    assert line.startswith(file)
    assert check(Storage(with_vectors)) == []


def announced_beside(folder: Path) -> list[str]:
    """What a writer that repairs tells where the pages are whole."""
    told: list[str] = []
    with IndexWriter(Storage(folder), repair=True, announce=told.append) as writer:
        assert len(list(writer.pages())) == 20
        writer.commit()
    return told


@pytest.mark.parametrize("query", ['"clot vein"', "clo*", "[clot TO clot]", "clot~1"])
def test_counts_that_are_none_refuse_no_query(index: Path, query: str) -> None:
    assert open_index(index).search(query).total
    file = forge(index, "segment", endless)
    with pytest.raises(DamagedIndex) as damage:
        open_index(index).search(query)
    assert damage.value.file == file

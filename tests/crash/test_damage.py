"""Damaged files: found by ``check`` always, never believed by a search, healed by indexing anew."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from procsearch.corpus.errors import DamagedIndex, NoIndex, UnknownId
from procsearch.indexer.check import check
from procsearch.indexer.manifest import read_manifest
from procsearch.indexer.reindex import reindex
from procsearch.indexer.storage import Storage
from procsearch.search.index import Index, open_index

from ..indexer.histories import Commit, apply
from .support import dose, names_in, pages, seeded

QUERIES = (
    "clot", "clots", "the graft", '"the vein"', '"clot the graft"~5', "cl*", "c?ot", "graf~1", "veni",
    "name:clot", "steps:graft OR risks:vein", "clot AND NOT vein", "system:HCPCS", "code:36904", "A0021",
    "[a TO c]", "Ménière", "жила", "*", "dialysis^3 catheter", "zzz",
)  # fmt: skip


Question = Callable[[Index], Any]


def _search(query: str) -> Question:
    def ask(index: Index) -> Any:
        results = index.search(query, facets=["system"], limit=30)
        hits = [(hit.id, hit.score, hit.snippet, hit.marks, hit.section) for hit in results.hits]
        return results.total, results.corrected, results.notes, results.facets, hits

    return ask


def _known(ask: Question) -> Question:
    def ask_or_none(index: Index) -> Any:
        try:
            return ask(index)
        except UnknownId:
            return None

    return ask_or_none


QUESTIONS: tuple[Question, ...] = (
    len,
    lambda index: index.stats(),
    lambda index: index.search("clot", filters={"system": "HCPCS"}).total,
    lambda index: list(index.procedures()),
    *map(_search, QUERIES),
    *(_known(lambda index, number=number: index.get(f"id{number}")) for number in range(45)),
    *(lambda index, prefix=prefix: index.suggest(prefix) for prefix in ("cl", "A0", "the v")),
    _known(lambda index: [hit.id for hit in index.similar("id7")]),
    _known(lambda index: index.explain("clot vein", "id7").to_json()),
)
"""Every kind of question, with some of the files' parts needed for each."""


def answers(index: Index, numbers: Iterable[int] = range(len(QUESTIONS))) -> list[Any]:
    """What an index says to some of the questions."""
    return [QUESTIONS[number](index) for number in numbers]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two segments, one of which has lost pages."""
    folder = tmp_path_factory.mktemp("sound")
    apply(folder, Commit(put=pages(*range(30))))
    apply(folder, Commit(put=pages(*range(25, 40), version=1)))
    assert len(list(folder.glob("*.segment"))) == 2
    assert len(list(folder.glob("*.state"))) == 1
    return folder


@pytest.fixture(scope="module")
def right(sound: Path) -> list[Any]:
    return answers(open_index(sound))


@contextmanager
def copied(sound: Path) -> Iterator[Path]:
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(shutil.copytree(sound, Path(folder) / "index"))


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """A hang fails the test instead of holding it up."""

    def ring(*_: object) -> None:
        raise AssertionError(f"took more than {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def files_of(folder: Path) -> list[str]:
    return sorted(names_in(folder) - {"write.lock"})


def damage(folder: Path, random: Random) -> tuple[str, set[str]]:
    """Damage one file, or swap two; gives what was done, and the files that are not what was written now."""
    name = random.choice(files_of(folder))
    data = bytearray((folder / name).read_bytes())
    place = random.choice((random.randrange(len(data)), len(data) - 1 - random.randrange(min(300, len(data)))))
    kind = random.choice(("flip", "flip", "flip", "burst", "cut", "zeros", "extension", "deletion", "swap", "old"))
    if kind == "flip":
        data[place] ^= 1 << random.randrange(8)
    elif kind == "burst":
        data[place : place + 32] = random.randbytes(len(data[place : place + 32]))
    elif kind == "cut":
        del data[place:]
    elif kind == "zeros":
        data[place:] = bytes(len(data) - place) if any(data[place:]) else b""
    elif kind == "extension":
        data += random.choice((b"\0", b"\n", data[:4096], random.randbytes(random.randrange(1, 9000))))
    elif kind == "deletion":
        (folder / name).unlink()
        return f"deleted {name}", {name}
    elif kind == "swap":
        other = random.choice([found for found in files_of(folder) if found != name])
        (folder / name).rename(folder / "aside")
        (folder / other).rename(folder / name)
        (folder / "aside").rename(folder / other)
        return f"swapped {name} and {other}", {name, other}
    elif kind == "old":
        end = place & -4096
        data[place:], data[end:end] = data[end : end + len(data) - place], b""
        if data == (folder / name).read_bytes():
            data[place] ^= 255
    (folder / name).write_bytes(data)
    return f"{kind} at {place} of {name}", {name}


def test_damage_is_found_and_never_believed(sound: Path, right: list[Any]) -> None:
    random = seeded()
    count, refused = dose(500, 10_000), 0
    for _ in range(count):
        with copied(sound) as folder, no_longer_than(20):
            told, names = damage(folder, random)
            try:
                if names == {"manifest"} and not (folder / "manifest").exists():
                    with pytest.raises(NoIndex):
                        check(Storage(folder))
                else:
                    assert check(Storage(folder)), "check found nothing"
                asked = random.sample(range(len(QUESTIONS)), random.choice((1, 3, len(QUESTIONS))))
                found = answers(open_index(folder), asked)
            except NoIndex:
                assert not (folder / "manifest").exists()
            except DamagedIndex as error:
                refused += 1
                assert error.file in names, told
            else:
                assert found == [right[number] for number in asked], told
    print(f"{count} damaged, {refused} refused, the others answered rightly")


def test_damage_under_an_open_index_is_found_as_far_as_it_was_not_read(sound: Path, right: list[Any]) -> None:
    random = seeded()
    for _ in range(dose(60, 1000)):
        with copied(sound) as folder, no_longer_than(20):
            index = open_index(folder)
            told, names = "", {""}
            while not any(name.endswith(("segment", "state")) for name in names) or told.startswith(("swap", "del")):
                shutil.rmtree(folder)
                shutil.copytree(sound, folder)
                index = open_index(folder)
                told, names = damage(folder, random)
            try:
                assert answers(index) == right, told
            except DamagedIndex as error:
                assert error.file in names


@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "socket-like loop"])
def test_what_is_no_file_is_damage_and_no_hang(sound: Path, kind: str) -> None:
    for name in files_of(sound):
        with copied(sound) as folder, no_longer_than(5):
            (folder / name).unlink()
            if kind == "fifo":
                os.mkfifo(folder / name)
            elif kind == "folder":
                (folder / name).mkdir()
            elif kind == "device":
                (folder / name).symlink_to("/dev/zero")
            else:
                (folder / name).symlink_to(name)
            with pytest.raises(Exception, match=name) as told:
                answers(open_index(folder))
            assert type(told.value).__name__ in ("DamagedIndex", "EngineError")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    for number in range(12):
        text = f"<h1>Graft {number}</h1><h2>Purpose</h2><p>The clot of vein {number} is removed.</p>"
        (folder / f"{number}.html").write_text(text)
    return folder


class TestHealing:
    def test_indexing_anew_heals_whatever_is_damaged(self, source: Path, tmp_path: Path) -> None:
        random = seeded()
        base = tmp_path / "index"
        reindex([source], base)
        (source / "3.html").write_text("<h1>Graft 3</h1><p>Another clot.</p>")
        reindex([source], base)
        whole = list(open_index(base).procedures())
        for _ in range(dose(60, 600)):
            with copied(base) as folder:
                told, names = damage(folder, random)
                report = reindex([source], folder)
                assert report.documents == 12, told
                assert not report.failed
                assert check(Storage(folder)) == [], told
                assert list(open_index(folder).procedures()) == whole
                if "manifest" not in names:
                    assert names_in(folder) == {
                        "manifest", "write.lock", *(file.name for file in read_manifest(Storage(folder)).files())
                    }  # fmt: skip

    @pytest.mark.damages
    def test_a_dry_run_removes_nothing_of_a_damaged_index(self, source: Path, tmp_path: Path) -> None:
        reindex([source], tmp_path / "index")
        (tmp_path / "index" / "manifest").write_bytes(b"{}")
        before = sorted(names_in(tmp_path / "index"))
        reindex([source], tmp_path / "index", dry_run=True)
        assert sorted(names_in(tmp_path / "index")) == before


# Files that somebody forged: their checksums fit, what they say does not.


def forge(folder: Path, name: str, data: bytes) -> None:
    """Put ``data`` in place of a file of arrays, with every checksum of it, and of the manifest, set right."""
    end, directory, _ = struct.unpack("<QQI", data[-20:])
    blocks = [zlib.crc32(data[start : min(start + 4096, end)]) for start in range(0, end, 4096)]
    checksums = struct.pack(f"<{len(blocks)}I", *blocks)
    above = [zlib.crc32(checksums[start : start + 4096]) for start in range(0, len(checksums), 4096)]
    tail = struct.pack(f"<{len(above)}I", *above) + data[directory:-4]
    crc = zlib.crc32(tail)
    whole = data[:end] + checksums + tail + struct.pack("<I", crc)
    (folder / name).write_bytes(whole)
    content = json.loads((folder / "manifest").read_bytes().split(b"\n")[0])
    for segment in content["segments"]:
        for file in (segment["file"], segment["state"]):
            if file and file["name"] == name:
                file |= {"size": len(whole), "checksum": crc}
    forge_manifest(folder, content)


def forge_manifest(folder: Path, content: Any) -> None:
    line = json.dumps(content).encode()
    (folder / "manifest").write_bytes(line + b"\n%08x\n" % zlib.crc32(line))


def forged_arrays(folder: Path, random: Random) -> None:
    """Change the content of an array, or what the directory says of one."""
    name = random.choice([found for found in files_of(folder) if found != "manifest"])
    data = bytearray((folder / name).read_bytes())
    end, start, _ = struct.unpack("<QQI", data[-20:])
    directory = json.loads(data[start:-20])
    column = random.choice(sorted(directory))
    if random.random() < 0.7:
        dtype, offset, count = directory[column]
        width = int(dtype[-1])
        for _ in range(random.choice((1, 1, 3, 20))):
            place = offset + width * random.randrange(max(count, 1))
            value = random.choice((0, 1, 255, 2**31, 2**32 - 1, 2**63, 2**64 - 1, random.getrandbits(64), count))
            if place + width <= end:
                data[place : place + width] = (value % 256**width).to_bytes(width, "little")
    else:
        entry = random.choice((0, 1, 2))
        directory[column][entry] = random.choice(
            (-1, 0, 1, 2**31, 2**63, 2**70, 1.5, None, "<u4", "|u1", "<f4", "|O", "<u8", [], directory[column][entry])
        )
        if random.random() < 0.2:
            directory[column] = random.choice((None, [], {}, "abc", 5))
        if random.random() < 0.1:
            del directory[column]
    tail = json.dumps(directory).encode() if random.random() < 0.98 else b"[" * 100_000
    forge(folder, name, bytes(data[:start]) + tail + bytes(data[-20:]))


def forged_manifest(folder: Path, random: Random) -> None:
    content = json.loads((folder / "manifest").read_bytes().split(b"\n")[0])
    odd = (-1, 0, 1, 2**31, 2**63, 2**70, 1.5, None, "", "../../etc/passwd", "/etc/passwd", [], {}, True, [1] * 21)
    places: list[tuple[Any, Any]] = [(content, key) for key in content]
    for segment in content["segments"]:
        places += [(segment, key) for key in segment] + [(segment["file"], key) for key in segment["file"]]
        places += [(segment["lengths"], 3), (segment["filled"], 4)]
    holder, key = random.choice(places)
    holder[key] = random.choice(odd)
    forge_manifest(folder, content if random.random() < 0.97 else random.choice(odd))


def test_forged_files_are_refused_or_answered_and_nothing_else(sound: Path) -> None:
    random = seeded()
    refused, count = 0, dose(400, 12_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(count):
        state = random.getstate()
        with copied(sound) as folder, no_longer_than(20):
            (forged_manifest if number % 6 == 0 else forged_arrays)(folder, random)
            try:
                try:
                    check(Storage(folder))
                    answers(open_index(folder))
                except (DamagedIndex, NoIndex):
                    refused += 1
            except BaseException:
                kept = Path(tempfile.gettempdir()) / "procsearch-forged"
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(folder, kept)
                print(f"the index is kept in {kept}; number {number}, state {hash(state)}")
                raise
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{count} forged, {refused} refused, {more} KiB more memory at most")
    assert more < 256 * 1024

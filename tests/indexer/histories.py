"""Random pages, and random histories of an index: commits that add, replace and remove them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from hypothesis import strategies as st

from procsearch.corpus.procedure import SECTION_KINDS, Procedure, Section, SimilarCode
from procsearch.indexer.check import check
from procsearch.indexer.page import NO_FACTS, IndexablePages, PageAnalyser, PageFacts
from procsearch.indexer.snapshot import Snapshot, open_snapshot
from procsearch.indexer.storage import Storage
from procsearch.indexer.writer import IndexWriter, path_order

VOCABULARY = (
    "clot", "vein", "graft", "the", "of", "clots", "veins", "clotting", "grafts", "dialysis", "bleed", "bleeding",
    "catheter", "x", "ray", "50.4", "36904", "a0021", "Ménière", "Ärzte", "ärztin", "жила", "жилы", "腎", "zebra",
)  # fmt: skip
"""The frequent words first."""

SYSTEMS = ("HCPCS", "ICD-10-PCS", "CDT", None)
CODES = ("A0021", "A0022", "36904", "0016070", "D1-7.x", "clot", None)
SOURCES = ("a.html", "b/x.html", "b.html", "pages.jsonl#2", "pages.jsonl#10", "z.zip/é.html", "z.zip/f.html#1")


def make_procedure(seed: int) -> Procedure:
    """A small page of words of the vocabulary, made from ``seed``; its source is still to be given."""
    random = Random(seed)

    def word() -> str:
        return VOCABULARY[int(len(VOCABULARY) * random.random() ** 2)]

    def text(most_lines: int) -> str:
        lines = [" ".join(word() for _ in range(random.randrange(6))) for _ in range(random.randint(0, most_lines))]
        if lines and random.random() < 0.2:
            lines[-1] += f" {word()}" * random.choice((7, 8, 9, 17, 70))
        return "\n".join(lines)

    def texts() -> tuple[str, ...]:
        return tuple(text(1) for _ in range(random.choice((0, 0, 1, 3))))

    kinds = random.choices(SECTION_KINDS, k=random.randrange(5))
    return Procedure(
        id=f"id{seed % 13}",
        system=random.choice(SYSTEMS),
        code=random.choice(CODES),
        descriptor=text(1),
        name=text(1),
        common_names=texts(),
        medical_terms=texts(),
        sections=tuple(Section(kind, random.choice(("", "About the graft")), text(3)) for kind in kinds),
        similar_codes=tuple(SimilarCode("HCPCS", random.choice(CODES), "") for _ in range(random.choice((0, 0, 1, 4)))),
    )


procedures = st.integers(0, 2**32).map(make_procedure)


@dataclass(frozen=True)
class Commit:
    """What one commit does. ``in_place`` says whether a page that keeps its id is removed before it is added anew."""

    put: tuple[Procedure, ...] = ()
    removed: tuple[str, ...] = ()
    memory: int = 2**29
    compact: bool = False
    in_place: bool = False

    def __repr__(self) -> str:
        put = ", ".join(f"{page.source}: {page.id} {page.name!r}" for page in self.put)
        return f"Commit([{put}], {self.removed}, {self.memory}, {self.compact}, {self.in_place})"


def commits(sources: Sequence[str], most: int) -> st.SearchStrategy[Commit]:
    """Commits that put at most ``most`` pages."""
    sourced = st.builds(lambda page, source: replace(page, source=source), procedures, st.sampled_from(sources))
    return st.builds(
        Commit,
        put=st.lists(sourced, max_size=most, unique_by=lambda page: page.source).map(tuple),
        removed=st.lists(st.sampled_from(sources), max_size=2).map(tuple),
        memory=st.sampled_from((1, 2**13, 2**29)),
        compact=st.sampled_from((False, False, False, True)),
        in_place=st.booleans(),
    )


def histories(most_commits: int = 6, most_pages: int = 7) -> st.SearchStrategy[list[Commit]]:
    """Some commits over a few sources and ids, so that pages are replaced and ids collide."""
    sources = [*SOURCES, *(f"more/{number}.html" for number in range(most_pages))]
    return st.lists(commits(sources, most_pages), min_size=1, max_size=most_commits)


def indexable(procedure: Procedure, facts: PageFacts = NO_FACTS) -> IndexablePages:
    """One procedure, ready for the index."""
    analyser = PageAnalyser()
    analyser.add(procedure, facts)
    return analyser.pages()


def apply(path: Path, commit: Commit) -> None:
    """Do one commit to the index in ``path``, as re-indexing does it."""
    with IndexWriter(Storage(path), memory=commit.memory) as writer:
        there = dict(writer.pages())
        put = {page.source: page for page in commit.put}
        for source in {*commit.removed, *put} & there.keys():
            ref = there[source]
            same_id = source in put and ref.segment.id(ref.page) == put[source].id
            if not (commit.in_place and same_id):
                writer.remove(ref)
        for page in commit.put:
            writer.add(indexable(page))
        writer.commit(compact=commit.compact)


def grow(path: Path, history: Iterable[Commit]) -> Snapshot:
    """The index in ``path`` after the commits of ``history``, every byte of it verified."""
    for commit in history:
        apply(path, commit)
    assert check(Storage(path)) == []
    return open_snapshot(Storage(path))


def sources_after(history: Iterable[Commit]) -> dict[str, Procedure]:
    """The pages that are there after ``history``, by source."""
    pages: dict[str, Procedure] = {}
    for commit in history:
        for source in commit.removed:
            pages.pop(source, None)
        pages.update((page.source, page) for page in commit.put)
    return pages


def live_after(history: Iterable[Commit]) -> dict[str, Procedure]:
    """The pages that are found after ``history``, by id: of those with one id the last in path order."""
    pages = sources_after(history)
    return {pages[source].id: pages[source] for source in sorted(pages, key=path_order)}

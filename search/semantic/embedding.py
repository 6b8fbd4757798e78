"""Giving the pages of an index their sentence vectors, part by part, so that nothing is lost when it is interrupted."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...corpus.errors import ModelError
from ...corpus.procedure import Procedure
from ...indexer.manifest import read_manifest
from ...indexer.scaleout.address import is_address
from ...indexer.storage import Storage
from ...indexer.vectors import Model
from ...indexer.writer import IndexWriter, PageRef
from .model import MOST_TOKENS, SentenceModel, model_files

PART_SECONDS = 60.0
"""About so much work is made durable at a time; between two parts others may write to the index."""

_AT_A_TIME = 128  # pages whose texts are sorted by length and held in memory
_MOST_CHARACTERS = 16 * MOST_TOKENS  # no model reads further
_PAUSE = 0.2  # longer than those who wait for the lock take to look again


class EmbeddingProgress:
    """Told how giving vectors goes on; this one keeps silent."""

    def start(self, pages: int) -> None:
        """So many pages are without a vector."""

    def done(self, pages: int) -> None:
        """So many more have one."""

    def message(self, text: str) -> None:
        """Something the user should know."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """What was done: the ``model``, how many ``pages`` it gave vectors, in how many ``seconds``."""

    model: str
    pages: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """It as the JSON object of the command line."""
        return {"model": self.model, "pages": self.pages, "seconds": round(self.seconds, 3)}


def embed(
    index: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    jobs: int = 1,
    wait: bool = True,
    progress: EmbeddingProgress | None = None,
) -> Embedded:
    """Give every page of the index in the folder ``index`` that has none a sentence vector.

    ``model`` is the folder of a sentence model in ONNX form; without it the model that the index has vectors of is
    taken, else the default one. Vectors of another model are dropped, and made anew. ``jobs`` is how many cores one
    text may take, ``wait`` waits for another writer. What is done is committed every minute, and when it is
    interrupted: the next call goes on from there. Raises ModelError where the model cannot be used, NoIndex where there
    is no index, IndexLocked where another writer is not waited for.
    """
    started = time.perf_counter()
    progress = progress or EmbeddingProgress()
    storage = _storage(index)
    run = _Run(None if model is None else os.fspath(model), jobs, progress)
    while True:
        with IndexWriter(
            storage,
            wait=wait,
            waiting=lambda holder: progress.message(f"waiting for {holder}, which is writing to {storage.path}"),
            announce=progress.message,
        ) as writer:
            if run.part(writer):
                return Embedded(run.name, run.pages, time.perf_counter() - started)
        time.sleep(_PAUSE)


def forget_vectors(index: str | os.PathLike[str]) -> None:
    """Remove all sentence vectors from an index, which then goes by words alone."""
    storage = _storage(index)
    with IndexWriter(storage) as writer:
        writer.vectors.use(None)
        if writer.has_changes:
            writer.commit()


def model_of(index: str | os.PathLike[str]) -> Model | None:
    """The model that the index has, or is to have, vectors of."""
    semantic = read_manifest(_storage(index)).semantic
    return semantic.model if semantic else None


def _storage(index: str | os.PathLike[str]) -> Storage:
    """The folder of an index that is there."""
    if is_address(index):
        raise ModelError("an index on a cluster goes by words alone: only one in a folder holds sentence vectors")
    storage = Storage(Path(index))
    read_manifest(storage)
    return storage


class _Run:
    """One call of :func:`embed`."""

    def __init__(self, folder: str | None, jobs: int, progress: EmbeddingProgress) -> None:
        self._folder = folder
        self._jobs = jobs
        self._progress = progress
        self._model: SentenceModel | None = None
        self._started = False
        self.pages = 0
        self.name = ""

    def part(self, writer: IndexWriter) -> bool:
        """Do some of it, durably; whether that was the rest."""
        model = self._use_model(writer)
        missing = writer.pages_without_vectors()
        if not self._started:
            self._started = True
            self._progress.start(len(missing))
        done = 0
        try:
            deadline = time.monotonic() + PART_SECONDS
            while done < len(missing) and time.monotonic() < deadline:
                pages = missing[done : done + _AT_A_TIME]
                self._embed(writer, model or self._load(writer.vectors.model), pages)
                done += len(pages)
        except KeyboardInterrupt:
            if writer.has_changes:
                writer.commit()
            raise
        if writer.has_changes:
            writer.commit()
        return done == len(missing)

    def _use_model(self, writer: IndexWriter) -> SentenceModel | None:
        """Have the writer keep vectors of the right model; None where it does already, and none need be loaded."""
        if self._model is None:
            if self._folder is None and writer.vectors.model is not None:
                self.name = writer.vectors.model.name
                return None
            self._load(None)
        assert self._model is not None
        writer.vectors.use(self._model.model)
        return self._model

    def _load(self, of_index: Model | None) -> SentenceModel:
        """The model asked for, or the one that the index has vectors of."""
        folder = self._folder if of_index is None else of_index.place
        self._model = load_model(folder, of_index, threads=self._jobs)
        self.name = self._model.model.name
        return self._model

    def _embed(self, writer: IndexWriter, model: SentenceModel, pages: Sequence[PageRef]) -> None:
        texts = [page_text(page.segment.procedure(page.page)) for page in pages]
        writer.add_vectors(pages, model.pages(texts, self._progress.done))
        self.pages += len(pages)


def load_model(folder: str | None, expected: Model | None = None, threads: int = 1) -> SentenceModel:
    """The model in ``folder`` (None: the default one); ModelError where it is not the one ``expected``."""
    model = SentenceModel(model_files(folder), threads)
    if expected is not None and (model.model.digest, model.model.dimensions) != (expected.digest, expected.dimensions):
        where = "the default sentence model" if folder is None else f"the sentence model in {folder}"
        raise ModelError(f"{where} is not the one that the index has vectors of; name it to make them anew")
    return model


def page_text(procedure: Procedure) -> str:
    """What of a page is embedded: its names, its official wording, then its sections, as far as the model reads."""
    names = [procedure.name or procedure.descriptor, *map(", ".join, (procedure.common_names, procedure.medical_terms))]
    parts = [*names, procedure.descriptor, *(section.text for section in procedure.sections)]
    return "\n".join(dict.fromkeys(part for part in parts if part))[:_MOST_CHARACTERS] or procedure.title

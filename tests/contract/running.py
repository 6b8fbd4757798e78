"""Running the command as a user does, and pages to run it on."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from procsearch.cli import main
from tests.places import ROOT


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        """Standard output as one JSON document a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def run(*arguments: object, at: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Ran:
    """Run the command in this process, in the folder ``at``; it also parses in this process unless told otherwise."""
    if arguments[:1] == ("index",) and "--jobs" not in arguments:
        arguments = (*arguments, "--jobs", 1)
    out, err = _stream(b""), _stream(b"")
    with ExitStack() as changed:
        changed.enter_context(chdir(at))
        changed.enter_context(mock.patch.dict(os.environ, env or {}))
        changed.enter_context(mock.patch.object(sys, "argv", ["procsearch", *map(str, arguments)]))
        changed.enter_context(mock.patch.object(sys, "stdin", _stream(stdin)))
        changed.enter_context(redirect_stdout(out))
        changed.enter_context(redirect_stderr(err))
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Ran(code, _written(out), _written(err))


def start(*arguments: object, at: Path, env: Mapping[str, str] | None = None, **how: Any) -> subprocess.Popen[bytes]:
    """Start the command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "procsearch", *map(str, arguments)], cwd=at,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how},
    )  # fmt: skip


def run_process(*arguments: object, at: Path, env: Mapping[str, str] | None = None) -> Ran:
    """Run the command as a process of its own, to its end."""
    process = start(*arguments, at=at, env=env)
    out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out.decode(), err.decode())


def write_pages(folder: Path, **pages: str) -> Path:
    """HTML pages, each of one heading with the text under it, as ``folder/name.html``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(html(name, text), encoding="utf-8")
    return folder


def html(title: str, text: str) -> str:
    """A page with a title and its purpose."""
    return f"<html><body><h1>{title}</h1><h2>Purpose</h2><p>{text}</p></body></html>"


def _stream(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()

"""Pages as JSON Lines files. Imports nothing heavy: it stands in the measured processes of every engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Page = dict[str, Any]
"""A procedure as ``procsearch export`` prints it."""


def write_pages(pages: Iterable[Page], path: Path) -> None:
    """Write pages as JSON Lines; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(page, ensure_ascii=False) + "\n" for page in pages)
    unfinished.replace(path)


def read_pages(path: Path) -> Iterator[Page]:
    """The pages of a JSON Lines file, one at a time."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)

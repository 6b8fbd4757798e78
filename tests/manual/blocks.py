"""The code blocks of a page of the manual, and running them as a reader would.

======== =====================================================================
console  ``$ command`` lines with what they show; a here-document ends with EOF
sh, none the same, or one command a line without what it shows
python   run in one namespace a page; an ``output`` block after it is what it prints
any      a first line that is a comment with a file's name makes it that file
======== =====================================================================
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([a-z_]+\.(?:txt|py|sh|conf|jsonl))\n")
PROGRESS = re.compile(r"^(?:reading pages …|writing the index …)\n", re.MULTILINE)
NUMBER = re.compile(r"\d+\.\d+")
TIME = re.compile(r"\d+\.\d+(?= m?s\b)|(?:(?<=\"took\": )|(?<=\"seconds\": ))[\d.e-]+")


@dataclass(frozen=True)
class Block:
    """One code block: its language, text and line in the page."""

    language: str
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The name of the file that this block is, else None."""
        named = FILE.match(self.text)
        return named[1] if named else None

    def commands(self) -> Iterator[tuple[str, str | None]]:
        """The commands of a block of them, each with what it shows; None where the page shows nothing."""
        if not re.search(r"^\$ ", self.text, flags=re.MULTILINE):
            for line in self.text.splitlines():
                if shlex.split(line, comments=True):
                    yield line, None
            return
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            if "<<'EOF'" in command:
                document, _, shown = shown.partition("\nEOF\n")
                command = f"{command}\n{document}\nEOF\n"
            yield command, shown if shown.strip() else None


def blocks(page: Path) -> list[Block]:
    """All code blocks of a page in order; those that only Sphinx reads (``{…}``) are none."""
    text = page.read_text(encoding="utf-8")
    found = [Block(fence[1], fence[2], text.count("\n", 0, fence.start()) + 1) for fence in FENCE.finditer(text)]
    return [block for block in found if not block.language.startswith("{")]


def agrees(shown: str, told: str) -> bool:
    """Whether a page shows what was told.

    Times say nothing, ``…`` stands for anything, and other numbers with a point, which are scores, may differ by a
    tenth: they move a little with the version of a library.
    """
    pattern, wanted = [], []
    for piece in re.split(r"(…|\d+\.\d+(?: m?s\b)?)", _plain(shown)):
        if piece == "…":
            pattern.append(r"[\s\S]*?")
        elif NUMBER.fullmatch(piece):
            pattern.append(r"(\d+\.\d+)")
            wanted.append(float(piece))
        else:
            pattern.append(re.escape(piece))
    found = re.fullmatch("".join(pattern), _plain(PROGRESS.sub("", told)))
    return found is not None and all(
        abs(float(number) - want) <= 0.1 * want for number, want in zip(found.groups(), wanted, strict=True)
    )


def _plain(text: str) -> str:
    return TIME.sub("TIME", "\n".join(line.rstrip() for line in text.strip().splitlines()))

"""Makes ``indexer/stored_phrases.txt``, the phrases that stored procedures are compressed against.

The phrases come from the sample pages: those of one to three words that would save most, the most useful last, where
they are cheapest to refer to. Changing the file changes the index format: raise ``manifest.FORMAT`` with it.

    python -m benchmarks.stored_phrases
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from procsearch.corpus.pages import Page, find_pages
from procsearch.corpus.records import parse

SIZE = 4000
ROOT = Path(__file__).resolve().parent.parent


def phrases(texts: list[str], size: int) -> str:
    counts: Counter[str] = Counter()
    for text in texts:
        words = text.split(" ")
        counts.update({" ".join(words[at : at + n]) + " " for n in (1, 2, 3) for at in range(len(words) - n + 1)})
    chosen = ""
    for _, phrase in sorted(((count - 1) * len(phrase), phrase) for phrase, count in counts.items() if count > 2)[::-1]:
        if phrase not in chosen:
            chosen = phrase + chosen
        if len(chosen) > size:
            break
    return chosen


def main() -> None:
    pages = [page for page in find_pages([str(ROOT / "corpus" / "samples" / "pages")]) if isinstance(page, Page)]
    texts = []
    for procedure in map(parse, pages):
        sections = [f'[{number},"{section.heading}","{section.text}"],' for number, section in
                    enumerate(procedure.sections)]  # fmt: skip
        texts.append(f'"{procedure.descriptor}","{procedure.name}",' + "".join(sections).replace("\n", "\\n"))
    (ROOT / "indexer" / "stored_phrases.txt").write_text(phrases(texts, SIZE), encoding="utf-8")


if __name__ == "__main__":
    main()

"""What completions and corrections take: ``python -m benchmarks.suggestions --pages 100000``.

Names of pages are typed letter by letter, codes too, and words with one slip after their third letter; then such words
are searched for beside the right ones. Each is asked once, of an index just opened. Beside the times stands how often
the name (or the word that was meant) was among what came back.
"""

from __future__ import annotations

import random
import string
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from time import perf_counter

import click

from procsearch import Index, open_index, reindex

from .figures import percentile
from .pagefile import Page, read_pages
from .pages import page_file

_LETTERS = (1, 2, 3, 5, 8, 12, 20)
_LONG = 6
"""Letters of a word from which on a slip is made in it."""

Asked = tuple[str, str]
"""What is typed, and what was meant."""


def _with_slip(word: str, draw: random.Random) -> str:
    """``word`` with a letter left out, added or mistaken after the third."""
    place = draw.randrange(3, len(word))
    kept = place + draw.randrange(2)
    return word[:place] + draw.choice(("", draw.choice(string.ascii_lowercase))) + word[kept:]


def _long_words(names: list[str]) -> Iterator[str]:
    for name in names:
        yield from [word for word in name.split() if len(word) >= _LONG][:2]


def _typed(pages: list[Page], draw: random.Random) -> dict[str, list[Asked]]:
    """What is typed into the search field, by kind."""
    names = [page["name"] for page in pages]
    asked = {f"{length} letters of a name": [(name[:length], name) for name in names] for length in _LETTERS}
    asked["a word with a slip"] = [(_with_slip(word, draw), word) for word in _long_words(names)]
    asked["3 letters of a code"] = [(page["code"][:3], page["code"]) for page in pages if page["code"]]
    return asked


def _tell(name: str, asked: list[Asked], ask: Callable[[str, str], bool]) -> None:
    times, found = [], 0
    for typed, meant in asked:
        started = perf_counter()
        found += ask(typed, meant)
        times.append((perf_counter() - started) * 1e3)
    shown = "  ".join(f"{label} {percentile(times, at):6.2f}" for label, at in (("p50", 50), ("p95", 95), ("max", 100)))
    click.echo(f"{name:26} {len(asked):4} asked  {shown} ms  found {found / len(asked):4.0%}")


def _completes(index: Index) -> Callable[[str, str], bool]:
    return lambda typed, meant: any(meant.lower() in found.text.lower() for found in index.suggest(typed))


def _corrects(index: Index) -> Callable[[str, str], bool]:
    return lambda typed, meant: (index.search(typed).corrected or typed).lower() == meant.lower()


@click.command()
@click.option("--pages", default=100_000, show_default=True)
@click.option("--names", default=100, show_default=True, help="So many pages' names are typed.")
@click.option("--workdir", type=click.Path(path_type=Path), default=Path(tempfile.gettempdir()) / "procsearch-bench")
def main(*, pages: int, names: int, workdir: Path) -> None:
    """Print the percentiles of each kind of completion, and of searches with and without a slip."""
    file = page_file(workdir, pages)
    drawn = list(islice(read_pages(file), 0, None, max(1, pages // names)))[:names]
    draw = random.Random(1)
    words = list(_long_words([page["name"] for page in drawn]))
    with tempfile.TemporaryDirectory(dir=workdir) as scratch:
        reindex([file], scratch, jobs=2)
        index = open_index(scratch)
        index.suggest(string.ascii_lowercase)
        for name, asked in _typed(drawn, draw).items():
            _tell(name, asked, _completes(index))
        _tell("search, as it should be", [(word, word) for word in words], _corrects(index))
        _tell("search, with a slip", [(_with_slip(word, draw), word) for word in words], _corrects(index))


if __name__ == "__main__":
    main()

"""Index a folder of pages and answer a query, from a script.

python examples/script.py corpus/samples/pages "kidney stone blasting"
"""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

import procsearch


def answer(pages: str, query: str) -> str:
    """Index ``pages`` into a temporary place and give the hits for ``query`` as text."""
    with TemporaryDirectory() as folder:
        report = procsearch.reindex([pages], folder)
        for failed in report.failed:
            print(f"{failed.page}: {failed.reason}", file=sys.stderr)
        results = procsearch.open_index(folder).search(query, limit=5)
        lines = [f"{results.total} of {report.documents} procedures"]
        for hit in results.hits:
            lines += ["", f"{hit.name} ({hit.id})", f"  {hit.section}: {_marked(hit)}"]
        return "\n".join(lines)


def _marked(hit: procsearch.Hit) -> str:
    """The snippet with *stars* around the words that matched."""
    text = hit.snippet
    for start, end in reversed(hit.marks):
        text = f"{text[:start]}*{text[start:end]}*{text[end:]}"
    return text


if __name__ == "__main__":
    try:
        print(answer(*sys.argv[1:3]))
    except procsearch.ProcsearchError as error:
        sys.exit(str(error))
    except TypeError:
        sys.exit(f"usage: {sys.argv[0]} PAGES QUERY")

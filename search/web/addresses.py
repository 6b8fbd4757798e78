"""The addresses of pages: each holds the whole state of what it shows, below whatever path the app is mounted at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from .assets import versioned


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses below ``root``, the path that the app is mounted at."""

    root: str

    def search(self, query: str = "", filters: Mapping[str, Sequence[str]] | None = None, offset: int = 0) -> str:
        """The page of results."""
        pairs = [("q", query)] if query else []
        pairs += [("filter", f"{name}={value}") for name, values in (filters or {}).items() for value in values]
        pairs += [("offset", str(offset))] if offset else []
        return f"{self.root}/{'?' + urlencode(pairs, errors='replace') if pairs else ''}"

    def procedure(self, id: str, query: str = "") -> str:
        """A procedure's page, where the words of ``query`` are marked."""
        asked = "?" + urlencode({"q": query}, errors="replace") if query else ""
        return f"{self.root}/procedures/{quote(id, safe=':', errors='replace')}{asked}"

    def help(self) -> str:
        """Help for the query language."""
        return f"{self.root}/help"

    def suggest(self) -> str:
        """Where completions come from."""
        return f"{self.root}/api/suggest"

    def asset(self, name: str) -> str:
        """A file that pages load."""
        return self.root + versioned(name)

"""What stands in the head of an HTML page: its title, its address, its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .decoding import clean_text


class HeadReader:
    """Gathers title, canonical address and metadata from the elements that show no text, wherever they stand."""

    def __init__(self) -> None:
        self.title = ""
        self.canonical: str | None = None
        self.metadata: dict[str, str] = {}
        """Names (lower case) to values, from meta tags and JSON-LD."""
        self._element = ""  # whose text is wanted
        self._text: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if name == "meta":
            self._read_meta(attributes)
        elif name == "link":
            if "canonical" in attributes.get("rel", "").lower():
                self.canonical = self.canonical or attributes.get("href", "") or None
        elif (name == "title" and not self.title) or (
            name == "script" and "ld+json" in attributes.get("type", "").lower()
        ):
            self._element = name

    def data(self, text: str) -> None:
        """Some text of the element, or of those in it."""
        if self._element:
            self._text.append(text)

    def end(self) -> None:
        """The element that began last ends."""
        if not self._element:
            return
        text = "".join(self._text)
        if self._element == "title":
            self.title = clean_text(" ".join(text.split()))
        else:
            self._read_json_ld(text)
        self._element, self._text = "", []

    def _read_meta(self, attributes: Mapping[str, str]) -> None:
        name = (attributes.get("name") or attributes.get("property") or attributes.get("itemprop") or "").lower()
        if name and (value := attributes.get("content", "").strip()):
            self.metadata.setdefault(name, clean_text(value))

    def _read_json_ld(self, text: str) -> None:
        try:
            values = [json.loads(text)]
        except (ValueError, RecursionError):
            return
        while values:
            value = values.pop()
            if isinstance(value, list):
                values.extend(reversed(value))
            elif isinstance(value, dict):
                for name in ("codeValue", "codingSystem", "code"):
                    if isinstance(value.get(name), str):
                        self.metadata.setdefault(name.lower(), clean_text(value[name]))
                if str(value.get("@type", "")).startswith("Medical") or "@graph" in value or "mainEntity" in value:
                    values.extend(v for v in value.values() if isinstance(v, dict | list))

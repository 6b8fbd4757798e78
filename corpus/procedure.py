"""What parsing a page gives: a procedure with its sections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SECTION_KINDS = (
    "summary", "purpose", "indications", "preparation", "steps", "duration", "setting", "personnel",
    "risks", "benefits", "recovery", "alternatives", "experience", "other",
)  # fmt: skip
"""The kinds of section in page order; ``other`` keeps text whose heading fits none of the rest."""


@dataclass(frozen=True, slots=True)
class Section:
    """One headed part of a page; ``text`` has one line per paragraph or list item, without bullets or numbers."""

    kind: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class SimilarCode:
    """A reference from a page to another procedure code."""

    system: str | None
    code: str | None
    descriptor: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Procedure:
    """One procedure: the official wording of its code, its names and its sections.

    ``descriptor`` is the official wording at the head of a page; ``code`` and ``system`` are None where not known.
    ``warnings`` says in words what was odd about the page.
    """

    id: str
    system: str | None = None
    code: str | None = None
    descriptor: str = ""
    name: str = ""
    common_names: tuple[str, ...] = ()
    medical_terms: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    similar_codes: tuple[SimilarCode, ...] = ()
    source: str = ""
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def title(self) -> str:
        """What to call the procedure in a list: its name, else the descriptor, else the code or id."""
        return self.name or self.descriptor or self.code or self.id

    def to_json(self) -> dict[str, Any]:
        """The procedure as the JSON object of the command line and the HTTP API."""
        return {
            "id": self.id,
            "system": self.system,
            "code": self.code,
            "descriptor": self.descriptor,
            "name": self.name,
            "common_names": list(self.common_names),
            "medical_terms": list(self.medical_terms),
            "sections": [{"kind": s.kind, "heading": s.heading, "text": s.text} for s in self.sections],
            "similar_codes": [
                {"system": s.system, "code": s.code, "descriptor": s.descriptor, "url": s.url}
                for s in self.similar_codes
            ],
            "source": self.source,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Procedure:
        """The procedure that :meth:`to_json` wrote; ValueError or KeyError tells what does not fit."""
        sections = tuple(Section(str(s["kind"]), str(s["heading"]), str(s["text"])) for s in data["sections"])
        for section in sections:
            if section.kind not in SECTION_KINDS:
                raise ValueError(f"unknown section kind {section.kind!r}")
        return cls(
            id=str(data["id"]),
            system=data["system"],
            code=data["code"],
            descriptor=str(data["descriptor"]),
            name=str(data["name"]),
            common_names=tuple(map(str, data["common_names"])),
            medical_terms=tuple(map(str, data["medical_terms"])),
            sections=sections,
            similar_codes=tuple(
                SimilarCode(s["system"], s["code"], str(s["descriptor"]), s["url"]) for s in data["similar_codes"]
            ),
            source=str(data["source"]),
            warnings=tuple(map(str, data["warnings"])),
        )

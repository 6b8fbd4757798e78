"""The sixteen text fields every engine indexes, with the boosts every engine that has boosts is given."""

from __future__ import annotations

from typing import Any

BOOSTS = {
    "name": 5.0, "names": 4.0, "descriptor": 3.0, "summary": 2.0, "purpose": 1.5, "indications": 1.5,
    "preparation": 1.0, "steps": 1.0, "duration": 0.5, "setting": 0.5, "personnel": 0.5, "risks": 1.0,
    "benefits": 1.0, "recovery": 1.0, "alternatives": 1.0, "experience": 0.75,
}  # fmt: skip
"""Field and boost; ``names`` holds the common names and the medical terms."""
FIELDS = tuple(BOOSTS)


def text_fields(page: dict[str, Any]) -> dict[str, str]:
    """The text of each field of a page."""
    texts = dict.fromkeys(FIELDS, "")
    texts["name"] = page["name"]
    texts["descriptor"] = page["descriptor"]
    texts["names"] = "\n".join([*page["common_names"], *page["medical_terms"]])
    for section in page["sections"]:
        texts[section["kind"]] = section["text"]
    return texts

"""What sections, code systems and tiers are called on pages."""

from __future__ import annotations

SECTIONS = {
    "summary": "Summary", "purpose": "Purpose", "indications": "Indications", "preparation": "Preparation",
    "steps": "Procedure description", "duration": "Duration", "setting": "Setting", "personnel": "Personnel",
    "risks": "Risks and complications", "benefits": "Benefits", "recovery": "Recovery",
    "alternatives": "Alternatives", "experience": "Patient experience", "other": "More on the page",
    "name": "Name", "common_names": "Common names", "medical_terms": "Medical terms", "descriptor": "Official wording",
    "code": "Code", "system": "Code system", "similar_codes": "Similar codes",
}  # fmt: skip
"""The sections and the other fields of a page."""

SYSTEMS = {"CPT4": "CPT", "HCPCS": "HCPCS", "ICD10PCS": "ICD-10-PCS"}
"""The usual code systems; any other is called as it calls itself."""

TIERS = {
    "exact": "Matches your words",
    "stem": "Matches another form of a word",
    "synonym": "Matches a word of the same meaning",
    "prefix": "Matches the beginning of a word",
    "corrected": "Matches a corrected spelling",
    "semantic": "Close in meaning",
}
"""Why a hit matched, by the loosest way in which a word had to match."""

MATCHES = {
    "exact": "as typed", "stem": "other form", "synonym": "same meaning", "prefix": "beginning",
    "corrected": "corrected", "semantic": "close in meaning",
}  # fmt: skip
"""How one word matched another."""

FACETS = {"system": "Code system", "section": "Found in"}
"""The headings of facets."""


def facet_value(field: str, value: str) -> str:
    """What a value of a facet is called."""
    names = SYSTEMS if field == "system" else SECTIONS if field == "section" else {}
    return names.get(value, value)

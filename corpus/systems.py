"""Code systems, their usual spellings and the forms of their codes.

To add a system, add one line to ``SYSTEMS``.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import NamedTuple


class CodeSystem(NamedTuple):
    """A code system: its canonical name, the form of its codes (upper case) and how people write its name."""

    name: str
    form: str
    spellings: tuple[str, ...]


SYSTEMS = (
    CodeSystem("CPT4", r"\d{4}[0-9FTU]", ("CPT", "CPT4", "CPT-4", "CPT I", "Current Procedural Terminology")),
    CodeSystem("CDT", r"D\d{4}", ("CDT", "ADA", "ADA dental", "Current Dental Terminology")),
    CodeSystem("HCPCS", r"[A-V]\d{4}", ("HCPCS", "HCPCS2", "HCPCS II", "HCPCS Level II", "HCPCS Level 2")),
    CodeSystem("ICD10PCS", r"(?=\D*\d)[0-9A-HJ-NP-Z]{7}", ("ICD10PCS", "ICD-10-PCS", "ICD 10 PCS", "PCS")),
    CodeSystem("ICD10CM", r"[A-Z]\d[0-9AB](?:\.?[0-9A-Z]{1,4})?", ("ICD10CM", "ICD-10-CM", "ICD10", "ICD-10")),
    CodeSystem(
        "ICD9Proc", r"\d{2}\.?\d{1,2}", ("ICD9Proc", "ICD-9-Proc", "ICD-9 Procedure", "ICD9PCS", "ICD-9-CM Procedure",
                                         "ICD-9-CM Volume 3", "ICD-9-CM Vol 3"),
    ),
    CodeSystem("ICD9CM", r"[EV]?\d{2,3}(?:\.?\d{1,2})?", ("ICD9CM", "ICD-9-CM", "ICD9", "ICD-9")),
    CodeSystem("OPCS4", r"[A-Z]\d{2}(?:\.?\d)?", ("OPCS", "OPCS4", "OPCS-4")),
    CodeSystem("SNOMEDCT", r"\d{6,18}", ("SNOMED", "SNOMED CT", "SCT", "SNOMED-CT")),
    CodeSystem("LOINC", r"\d{1,7}-\d", ("LOINC",)),
    CodeSystem("MSDRG", r"\d{3}", ("DRG", "MS-DRG")),
    CodeSystem("APC", r"\d{4}", ("APC",)),
    CodeSystem("CCAM", r"[A-Z]{4}\d{3}", ("CCAM",)),
    CodeSystem("OPS", r"\d-\d{2}[0-9A-Z](?:\.[0-9A-Z]{1,2})?", ("OPS",)),
    CodeSystem("ACHI", r"\d{5}-\d{2}", ("ACHI",)),
)  # fmt: skip

_DOTTED = {"ICD10CM": 3, "ICD9CM": 3, "ICD9Proc": 2, "OPCS4": 3}  # digits before the dot that addresses leave out
_BY_NAME = {system.name: system for system in SYSTEMS}


def _lookup_key(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


_BY_SPELLING = {_lookup_key(spelling): system for system in SYSTEMS for spelling in (system.name, *system.spellings)}


def system_named(text: str | None) -> str | None:
    """The canonical name of the system that ``text`` spells ("CPT® code", "hcpcs-codes"); None if it spells none."""
    if text in _BY_NAME:
        return text
    key = _lookup_key(text or "")
    for end in ("procedurecodes", "procedurecode", "codes", "code", "lookup"):
        if key.endswith(end) and key.removesuffix(end) in _BY_SPELLING:
            key = key.removesuffix(end)
            break
    system = _BY_SPELLING.get(key)
    return system.name if system else None


@cache
def _form(system: str) -> re.Pattern[str]:
    return re.compile(_BY_NAME[system].form, re.ASCII)


def read_code(text: str, system: str | None) -> str | None:
    """``text`` as a code of ``system`` in its canonical form, else None; dots that addresses leave out come back."""
    code = text.strip().strip(".").upper()
    if system is None or not _form(system).fullmatch(code):
        return None
    digits = _DOTTED.get(system)
    return f"{code[:digits]}.{code[digits:]}" if digits and len(code) > digits and "." not in code else code


def procedure_id(system: str | None, code: str | None, source: str) -> str:
    """The id of a procedure: ``cpt4:36904`` where the code is known, else ``page:`` and a hash of ``source``."""
    if system and code:
        return f"{system.lower()}:{code.upper()}"
    return "page:" + hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:16]

"""The public code sets as pages: one page a code, its long descriptor as the name."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from .pagefile import Page, write_pages

FOLDER = Path(__file__).resolve().parents[1] / ".." / "shared" / "codes"
CODE_SETS = {"hcpcs": "HCPCS", "icd10pcs": "ICD10PCS"}


def code_set_file(workdir: Path, name: str) -> Path:
    """The JSON Lines file of a code set, written at the first call; FileNotFoundError where the set is not at hand."""
    source = FOLDER / f"{name}.jsonl.gz"
    path = workdir / f"codes-{name}.jsonl"
    if not path.exists():
        if not source.exists():
            raise FileNotFoundError(f"the code set {name} is not beside the checkout")
        write_pages(_pages(source, CODE_SETS[name]), path)
    return path


def _pages(source: Path, system: str) -> Iterator[Page]:
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield {
                "id": f"{system.lower()}:{record['code'].upper()}",
                "system": system,
                "code": record["code"],
                "descriptor": "",
                "name": record["long"],
                "common_names": [],
                "medical_terms": [],
                "sections": [],
                "similar_codes": [],
                "source": source.name,
                "warnings": [],
            }

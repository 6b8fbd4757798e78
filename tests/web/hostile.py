"""Pages with markup and control characters in every field."""

from __future__ import annotations

import json
from pathlib import Path

import procsearch
from tests.places import SAMPLES

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x1b[31m\u202e"


def write_hostile(path: Path) -> Path:
    """Pages with markup and control characters in every field."""
    hostile = {
        "id": "web:<b>'\"/../?#", "system": "<i>X</i>", "code": "H<1>", "descriptor": f"Hostilium {HOSTILE}",
        "name": f"Hostilium {HOSTILE}", "common_names": [HOSTILE], "medical_terms": [HOSTILE],
        "sections": [{"kind": "summary", "heading": HOSTILE, "text": f"hostilium {HOSTILE}\n{HOSTILE}"}],
        "similar_codes": [{"system": HOSTILE, "code": HOSTILE, "descriptor": HOSTILE, "url": "javascript:alert(1)"}],
        "source": "javascript:alert(1)", "warnings": [],
    }  # fmt: skip
    path.write_text(json.dumps(hostile) + "\n", encoding="utf-8")
    return path


def index_samples_and_hostile(folder: Path) -> Path:
    """An index of the sample pages and of hostile ones, in a folder inside ``folder``."""
    procsearch.reindex([SAMPLES / "pages", write_hostile(folder / "hostile.jsonl")], folder / "index")
    return folder / "index"

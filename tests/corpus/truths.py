# ruff: noqa: E501 - tables of words read best as lines of words
"""Known procedures for the tests of parsing: random, but with the sentences that trip parsers."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

KINDS = (
    "summary", "purpose", "indications", "preparation", "steps", "duration", "setting", "personnel",
    "risks", "benefits", "recovery", "alternatives", "experience",
)  # fmt: skip

CANONICAL = {
    "summary": "Summary", "purpose": "Purpose", "indications": "Indications", "preparation": "Preparation",
    "steps": "Procedure Description", "duration": "Duration", "setting": "Setting", "personnel": "Personnel",
    "risks": "Risks and Complications", "benefits": "Benefits", "recovery": "Recovery",
    "alternatives": "Alternatives", "experience": "Patient Experience",
}  # fmt: skip

OTHER_WORDINGS = {
    "summary": ("Overview", "What Is It?", "About the Procedure", "At a Glance", "Introduction", "About This Procedure"),
    "purpose": ("Why It's Done", "Why the Procedure Is Performed", "Goals", "Purpose of the Procedure", "Why is it done?"),
    "indications": ("Who Needs It", "Who Is a Candidate?", "Indications for Surgery", "When Is It Recommended?",
                    "Indications & Eligibility"),
    "preparation": ("How to Prepare", "Preparing for Your Procedure", "Pre-Procedure Preparation", "Getting Ready",
                    "How do I prepare for the procedure?"),
    "steps": ("How the Test Is Performed", "How It's Done", "What Happens During the Procedure", "Procedure Steps",
              "Step-by-Step", "How is the procedure performed?", "Surgical Technique"),
    "duration": ("How Long It Takes", "Length of Procedure", "Time Required", "How long does it take?",
                 "Duration of the Procedure"),
    "setting": ("Where It's Done", "Location", "Place of Service", "Where is it performed?", "Care Setting"),
    "personnel": ("Who Performs It", "Care Team", "Medical Team", "Who is involved?", "Staff & Specialists"),
    "risks": ("Potential Risks & Side Effects", "Possible Complications", "Risks", "What are the risks?",
              "Risks / Complications", "Side Effects"),
    "benefits": ("Advantages", "Expected Benefits", "What are the benefits?", "Benefits of the Procedure", "Pros"),
    "recovery": ("Aftercare", "Recovery & Aftercare", "Post-Procedure Care", "Recovery After the Procedure",
                 "Follow-Up Care", "Recovery Time"),
    "alternatives": ("Other Options", "Alternative Treatments", "Alternatives to Surgery", "Treatment Alternatives",
                     "What are the alternatives?"),
    "experience": ("What to Expect", "What It Feels Like", "How the Test Will Feel", "The Patient Experience",
                   "What will I feel?"),
}  # fmt: skip

_ORGANS = (
    "knee|kidney|bladder|artery|wrist|retina|gallbladder|cornea|sinus|thyroid|dialysis graft|Müllerian duct".split("|")
)
_ACTS = "biopsy|drainage|thrombectomy|repair|ablation|angioplasty|resection|scan|injection|implantation".split("|")
_WORDS = (
    "patient vessel catheter site doctor clot small tissue needle image bandage incision monitor fluid nerve contrast dye "
    "hospital clinic medication dose blood pressure bleeding infection pain mild severe rare gentle careful early naïve "
    "sterile local wound stitch tube balloon stent probe screen signal result sample laboratory pathologist week day hour"
).split()
_PARAGRAPHS = (
    "The {organ} is examined & treated under <local> anesthesia, e.g. with 5% lidocaine.",
    "Dr. Ménière’s protocol “A–B” is followed; see the {organ} guideline (2019) for {w}.",
    "It lasts 1 to 2 hours, but may take longer if the {organ} is {w}.",
    "Performed in a hospital {w} suite or an outpatient center.",
    "Recovery is quick and the benefits outweigh the risks for most with a {w} {organ}.",
    "Call 555-867-5309 or write to P.O. Box 90210 before 1985 if the {w} changes.",
    "Patients need preparation: fasting, {w}, and a talk about alternatives.",
)
_ITEMS = (
    "Common risks: bleeding, {w} at the site, allergic reactions to the dye.",
    "Rare risks: damage to the {organ}, {w} complications.",
    "During the procedure: little to no {w} due to sedation.",
    "After the procedure: mild {w}, manageable with medication.",
    "Surgical {w}: more invasive and requires a longer recovery time.",
    "Nurse",
    "Anesthesiologist (if sedation is used)",
    "Radiology technologist",
    "{w} surgeon",
    "Avoid heavy {w} – or strenuous activities – for 3-5 days.",
    "2.5 mg of {w} twice a day",
    "Management of complications involves {w} care.",
    "Pain near the {organ} & swelling > 2 cm",
    "Follow-up appointments to monitor the {organ}",
    "The patient is positioned, prepped, and the {w} is sterilized.",
    "Reduced need for more invasive procedures on the {organ}",
)


@dataclass(frozen=True)
class Truth:
    """What a page says: for every kind its lines, and whether they are a list."""

    system: str
    code: str
    descriptor: str
    name: str
    common_names: list[str]
    medical_terms: list[str]
    sections: dict[str, list[str]]
    lists: frozenset[str]
    similar: list[tuple[str, str, str]]
    other: tuple[str, list[str]] | None = None
    headings: dict[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        words = "".join(c if c.isascii() and c.isalnum() else "-" for c in self.descriptor.lower())
        return "-".join(word for word in words.split("-") if word)[:60].strip("-")


def _fill(rng: Random, pattern: str) -> str:
    return pattern.replace("{organ}", rng.choice(_ORGANS)).replace("{w}", rng.choice(_WORDS))


def _sentence(rng: Random) -> str:
    words = " ".join(rng.choices(_WORDS, k=rng.randint(5, 16)))
    return words[0].upper() + words[1:] + "."


def _paragraphs(rng: Random) -> list[str]:
    return [_fill(rng, rng.choice(_PARAGRAPHS)) + " " + _sentence(rng) for _ in range(rng.choice((1, 1, 1, 2)))]


def _items(rng: Random) -> list[str]:
    patterns = rng.sample(_ITEMS, k=rng.randint(2, 5))
    items = [_fill(rng, pattern) for pattern in patterns]
    items = [item[0].upper() + item[1:] for item in items]
    items[-1] = _sentence(rng)
    return list(dict.fromkeys(items))


def _code(rng: Random, system: str) -> str:
    if system == "CPT4":
        return f"{rng.randint(10021, 69990):05d}"
    if system == "HCPCS":
        return f"{rng.choice('ACEGJKQ')}{rng.randint(100, 9999):04d}"
    if system == "ICD9Proc":
        return f"{rng.randint(1, 86):02d}.{rng.randint(10, 99)}"
    return "0" + "".join(rng.choices("0123456789BCDFGHJKX", k=6))


def _similar_descriptor(rng: Random) -> str:
    return f"{rng.choice(_ACTS).title()} of {rng.choice(_ORGANS)}" + rng.choice(
        ("", "", " (all imaging)", " [bundled]")
    )


def make_truth(rng: Random, *, other_wordings: bool = False) -> Truth:
    """A random procedure; with ``other_wordings`` its sections are headed in other words than the usual."""
    system = rng.choice(("CPT4", "CPT4", "HCPCS", "ICD10PCS", "ICD9Proc"))
    organ, act = rng.choice(_ORGANS), rng.choice(_ACTS)
    lists = frozenset(kind for kind in KINDS if kind not in ("summary", "duration", "setting") and rng.random() < 0.75)
    kinds = [kind for kind in KINDS if rng.random() < 0.93]
    headings = {k: rng.choice(OTHER_WORDINGS[k]) if other_wordings else CANONICAL[k] for k in KINDS}
    similar = [(system, _code(rng, system), _similar_descriptor(rng)) for _ in range(3)]
    name = f"{act.title()} of the {organ.title()}" + rng.choice(("", " (Minimally Invasive)", " with Imaging"))
    descriptor = f"{act.capitalize()}, {organ}, any method, including all imaging" + rng.choice(("", ",", "; complete"))
    sections = {k: _items(rng) if k in lists else _paragraphs(rng) for k in kinds}
    if "setting" in sections and rng.random() < 0.15:
        sections["setting"] = [rng.choice(("Home", "Home / clinic", "Search and rescue helicopter"))]
    return Truth(
        system=system,
        code=_code(rng, system),
        descriptor=name.capitalize() if rng.random() < 0.1 else descriptor,
        name=name,
        common_names=[f"{organ.title()} {act}"] + ([f"{organ} procedure"] if rng.random() < 0.3 else []),
        medical_terms=[f"Percutaneous {act} and {organ} lysis"],
        sections=sections,
        lists=lists,
        similar=similar if rng.random() < 0.7 else [],
        other=("Insurance Coverage", [_sentence(rng), _sentence(rng)]) if rng.random() < 0.25 else None,
        headings=headings,
    )

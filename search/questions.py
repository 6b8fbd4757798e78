"""Questions about one section of a page: what in a query says which.

"risks of colonoscopy", "how long does it take", "who performs it", "what to eat before": the words that name a section
choose the one that a hit comes back with. They change no ranking, so nothing is lost where they are meant otherwise.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ..indexer.analysis import STOP_WORDS, terms


class Cue(NamedTuple):
    """A sign that section ``kind`` is asked for: how strong it is, and the telling words that make it."""

    kind: str
    weight: float
    words: frozenset[str]


_DOCTOR = r"(doctor|surgeon|specialist|physician|nurse|therapist|technician)s?"
_DONE = r"(done|performed|carried out|made|given|inserted|placed|put in|scored|measured|collected|work|works)"

_CUES: dict[str, tuple[tuple[float, str], ...]] = {
    "risks": (
        (1.0, r"risks?|risky|dangers?|dangerous|complications?|side effects?|adverse|hazards?|harm|harmful|go(es)? wrong"),
        (1.0, r"(is|are) .*\b(un)?safe|safety|how safe|problems?|fail|fails|failure rate|death rate|die from|again after"),
    ),
    "duration": (
        (1.0, r"how long|how much time|duration|time does|how many (minutes|hours|days|weeks|sessions|visits|treatments)"),
        (0.6, r"length of|last|lasts|all day"),
    ),
    "preparation": (
        (0.9, r"before|prior to|ahead of|beforehand"),
        (1.0, r"prepar\w+|get(ting)? ready|fast|fasting|bring|(stop|keep) taking|empty stomach|the night before"),
    ),
    "recovery": (
        (0.7, r"after|afterwards|following"),
        (1.0, r"recover\w*|heal|heals|healing|aftercare|after care|get(ting)? over|follow ups?|how soon|how often"),
        (1.0, r"when (can|may|will|could|should) (i|we|my|he|she|you)|back to|go(ing)? home|(look|looking) after"),
        (1.0, r"(care|caring) for|clean|cleaning|maintain|living with|live with|life (after|with)|shower\w*|bath\w*|driv\w+"),
        (1.2, r"when (is|are|do|does) .*\b(removed|taken out|come out|come off|changed|taken off)|precautions|warning signs"),
        (1.2, r"how long (until|till|before i|before you|after|off|to stay|to rest|to wait|in hospital|in bed)|foods? to avoid"),
        (1.2, r"how long .*\b(recover|recovery|heal|healing|off work|in bed|in hospital|back to \w+)|recovery time"),
    ),
    "personnel": (
        (0.9, r"^who"),
        (1.0, rf"(which|what|what kind of|what type of|what sort of) {_DOCTOR}|(done|performed|given|read) by|staff|team"),
    ),
    "indications": (
        (1.2, r"who (needs?|should|can (have|get)|qualifies|gets?|benefits|is eligible|is it for)|candidates?|eligible"),
        (1.1, r"indications?|indicated|do i need|need(ing)? (a|an|this|to have)|should i (have|get)|reasons? (for|to)"),
        (1.1, r"when (is|are|do|does|would|should) .*\b(needed|necessary|recommended|required|used|advised|repaired|done)"),
        (1.1, r"symptoms|signs? (that|of needing)|criteria|qualify for"),
    ),
    "purpose": ((1.2, r"^why|purpose|what for|used for|goals?|aims?|point of|meant to"), (0.9, r"what (is|are) .+ for$")),
    "setting": ((1.2, r"^where|outpatient|inpatient|(in|at) (a |the )?(hospital|clinic|office)|which (hospital|clinic)"),),
    "benefits": (
        (1.2, r"benefits?|advantages?|pros|worth it|success rates?|how (well|effective|successful)|good for"),
        (1.1, r"(does|will|do) .*\b(help|improve)|how much (do|does|will|can)|results"),
    ),
    "alternatives": (
        (1.2, r"alternatives?|instead|other (options?|treatments?|ways?|choices?|therapies|methods?|than)|options?"),
        (1.2, r"something else|without (surgery|an operation)|besides|rather than|versus|vs|avoid(ing)? (surgery|having)"),
        (0.9, r"without"),
    ),
    "experience": (
        (1.2, r"feels?|feel like|hurts?|painful|awake|uncomfortable|unpleasant|discomfort|(be|it) like|loud|noisy|scary"),
        (1.2, r"claustrophobi\w+|sensations?|how bad is"),
        (0.5, r"pain|sore|burn"),
    ),
    "steps": (
        (1.0, rf"how (is|are|do|does|a|an|the) .*\b{_DONE}|steps?|what happens|what do they do|how to (use|do|collect|perform)"),
        (0.8, r"how (is|are|do they|does it)|technique|procedure for"),
    ),
    "summary": ((0.8, r"^what (is|are|s) (a |an |the )?\w+( \w+){0,2}$|definition|meaning of|overview|explain|tell me about"),),
}  # fmt: skip

_PATTERNS = [
    (kind, weight, re.compile(rf"\b(?:{pattern})\b".replace(r"\b(?:^", r"(?:^")))
    for kind, cues in _CUES.items()
    for weight, pattern in cues
]


@lru_cache(maxsize=1024)
def cues_of(query: str) -> tuple[Cue, ...]:
    """What in ``query`` says which section it asks for: for each kind of section the strongest sign."""
    text = " ".join(terms(query))
    if " " not in text:
        return ()
    found: dict[str, Cue] = {}
    for kind, weight, pattern in _PATTERNS:
        match = pattern.search(text)
        if match and (kind not in found or weight > found[kind].weight):
            words = match[0].split()
            ends = words if len(words) < 3 else () if kind == "summary" else (words[0], words[-1])
            telling = [word for word in ends if word not in STOP_WORDS]
            found[kind] = Cue(kind, weight, frozenset(telling))
    return tuple(found.values())

"""The words that generated pages are written in: stop words, common words, medical compounds and their inflected forms.

Everything is derived from a seed, so every machine writes the same pages.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

STOP_WORDS = (
    "the of and to in a is for with or be may by are as an on that it this at from can not which after if during such"
    " will your before any when these your other into more than their all has have been was also each they there used"
    " no but about some between both most only through while should where who out up over under then so its do does"
    " you we our them what how very same until because once those further here again him her his she he me my too"
).split()  # in falling order of frequency

COMMON_WORDS = (
    "patient procedure blood clot vessel catheter dialysis surgery surgeon nurse doctor pain bleed infect wound heal"
    " skin tissue bone muscle nerve heart lung kidney liver brain stomach bowel bladder breast throat neck shoulder"
    " elbow wrist hip knee ankle foot hand finger spine chest abdomen pelvis artery vein valve graft stent implant"
    " device needle suture stitch incision cut drain tube scope camera laser image scan ray dye contrast test sample"
    " biopsy culture dose drug medicine antibiotic sedate anesthesia local general minor major risk benefit common"
    " rare severe mild acute chronic early late left right upper lower open closed partial complete repair replace"
    " remove insert inject infuse dissolve restore treat manage monitor assess examine measure position prepare clean"
    " sterilize cover bandage dress fast drink eat walk lift rest sleep return home hospital clinic room suite office"
    " center hour day week month year visit follow appoint instruct advise avoid limit continue stop start resume"
    " improve reduce increase prevent cause relieve control detect diagnose confirm guide thread place fix fuse graft"
    " transplant donor recipient cancer tumor lesion cyst stone polyp ulcer fracture tear rupture hernia swell fever"
    " nausea vomit cough breath fluid pressure flow rate level sugar oxygen sodium iron protein cell gene virus allergy"
    " react medication history record consent insurance team specialist technician therapist assistant family child"
    " adult infant woman man age weight height body head face eye ear nose mouth tooth jaw tongue gland node disease"
    " disorder syndrome defect injury trauma burn bruise scar numb weak tired dizzy rigid block narrow widen close"
    " access site line port pump balloon wire mesh plate screw pin joint tendon ligament disc cartilage membrane lens"
    " retina cornea duct sphincter uterus ovary prostate testis spleen pancreas colon rectum thyroid marrow plasma"
).split()

_ROOTS = (
    "nephr cardi hepat gastr enter col rect cyst ureter urethr pyel oste arthr chondr my tend neur encephal mening myel"
    " spondyl crani cephal ophthalm retin kerat blephar ot tympan myring rhin sinus laryng trache bronch pneum thorac"
    " pleur angi arteri phleb thromb embol vascul hemat lymph splen aden thyroid pancreat cholangi cholecyst oophor"
    " salping hyster colp mast orchi prostat vas derm cutane onych lip fibr carcin sarc blast cyt hist path pharmac"
    " tox radi sono fluor electr cry therm hydr pyr gloss stomat odont gingiv esophag duoden jejun ile append hern"
).split()
_SUFFIXES = (
    "ectomy otomy ostomy oplasty opexy orrhaphy oscopy ography ogram itis osis oma opathy algia emia uria olysis"
    " ostasis otripsy ocentesis odesis ometry otherapy ologist ology ogenic otoxic ocyte oblast oplegia oparesis"
).split()
_PREFIXES = "peri endo hyper hypo trans sub inter intra extra micro macro poly pan para retro supra neo auto".split()

_ONSETS = "b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sc sh sl sp st str t th tr v w".split()
_NUCLEI = "a a e e i i o o u u ai ea ee ie oa ou".split()
_CODAS = "b ck d f g l ll m mp n nd nt p r rd rk rm rn rt s sh st t tch x".split()
_ENDINGS = "al ance ant ary ate ence ent er ery ic ify ing ion ish ism ist ity ive ize le ment or ous ure y".split()

PHRASE_HEADS = "graft vessel access circuit pressure flow disease repair device fracture implant culture tube".split()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words with how often each is drawn; ``weights`` run beside ``words``, ``topic_weights`` for page topics."""

    words: list[str]
    weights: list[float]
    topic_weights: list[float]
    phrases: list[str]


def _inflections(lemma: str) -> list[str]:
    """The forms of a lemma, commonest first: clot, clots, clotted, clotting."""
    if lemma.endswith(("s", "x", "sh", "ch")):
        plural = lemma + "es"
    elif lemma.endswith("y") and lemma[-2:-1] not in "aeiou":
        plural = lemma[:-1] + "ies"
    else:
        plural = lemma + "s"
    if lemma.endswith("e"):
        return [lemma, plural, lemma + "d", lemma[:-1] + "ing"]
    stem = lemma
    short = len(lemma) <= 5 and lemma[-1] in "bdgmnpt" and lemma[-2] in "aeiou" and lemma[-3:-2] not in "aeiou"
    if short:
        stem = lemma + lemma[-1]
    past = lemma[:-1] + "ied" if lemma.endswith("y") and lemma[-2] not in "aeiou" else stem + "ed"
    return [lemma, plural, past, stem + "ing"]


def _compound(draw: random.Random) -> str:
    prefix = draw.choice(_PREFIXES) if draw.random() < 0.6 else ""
    return prefix + draw.choice(_ROOTS) + draw.choice(_SUFFIXES)


def _plain_word(draw: random.Random) -> str:
    syllable = draw.choice(_ONSETS) + draw.choice(_NUCLEI)
    if draw.random() < 0.5:
        syllable += draw.choice(_CODAS) + draw.choice(_NUCLEI)
    return syllable + draw.choice(_CODAS) + (draw.choice(_ENDINGS) if draw.random() < 0.6 else "")


@cache
def vocabulary(seed: int = 1, lemmas: int = 18_000) -> Vocabulary:
    """The vocabulary of a seed: two to four forms of each lemma, lemmas falling off as Zipf and Mandelbrot say."""
    draw = random.Random(seed)
    common = list(dict.fromkeys(COMMON_WORDS))
    draw.shuffle(common)
    seen = set(common) | set(STOP_WORDS)
    rest: list[str] = []
    compounds: set[str] = set()
    while len(common) + len(rest) < lemmas:
        is_compound = draw.random() < 0.35
        word = _compound(draw) if is_compound else _plain_word(draw)
        if word not in seen:
            seen.add(word)
            rest.append(word)
            if is_compound:
                compounds.add(word)
    words: dict[str, tuple[float, float]] = {}
    for rank, lemma in enumerate(common + rest):
        often, topical = 1 / (rank + 6) ** 1.05, 1 / (rank + 60) ** 0.75
        forms = list(dict.fromkeys(_inflections(lemma)))[: 2 if lemma in compounds else 4]
        for share, form in zip((0.5, 0.25, 0.13, 0.12), forms, strict=False):
            words.setdefault(form, (share * often, share * topical))
    phrases = [f"{draw.choice(common)} {draw.choice(rest[:2000])} {draw.choice(PHRASE_HEADS)}" for _ in range(1000)]
    phrases += [f"{draw.choice(common)} {draw.choice(PHRASE_HEADS)}" for _ in range(1000)]
    return Vocabulary(list(words), [w for w, _ in words.values()], [t for _, t in words.values()], phrases)

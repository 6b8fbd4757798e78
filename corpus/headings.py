"""Which words on a page head which section.

To teach procsearch a wording, add it to ``WORDINGS`` (or, for one site, to a file read by :func:`load_headings`).
Case, numbering, punctuation, Markdown marks, "&" for "and", a leading "the" or "your" and a trailing "of …" or
"for …" need no entry of their own, nor does a pair of wordings joined by "and".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .blocks import DASHES
from .errors import ProcsearchError
from .procedure import SECTION_KINDS

FIELD_KINDS = ("name", "common_names", "medical_terms", "descriptor", "code", "similar_codes", "furniture")
"""What a heading may introduce besides a section; ``furniture`` is dropped with what stands under it."""

WORDINGS = {
    "summary": """
        summary | overview | introduction | about | about the procedure | about this procedure | brief summary
        short summary | procedure overview | procedure summary | quick summary | in brief | at a glance | key points
        what is it | what it is | what is | what is this | what is this procedure | what is the procedure | definition
        description | general description | general information | background | synopsis | abstract | in short
        what does it involve | what is involved | key facts | summary of procedure | test overview | surgery overview
        treatment overview | about this test | about this treatment | about this surgery | what you should know
        the basics | about it | what you need to know | the short version | plain language summary | basics
        what this is
    """,
    "purpose": """
        purpose | purposes | goal | goals | aim | aims | objective | objectives | why it is done | why its done
        why is it done | why is this done | why it is performed | why is it performed | why is the procedure performed
        why the procedure is performed | why the procedure is done | why the test is performed | why is this test done
        why is the test performed | why this procedure is performed | why is this procedure done
        reason for procedure | reason for the procedure | reasons for the procedure | rationale | what is it for
        what it is for | what its for | what is it used for | what it is used for | used for | uses | use | why do it
        what it does | what does it do | intended use | why would i need it | why have it | why its performed
        why it is used | medical purpose | clinical purpose | treatment goals | treatment goal | intent
        what it treats | conditions treated | why | purpose of procedure | what problem does it solve | why we do it
        what this procedure does
    """,
    "indications": """
        indication | indications | indications for procedure | indications for surgery | indications for use
        medical indications | clinical indications | who needs it | who needs this | who needs this procedure
        who needs the procedure | who is it for | who it is for | who should have it | who should have this procedure
        who should get it | who should get this | who might need it | who may need it | who may need this
        who is a candidate | who is a good candidate | good candidates | candidates | candidacy | ideal candidates
        patient selection | eligibility | when it is used | when is it used | when it is needed | when is it needed
        when it is done | when is it done | when it is recommended | when is it recommended | when is it performed
        when it is performed | when to have it | when it is indicated | when its needed | reasons to have it
        symptoms that may call for it | who qualifies | who can have it | do i need it | when to consider it
        signs you may need it | conditions that call for it | when would i need it | who is eligible
        typical patients | common indications | reasons you might need it | who is this for
        when your doctor may suggest it
    """,
    "preparation": """
        preparation | preparations | prepare | preparing | how to prepare | how do i prepare | how should i prepare
        how do you prepare | how you prepare | preparing for it | preparing for the procedure
        preparing for procedure | preparing for surgery | preparing for your procedure | preparing for the test
        patient preparation | preparation for procedure | preparation for surgery | getting ready | get ready
        pre procedure | pre procedure preparation | pre procedure instructions | preprocedure care | pre op
        preoperative | preoperative preparation | preoperative care | preoperative instructions
        pre operative instructions | pre operative preparation | pre op instructions | what to do before
        what to do beforehand | beforehand | how to get ready | before you come in | before you arrive
        how to prepare for the test | prep | prep work | what to expect before the procedure
        what to expect before surgery | what to do before the procedure | what to do before surgery
        what you need to do before | planning | planning and preparation | patient prep | steps to take beforehand
        how to prepare for it
    """,
    "steps": """
        procedure description | description of procedure | description of the procedure | procedure details
        procedure | procedure steps | steps | step by step | step by step description | how it is done | how its done
        how is it done | how it is performed | how its performed | how is it performed | how the test is performed
        technique | method | how the procedure is performed | how is the procedure performed
        how the procedure is done | surgical steps | how is the procedure done | how the surgery is performed
        how is the test performed | how the test is done | how it works | how does it work | what happens
        what happens during the procedure | surgical technique | what happens during surgery | what happens during it
        what happens during the test | the procedure itself | what is done | what the doctor does | what we do
        what the surgeon does | operative technique | methods | operative steps | procedural steps | operation
        details of the procedure | description of operation | process | the process | procedure technique
        how we do it | treatment steps | treatment description | walkthrough | detailed description
        detailed procedure | procedure process | what will happen | operative description | procedure walkthrough
        operative procedure | step by step guide | how the operation is done | what takes place
    """,
    "duration": """
        duration | time | length | length of procedure | procedure time | procedure length | procedure duration
        how long it takes | how long does it take | how long will it take | how long is it | how long does it last
        how long the procedure takes | how long does the procedure take | time required | time needed | timing
        expected duration | typical duration | estimated duration | estimated time | expected time | how long
        approximate duration | length of time | time taken | operating time | operative time | time frame | timeframe
        how long does the test take | how long does surgery take | average duration | total time | usual length
    """,
    "setting": """
        setting | settings | location | locations | place | place of service | site of service | facility | where
        where it is done | where its done | where is it done | where it is performed | where is it performed | venue
        where it happens | where does it take place | where it takes place | where is the procedure performed
        where the procedure is performed | where the procedure is done | care setting | clinical setting | facilities
        procedure setting | treatment setting | type of facility | where will it be done | where you have it
        where you go | where to have it | setting of care | where the procedure takes place | location of procedure
    """,
    "personnel": """
        personnel | staff | team | care team | medical team | surgical team | your care team | healthcare team
        health care team | the team | who performs it | who performs the procedure | who performs this procedure
        who does it | who performs this | who is involved | people involved | providers | healthcare providers
        health care providers | medical personnel | medical staff | specialists | specialists involved | practitioners
        performed by | who will be there | who will perform it | who does the procedure | who carries it out
        clinicians | healthcare professionals | health professionals | health care professionals
        professionals involved | provider | staff involved | personnel involved | required personnel
        the people involved | who will do it | operators | who will perform the procedure | team members
        who you will see | who takes part | doctors | operating team | meet the team | who is in the room
    """,
    "risks": """
        risks and complications | risk | risks | complication | complications | potential risks | possible risks
        potential complications | possible complications | side effects | potential side effects
        possible side effects | adverse effects | adverse events | dangers | hazards | safety | what are the risks
        what are the complications | risks of procedure | what are the possible complications
        what are the possible risks | is it safe | how safe is it | what can go wrong | what could go wrong
        warnings | precautions | risks involved | surgical risks | procedure risks | known risks
        risk and complication profile | drawbacks | disadvantages | cons | downsides | safety information
        unwanted effects | what are the side effects | safety concerns | safety considerations | associated risks
        things that can go wrong | key risks | possible problems | potential problems | problems | is it dangerous
        are there risks | are there any risks | potential harms | harms
    """,
    "benefits": """
        benefit | benefits | advantage | advantages | potential benefits | expected benefits | possible benefits
        pros | what are the benefits | what are the advantages | key benefits | benefits of procedure | why choose it
        upsides | expected outcomes | expected benefit | positive outcomes | what are the pros | health benefits
        gains | outcomes | outcome | how it helps | how it can help | what you gain | expected results
        why it helps | success rate | success rates | effectiveness | how well it works | does it work
        how effective is it | value | patient benefits | what you stand to gain | how it may help you
        what good it does
    """,
    "recovery": """
        recovery | aftercare | after care | recovering | post procedure | post procedure care | postprocedure care
        recovery and aftercare | postoperative care | post operative care | post op care | postop | post op
        postoperative | post procedure instructions | postoperative instructions | recovery time | recovery period
        recovery process | convalescence | healing | healing time | follow up | follow up care | rehabilitation
        what happens afterwards | afterwards | afterward | after | what to do after | what happens after
        recovery at home | home care | going home | your recovery | after your procedure | after surgery
        discharge instructions | discharge | recuperation | rehab | what happens after the procedure
        what happens after surgery | recovery timeline | care after the procedure | care after surgery
        getting better | getting back to normal | what happens next | at home afterwards
        what to expect after the procedure | what to expect after surgery | what to expect afterwards
        post surgical care | after treatment care | looking after yourself | back home | care at home
    """,
    "alternatives": """
        alternative | alternatives | alternative treatments | alternative procedures | alternative options | options
        other options | other treatments | other treatment options | treatment alternatives | treatment options
        what are the alternatives | are there alternatives | what are my options | alternatives to procedure
        alternative therapies | other choices | other approaches | alternative approaches | what else could be done
        what else can be done | possible alternatives | are there other options | other ways to treat it | other ways
        other procedures to consider | what are the other options | instead of this | different options | choices
        substitutes | what else is there | what you could do instead | other possibilities
    """,
    "experience": """
        patient experience | the patient experience | experience | what to expect | what can i expect
        patient perspective | what should i expect | what you can expect | what you will feel | how it feels
        how it will feel | what it feels like | how does it feel | what does it feel like | how the test will feel
        how the procedure will feel | what you may feel | how the procedure feels | patient comfort | comfort
        will it hurt | does it hurt | is it painful | what will i feel | what patients experience | what patients feel
        patient expectations | expectations | what the patient feels | what it is like | what its like | discomfort
        pain and discomfort | what you might feel | patient feelings | patient journey | your experience
        what will it feel like | patients view | for the patient | what patients say | what patients can expect
        how will i feel | how you will feel | what patients go through
    """,
    "name": """
        name of the procedure | name of procedure | procedure name | name | title | name of the test
        name of the surgery | name of the treatment | official name | what it is called | procedure title | full name
        names of the procedure | name of the operation | called
    """,
    "common_names": """
        common name | common names | commonly called | commonly known as | also known as | aka | also called
        other names | other name | alternate names | alternative names | alternate name | alternative name | lay name
        lay names | lay term | lay terms | layman term | layman terms | laymans term | synonyms | synonym | known as
        popular name | popular names | everyday name | everyday names | common terms | common term | plain name
        patients call it
    """,
    "medical_terms": """
        medical term | medical terms | medical name | medical names | clinical term | clinical terms | clinical name
        clinical names | technical term | technical terms | technical name | technical names | scientific name
        medical terminology | technical terminology | formal name | formal names | doctors call it
        medically known as
    """,
    "descriptor": """
        descriptor | official descriptor | code descriptor | code description | long descriptor | official description
        full descriptor | long description | official wording | cpt description | hcpcs description | code definition
    """,
    "code": """
        code | codes | procedure code | billing code | procedure codes | code information | code details
        medical code | code number | coding | code and system | system | code system | coding system
    """,
    "similar_codes": """
        similar codes | related codes | similar procedures | related procedures | see also codes | similar code
        related procedure codes | similar procedure codes | other similar codes | nearby codes | adjacent codes
        codes like this | more codes like this | comparable codes | neighboring codes | codes in this family
    """,
    "furniture": """
        related links | related articles | related pages | related topics | related content | related posts
        related reading | you may also like | you might also like | you may also be interested in
        recommended for you | recommended | recommended reading | more articles | more from this site | more like this
        read next | read more | see also | share | share this | share this page | share this article | follow us
        connect with us | newsletter | subscribe | sign up for our newsletter | table of contents | contents
        on this page | in this article | jump to | page contents | advertisement | advertisements | sponsored
        sponsored links | sponsored content | cookies | cookie notice | we use cookies | cookie policy
        cookie settings | your privacy | privacy settings | we value your privacy | leave a comment | leave a reply
        comments | navigation | menu | main menu | site navigation | quick links | popular articles | popular posts
        popular pages | trending | trending now | most read | latest news | latest posts | recent posts
        find a doctor | find a provider | categories | tags | archives | search | was this helpful
        was this page helpful | useful links | links | explore more | people also viewed | log in | sign in | legal
    """,
}  # fmt: skip

SUBORDINATE = {
    "preparation": """
        before the procedure | before | before it | before surgery | before the test | before your procedure
    """,
    "steps": """
        during the procedure | during | during surgery | during the test | during your procedure | during it
        anesthesia | anaesthesia | tools | instruments | equipment used
    """,
    "recovery": """
        after the procedure | after it | after the test | after treatment | recovery instructions | immediately after
    """,
    "risks": """
        common risks | rare risks | serious risks | minor risks | major risks | general risks | specific risks
        common complications | rare complications | serious complications | common side effects | short term risks
        long term risks | management of complications | less common risks | potential complication
    """,
    "benefits": "short term benefits | long term benefits | immediate benefits | main benefits",
    "experience": "pain management | pain | pain control | pain level | sensations",
    "indications": "symptoms | conditions | contraindications | criteria | patient criteria | diagnosis",
    "personnel": "surgeon | nurse | anesthesiologist | anesthetist | anaesthetist",
    "setting": "inpatient | outpatient | equipment",
}
"""Wordings that head a section only where they stand as high as the others: elsewhere they divide one."""

_NUMBERING = re.compile(
    r"(?:section|part|step|chapter)?\s*(?:\d{1,2}(?:\.\d{1,2})*|[ivx]{1,4}|[a-n])\s?[.):\-\u2013\u2014]\s*(?=\S)",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:(?<=alternatives)\sto"
    r"|\s(?:of|for|from|after|before|with|in|during|associated with|following|involved in|you should know))\b[^:]*$"
)
_AND = re.compile(r"\s*(?:&|/|\+|,|;|\band/or\b|\band\b|\bor\b)\s*")
_SUBJECT = re.compile(
    r"(?:this|the|your|my|an?)\s+"
    r"(?:procedure|surgery|test|operation|treatment|exam|examination|scan|intervention|process)"
)
_ARTICLE = re.compile(r"(?:the|your|an?|its|our|my|any|some)\s+")
_NOT_A_LETTER = re.compile(r"[\W_]")
_ASCII_ONLY_LETTERS = {code: None for code in range(128) if not chr(code).isalnum()}
_MAX_LENGTH = 120  # characters; a longer line is no heading
_MAX_SENTENCE = 40  # characters; a longer line that ends as a sentence does is no heading


class Heading(NamedTuple):
    """What a wording heads: a section kind or a field kind; ``subordinate`` if it may only divide a section."""

    kind: str
    subordinate: bool = False


def squeeze(wording: str) -> str:
    """``wording`` without case, accents, marks, punctuation and spaces: what the table is looked up by."""
    if "&" in wording or "+" in wording:
        wording = wording.replace("&", " and ").replace("+", " and ")
    if wording.isascii():
        return wording.lower().translate(_ASCII_ONLY_LETTERS)
    return _NOT_A_LETTER.sub("", unicodedata.normalize("NFKD", wording).casefold())


class HeadingTable:
    """The wordings of the tables above and, before them, the user's own."""

    def __init__(self, extra: Mapping[str, str] | None = None) -> None:
        """Raise ProcsearchError if ``extra`` maps to an unknown kind."""
        self._table: dict[str, Heading] = {}
        for kind, wordings in SUBORDINATE.items():
            self._add(wordings, Heading(kind, subordinate=True))
        for kind, wordings in WORDINGS.items():
            self._add(wordings, Heading(kind))
        for wording, kind in (extra or {}).items():
            self._table[squeeze(wording)] = Heading(_known_kind(kind))
        self._exact = lru_cache(maxsize=20_000)(self._find_exact)
        self._loose = lru_cache(maxsize=20_000)(self._find_loose)

    def _add(self, wordings: str, heading: Heading) -> None:
        for wording in wordings.replace("\n", "|").split("|"):
            if key := squeeze(wording):
                self._table.setdefault(key, heading)

    def exact(self, text: str) -> Heading | None:
        """What ``text`` heads, by the wording as it stands (but for case, numbering and marks)."""
        return self._exact(text) if _may_be_heading(text) else None

    def read(self, text: str, about: str = "") -> Heading | None:
        """What ``text`` heads, also where it goes on "of …" or names its subject; for lines marked as headings.

        ``about`` is the page's name: "Colonoscopy Risks" on the page on colonoscopy heads its risks.
        """
        return self._exact(text) or self._loose(text, about) if _may_be_heading(text) else None

    def _find_exact(self, text: str) -> Heading | None:
        if found := self._table.get(squeeze(text)):
            return found
        plain = text.strip(" #*_").casefold()
        if numbering := _NUMBERING.match(plain):
            plain = plain[numbering.end() :]
            if found := self._table.get(squeeze(plain)):
                return found
        parts = [part for part in _AND.split(plain) if part]
        kinds = [self._table.get(squeeze(_without_article(part))) for part in parts]
        return kinds[0] if len(kinds) > 1 and all(kinds) else None

    def _find_loose(self, text: str, about: str) -> Heading | None:
        plain = text.strip(" #*_").casefold().replace("\u2019", "'").strip(" :?.!" + DASHES)
        if numbering := _NUMBERING.match(plain):
            plain = plain[numbering.end() :]
        if about and plain != (subject := about.casefold()):
            plain = " ".join(plain.replace(subject, " it ").split())
        bare, generic = _without_article(plain), _SUBJECT.sub("it", plain)
        variants = (
            bare,
            generic,
            re.sub(r"^it(?:'s)?\s*:?|\bit$", "", generic),
            _TAIL.sub("", bare),
            re.sub(r"\s*\([^()]*\)$", "", bare),
            re.sub(r"^what is an?\s.*", "what is it", plain),
        )
        return next((found for variant in variants if (found := self._table.get(squeeze(variant)))), None)


def _may_be_heading(text: str) -> bool:
    if len(text) > _MAX_LENGTH or not text:
        return False
    return len(text) <= _MAX_SENTENCE or text[-1] not in ".,;"


@lru_cache(maxsize=16)
def _table_for(extra: tuple[tuple[str, str], ...]) -> HeadingTable:
    return HeadingTable(dict(extra))


def heading_table(extra: Mapping[str, str] | None = None) -> HeadingTable:
    """The table with the user's wordings, kept between pages; ProcsearchError if a kind is unknown."""
    return _table_for(tuple(sorted((extra or {}).items())))


def load_headings(path: str | Path) -> dict[str, str]:
    """The user's wordings from a file of lines ``their wording = kind``; ``#`` begins a comment.

    Raises ProcsearchError that names the file and the line.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeError, ValueError) as error:
        raise ProcsearchError(f"{path}: the headings cannot be read: {error}") from error
    headings: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        wording, equals, kind = line.rpartition("=")
        if not equals or not squeeze(wording):
            raise ProcsearchError(f"{path}, line {number}: expected 'wording = kind', not {line.strip()!r}")
        try:
            headings[wording.strip()] = _known_kind(kind)
        except ProcsearchError as error:
            raise ProcsearchError(f"{path}, line {number}: {error}") from None
    return headings


def _known_kind(kind: str) -> str:
    name = kind.strip().lower().replace(" ", "_")
    if name not in SECTION_KINDS and name not in FIELD_KINDS:
        known = ", ".join((*SECTION_KINDS, *FIELD_KINDS))
        raise ProcsearchError(f"unknown kind of section {kind.strip()!r}; the kinds are {known}")
    return name


def _without_article(text: str) -> str:
    article = _ARTICLE.match(text)
    return text[article.end() :] if article else text

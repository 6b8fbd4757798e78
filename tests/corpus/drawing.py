"""How a procedure that is known (see truths.py) is drawn in HTML: its pieces, and the usual page made of them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from .truths import Truth

Render = Callable[[Truth, Random], str]

STAGES = {"purpose": "Goals of Treatment", "preparation": "Before the Procedure", "recovery": "After the Procedure"}


def shape(name: str, shapes: dict[str, Render]) -> Callable[[Render], Render]:
    """Keeps what it decorates among ``shapes``."""

    def register(render: Render) -> Render:
        shapes[name] = render
        return render

    return register


def e(text: str) -> str:
    """Text as HTML, some of it with named entities as editors write them."""
    return html.escape(text, quote=False).replace("–", "&ndash;").replace("’", "&rsquo;")


def label(system: str) -> str:
    return {"CPT4": "CPT4 code", "HCPCS": "HCPCS code", "ICD10PCS": "ICD-10-PCS code", "ICD9Proc": "ICD9Proc code"}[
        system
    ]


def similar_link(entry: tuple[str, str, str]) -> str:
    system, code, descriptor = entry
    slug = re.sub(r"[^a-z]+", "-", descriptor.lower()).strip("-")
    return f'<a href="/code/{system.lower()}/{code}-{slug}">{code} - {e(descriptor)}</a>'


def parts(t: Truth) -> list[tuple[str, list[str], bool]]:
    """Headings, lines, and whether they are a list, in page order."""
    found = [(t.headings[kind], lines, kind in t.lists) for kind, lines in t.sections.items()]
    if t.other:
        found.append((t.other[0], t.other[1], False))
    return found


def body(lines: list[str], is_list: bool, ordered: bool = False) -> str:
    if not is_list:
        return "\n".join(f"<p>{e(line)}</p>" for line in lines)
    tag = "ol" if ordered else "ul"
    return f"<{tag}>\n" + "\n".join(f"<li>{e(line)}</li>" for line in lines) + f"\n</{tag}>"


def names(t: Truth) -> str:
    common = "".join(f"<li>Common Name: {e(n)}</li>" for n in t.common_names)
    return f"<p>{e(t.name)}</p>\n<ul>{common}<li>Medical Term: {e(t.medical_terms[0])}</li></ul>"


def similar(t: Truth) -> str:
    return "<ul>" + "".join(f"<li>{similar_link(entry)}</li>" for entry in t.similar) + "</ul>" if t.similar else ""


def whole(t: Truth, head: Callable[[str], str], wrap: Callable[[str], str] = lambda s: s) -> str:
    """The usual page, its headings drawn by ``head`` and each section by ``wrap``."""
    out = [f"<p>Search all medical codes</p><p>{e(t.descriptor)}</p><p>{label(t.system)}</p>"]
    out.append(wrap(head("Name of the Procedure:") + names(t)))
    for heading, lines, is_list in parts(t):
        out.append(wrap(head(heading) + "\n" + body(lines, is_list, ordered="Step" in heading or "Proc" in heading)))
    out.append(wrap(head("Similar Codes") + similar(t)))
    return "\n".join(out)


def staged(t: Truth) -> Truth:
    """The procedure on a site that heads its parts by stages: elsewhere the same words stand in the text."""
    return replace(t, headings=t.headings | STAGES)

"""The shapes that scrapers give to a page as text: what a reader mode shows, and Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random

from .drawing import Render, label, parts, shape, staged
from .truths import Truth

TEXT_SHAPES: dict[str, Render] = {}
text_shape = partial(shape, shapes=TEXT_SHAPES)


def _reader(t: Truth, rng: Random) -> str:
    trapped = rng.random() < 0.5
    out = f"Search all medical codes\n\n{t.descriptor}\n\n{label(t.system)}\n\nName of the Procedure:\n\n{t.name}\n\n"
    out += "".join(f"  • Common Name: {n}\n" for n in t.common_names) + f"  • Medical Term: {t.medical_terms[0]}\n\n"
    was_list = False
    for heading, lines, is_list in parts(t):
        out += ("    " if trapped and was_list and heading != "Insurance Coverage" else "") + heading + "\n\n"
        marks = (f"{n}." if "Proc" in heading else "•" for n in range(1, 99))
        out += "".join(f"  {next(marks)} {line}\n" for line in lines) if is_list else "\n\n".join(lines) + "\n"
        out, was_list = out + "\n", is_list
    return out + "Similar Codes\n" + "".join(f"\n  • {code} {descriptor}" for _, code, descriptor in t.similar)


@text_shape("reader text")
def reader_text(t: Truth, rng: Random) -> str:
    # Without any mark a heading of unknown words is a line like any other.
    text = _reader(t, rng)
    return text.replace("\nInsurance Coverage\n", "\n## Insurance Coverage\n")


@text_shape("reader text, lines close together")
def _close(t: Truth, rng: Random) -> str:
    return re.sub(r"\n{2,}", "\n", reader_text(t, rng))


@text_shape("reader text, cut to a width")
def _wrapped(t: Truth, rng: Random) -> str:
    lines = []
    for line in reader_text(t, rng).splitlines():
        indent = (
            " " * (len(line) - len(line.lstrip()) + 2)
            if line.startswith("  ") and line.strip()[:1] in "•123456789"
            else ""
        )
        current = ""
        for word in line.split(" "):
            if len(current) + len(word) > 75 and current.strip():
                lines.append(current)
                current = indent + "  " + word if indent else word
            else:
                current = f"{current} {word}" if current or not word else word
                if not word:
                    current += ""
        lines.append(current)
    return "\n".join(lines)


@text_shape("stages in lines of their own")
def _stages_in_lines(t: Truth, rng: Random) -> str:
    capitals = rng.random() < 0.5
    out = f"{t.name}\n{'=' * len(t.name)}\n\n{label(t.system)}: {t.code}\nOfficial description: {t.descriptor}\n"
    out += f"Common names: {'; '.join(t.common_names)}\nMedical terms: {t.medical_terms[0]}\n\n"
    for heading, lines, is_list in parts(replace(staged(t), other=None)):
        out += f"{heading.upper() if capitals else heading}:\n"
        out += "".join(f"- {line}\n" if is_list else f"{line}\n" for line in lines) + "\n"
    out += f"## {t.other[0]}\n" + "\n".join(t.other[1]) + "\n\n" if t.other else ""
    return out + "Similar codes:\n" + "".join(f"- {code} {descriptor}\n" for _, code, descriptor in t.similar)


@text_shape("stages before their text")
def _stages_before_text(t: Truth, rng: Random) -> str:
    out = f"{t.descriptor}\n\n{label(t.system)}\n\nName of the Procedure: {t.name}\n\n"
    out += "".join(f"* Common Name: {n}\n" for n in t.common_names) + f"* Medical Term: {t.medical_terms[0]}\n\n"
    for heading, lines, is_list in parts(replace(staged(t), other=None)):
        text = "\n\n" + "\n".join(f"* {line}" for line in lines) if is_list else " " + "\n\n".join(lines)
        out += f"{heading}:{text}\n\n"
    out += f"## {t.other[0]}\n\n" + "\n\n".join(t.other[1]) + "\n\n" if t.other else ""
    return out + "Similar Codes:\n\n" + "".join(f"* {code} - {descriptor}\n" for _, code, descriptor in t.similar)


def _markdown(t: Truth, head: Callable[[str], str]) -> str:
    out = f"{t.descriptor}\n\n*{label(t.system)}*\n\n{head('Name of the Procedure')}\n\n{t.name}\n\n"
    out += (
        "".join(f"- **Common Name:** {n}\n" for n in t.common_names) + f"- **Medical Term:** {t.medical_terms[0]}\n\n"
    )
    for heading, lines, is_list in parts(t):
        out += head(heading) + "\n\n"
        marks = (f"{n}." if "Proc" in heading else "-" for n in range(1, 99))
        out += "\n".join(f"{next(marks)} {line}" for line in lines) if is_list else "\n\n".join(lines)
        out += "\n\n"
    links = [f"- [{code} - {descriptor}](/code/{system.lower()}/{code}-x)" for system, code, descriptor in t.similar]
    return out + head("Similar Codes") + "\n\n" + "\n".join(links)


@text_shape("markdown")
def _atx(t: Truth, rng: Random) -> str:
    return _markdown(t, lambda h: f"## {h}")


@text_shape("markdown, closed and bold marks")
def _atx_closed(t: Truth, rng: Random) -> str:
    return _markdown(t, lambda h: f"### **{h}:** ###")


@text_shape("markdown, underlined")
def _setext(t: Truth, rng: Random) -> str:
    return _markdown(t, lambda h: f"{h}\n{'-' * len(h)}")


@text_shape("markdown, bold lines")
def _md_bold(t: Truth, rng: Random) -> str:
    return _markdown(t, lambda h: f"**{h}**")

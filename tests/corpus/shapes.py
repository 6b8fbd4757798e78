# ruff: noqa: E501 - markup is drawn as it stands on pages, dashes and all
"""The shapes that sites and scrapers give to a page: each renders a known procedure (see truths.py) into one page.

Nothing here shares a table with the parser. Every page of HTML stands among noise: text with a word of ``NOISE`` in it,
of which nothing may be found in what is parsed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import NamedTuple

from .truths import Truth

NOISE = ("zorblatt", "quuxly", "frobnitz", "wibblesome")
Render = Callable[[Truth, Random], str]


class Page(NamedTuple):
    """A page as a scraper keeps it."""

    data: bytes
    source: str
    url: str | None = None
    content_type: str | None = None


HTML_SHAPES: dict[str, Render] = {}
TEXT_SHAPES: dict[str, Render] = {}
NEEDS_OTHER_WORDINGS = {
    "other wordings in h3",
    "other wordings in bold",
    "other wordings in divs",
    "named after the procedure",
}


def html_shape(name: str) -> Callable[[Render], Render]:
    def register(render: Render) -> Render:
        HTML_SHAPES[name] = render
        return render

    return register


def text_shape(name: str) -> Callable[[Render], Render]:
    def register(render: Render) -> Render:
        TEXT_SHAPES[name] = render
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


# -- headings as elements ------------------------------------------------------------------------------------------


@html_shape("h2")
def _h2(t: Truth, rng: Random) -> str:
    return whole(t, lambda h: f"<h2>{e(h)}</h2>")


@html_shape("h1 to h6, any")
def _any_h(t: Truth, rng: Random) -> str:
    level = rng.randint(1, 6)
    return whole(t, lambda h: f"<h{level} id='x{len(h)}'>{e(h)}:</h{level}>")


@html_shape("descriptor as h1, name in the list")
def _h1_descriptor(t: Truth, rng: Random) -> str:
    page = whole(t, lambda h: f"<h3><span>{e(h)}</span></h3>")
    return page.replace(f"<p>{e(t.descriptor)}</p>", f"<h1>{e(t.descriptor)}</h1>")


@html_shape("name as h1, descriptor below")
def _h1_name(t: Truth, rng: Random) -> str:
    out = f"<h1>{e(t.name)}</h1><div class='code-meta'>{label(t.system)}: {t.code}</div><p>{e(t.descriptor)}</p>"
    out += f"<p><em>Also known as:</em> {e(', '.join(t.common_names))}</p><p>Medical term: {e(t.medical_terms[0])}</p>"
    for heading, lines, is_list in parts(t):
        out += f"<h2>{e(heading)}</h2>{body(lines, is_list)}"
    return out + "<h2>Related Codes</h2>" + similar(t)


@html_shape("capitals")
def _capitals(t: Truth, rng: Random) -> str:
    return whole(t, lambda h: f"<h4>{e(h.upper())} :</h4>")


@html_shape("bold paragraphs")
def _bold(t: Truth, rng: Random) -> str:
    return whole(t, lambda h: f"<p><strong>{e(h)}</strong></p>")


@html_shape("bold and br")
def _bold_br(t: Truth, rng: Random) -> str:
    out = f"{e(t.descriptor)}<br><br>{label(t.system)}<br><br><b>Name of the Procedure:</b><br>{e(t.name)}<br>"
    out += "".join(f"&bull; Common Name: {e(n)}<br>" for n in t.common_names)
    out += f"&bull; Medical Term: {e(t.medical_terms[0])}<br><br>"
    for heading, lines, is_list in parts(t):
        mark = "&bull;&nbsp;" if is_list else ""
        out += f"<b>{e(heading)}</b><br>" + "".join(f"{mark}{e(line)}<br/>" for line in lines) + "<br>"
    return f"<div><p>{out}<b>Similar Codes</b><br>" + "<br>".join(map(similar_link, t.similar)) + "</p></div>"


@html_shape("br only, headings bare")
def _br_only(t: Truth, rng: Random) -> str:
    out = (
        f"Search all medical codes<br>{e(t.descriptor)}<br>{label(t.system)}<br>Name of the Procedure: {e(t.name)}<br>"
    )
    out += "".join(f"* Common Name: {e(n)}<br>" for n in t.common_names)
    out += f"* Medical Term: {e(t.medical_terms[0])}<br>"
    for heading, lines, is_list in parts(t):
        head = f"<b>{heading}</b>" if heading == "Insurance Coverage" else e(heading)
        out += f"<br>{head}<br>" + "".join(f"{'- ' if is_list else ''}{e(line)}<br>" for line in lines)
    return out + "<br>Similar Codes<br>" + "<br>".join(map(similar_link, t.similar))


@html_shape("dl")
def _dl(t: Truth, rng: Random) -> str:
    out = f"<p>{e(t.descriptor)}</p><p>{label(t.system)}</p><dl><dt>Name of the Procedure</dt><dd>{names(t)}</dd>"
    for heading, lines, is_list in parts(t):
        dds = body(lines, is_list) if rng.random() < 0.5 else "</dd><dd>".join(map(e, lines))
        out += f"<dt>{e(heading)}</dt><dd>{dds}</dd>"
    return out + f"<dt>Similar Codes</dt><dd>{similar(t)}</dd></dl>"


@html_shape("divs with classes")
def _divs(t: Truth, rng: Random) -> str:
    style = rng.choice(("section-title", "procedure__heading", "card-header", "field-label", "block-title"))
    return whole(t, lambda h: f'<div class="{style}">{e(h)}</div>', lambda s: f'<div class="card section">{s}</div>')


@html_shape("spans in a line")
def _spans(t: Truth, rng: Random) -> str:
    out = f"<p>{e(t.descriptor)}</p><p>{label(t.system)}</p><h2>Name of the procedure</h2>{names(t)}"
    for heading, lines, is_list in parts(t):
        if is_list or len(lines) > 1:
            out += f'<div class="row"><span class="label">{e(heading)}</span>{body(lines, is_list)}</div>'
        else:
            out += f'<div class="row"><span class="label">{e(heading)}</span><span class="value">{e(lines[0])}</span></div>'
    return out + f'<div class="row"><span class="label">Similar Codes</span>{similar(t)}</div>'


@html_shape("unclosed tags")
def _unclosed(t: Truth, rng: Random) -> str:
    page = whole(t, lambda h: f"<h3>{e(h)}</h3>")
    return re.sub(r"</(p|li|ul|ol)>", lambda m: "" if m[1] in "pli" else m[0], page)


@html_shape("heading in a list item")
def _in_item(t: Truth, rng: Random) -> str:
    page = whole(t, lambda h: f"<h3>{e(h)}</h3>")
    return re.sub(r"</li>\s*</ul>\s*(<h3>.*?</h3>)", r"\n\1</li></ul>", page)


@html_shape("bold heading trapped in a list item")
def _bold_in_item(t: Truth, rng: Random) -> str:
    page = whole(t, lambda h: f"<p><b>{e(h)}</b></p>")
    return re.sub(r"</li>\s*</ul>\s*<p>(<b>(?!Similar).*?</b>)</p>\s*<ul>", r"</li><li>\1</li>", page)


@html_shape("text on the line of the heading")
def _inline(t: Truth, rng: Random) -> str:
    out = f"<p>{e(t.descriptor)}</p><p>{label(t.system)}</p><p><b>Name of the Procedure:</b> {e(t.name)}</p>"
    out += f"<p><b>Common Names:</b> {e('; '.join(t.common_names))}</p><p><b>Medical Terms:</b> {e(t.medical_terms[0])}</p>"
    for heading, lines, is_list in parts(t):
        if is_list:
            out += f"<p><b>{e(heading)}:</b></p>{body(lines, True)}"
        else:
            out += f"<p><b>{e(heading)}</b>: {e(lines[0])}</p>" + body(lines[1:], False)
    return out + f"<p><b>Similar Codes:</b></p>{similar(t)}"


@html_shape("plain heading: text")
def _plain_inline(t: Truth, rng: Random) -> str:
    out = f"<div>{e(t.descriptor)}</div><div>{label(t.system)}</div><div>Name of the Procedure: {e(t.name)}</div>"
    out += f"<div>Common Name: {e('; '.join(t.common_names))}</div><div>Medical Term: {e(t.medical_terms[0])}</div>"
    for heading, lines, is_list in parts(t):
        if is_list or heading == "Insurance Coverage":
            out += f"<div>{'<b>' * (not is_list)}{e(heading)}:{'</b>' * (not is_list)}</div>{body(lines, is_list)}"
        else:
            out += f"<div>{e(heading)}: {e(lines[0])}</div>" + "".join(f"<div>{e(line)}</div>" for line in lines[1:])
    return out + f"<div>Similar Codes:</div>{similar(t)}"


@html_shape("table of rows")
def _rows(t: Truth, rng: Random) -> str:
    cell = rng.choice(("th", "td"))
    out = f"<p>{e(t.descriptor)}</p><p>{label(t.system)}</p><table class='table'><tbody>"
    out += f"<tr><{cell}>Name of the Procedure</{cell}><td>{names(t)}</td></tr>"
    for heading, lines, is_list in parts(t):
        text = body(lines, is_list) if is_list or len(lines) > 1 else e(lines[0])
        out += f"<tr><{cell}>{e(heading)}</{cell}><td>{text}</td></tr>"
    return out + f"<tr><{cell}>Similar Codes</{cell}><td>{similar(t)}</td></tr></tbody></table>"


@html_shape("table, heading above text")
def _stacked(t: Truth, rng: Random) -> str:
    out = f"<table border=0 width=600><tr><td><font size=4>{e(t.descriptor)}</font></td></tr><tr><td>{label(t.system)}</td></tr>"
    out += f"<tr><td><b>Name of the Procedure</b></td></tr><tr><td>{names(t)}</td></tr>"
    for heading, lines, is_list in parts(t):
        out += f"<tr bgcolor=#eee><th colspan=2>{e(heading)}</th></tr><tr><td>{body(lines, is_list)}</td></tr>"
    return out + f"<tr><th>Similar Codes</th></tr><tr><td>{similar(t)}</td></tr></table>"


@html_shape("similar codes in a table")
def _similar_table(t: Truth, rng: Random) -> str:
    page = whole(t, lambda h: f"<h2>{e(h)}</h2>")
    rows = "".join(f'<tr><td><a href="/code/{s.lower()}/{c}">{c}</a></td><td>{e(d)}</td></tr>' for s, c, d in t.similar)
    table = f"<table><thead><tr><th>Code</th><th>Description</th></tr></thead><tbody>{rows}</tbody></table>"
    return page.replace(similar(t), table) if t.similar else page


@html_shape("sections and articles")
def _sections(t: Truth, rng: Random) -> str:
    page = whole(
        t, lambda h: f"<header><h2>{e(h)}</h2></header>", lambda s: f"<section class='content-block'>{s}</section>"
    )
    return f"<main><article>{page}</article></main>"


@html_shape("details")
def _details(t: Truth, rng: Random) -> str:
    return whole(t, lambda h: f"<summary>{e(h)}</summary>", lambda s: f"<details>{s}</details>")


@html_shape("accordion")
def _accordion(t: Truth, rng: Random) -> str:
    def item(section: str) -> str:
        head, rest = section.split("<!--h-->")
        return f'<div class="accordion-item">{head}<div class="accordion-collapse collapse" hidden>{rest}</div></div>'

    def head(h: str) -> str:
        return f'<div class="accordion-top"><button type="button" aria-expanded="false">{e(h)}</button></div><!--h-->'

    return f'<div class="accordion">{whole(t, head, item)}</div>'


@html_shape("tabs")
def _tabs(t: Truth, rng: Random) -> str:
    tabs = "".join(f'<li role="tab"><a href="#t{n}">{e(h)}</a></li>' for n, (h, _, _) in enumerate(parts(t)))
    page = whole(t, lambda h: f"<h5>{e(h)}</h5>", lambda s: f'<div role="tabpanel" style="display:none">{s}</div>')
    return f'<ul role="tablist">{tabs}</ul>{page}'


@html_shape("wordpress")
def _wordpress(t: Truth, rng: Random) -> str:
    page = whole(
        t,
        lambda h: f'<h2 class="wp-block-heading"><strong>{e(h)}</strong></h2>\n\n',
        lambda s: f"<!-- wp:group -->{s}<!-- /wp:group -->",
    )
    share = '<div class="sharedaddy sd-sharing-enabled"><h3>Share this: zorblatt</h3><a href="?t">Zorblatt</a></div>'
    title = f'<header class="entry-header"><h1 class="entry-title">{e(t.descriptor)}</h1></header>'
    return (
        f'<article id="post-7" class="post-7 page type-page hentry">{title}<div class="entry-content">'
        f"{page.replace(f'<p>{e(t.descriptor)}</p>', '')}{share}</div></article>"
    )


@html_shape("word")
def _word(t: Truth, rng: Random) -> str:
    page = whole(t, lambda h: f"<p class=MsoNormal><b><span style='font-size:14.0pt'>{e(h)}<o:p></o:p></span></b></p>")
    bullet = r"<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='font-family:Symbol'>·<span>&nbsp;&nbsp; </span></span>"
    page = re.sub(r"</?[uo]l>", "", page)
    page = re.sub(r"<li>(.*?)</li>", lambda m: f"{bullet}{m[1]}<o:p></o:p></p>", page)
    return f"<div class=WordSection1>{page.replace('<p>', '<p class=MsoNormal>')}</div>"


@html_shape("nested divs and spans")
def _soup(t: Truth, rng: Random) -> str:
    page = whole(
        t, lambda h: f"<div><div><span><span>{e(h)}</span></span></div></div>", lambda s: f"<div><div>{s}</div></div>"
    )
    return page.replace("<p>", "<div><span>").replace("</p>", "</span></div>")


@html_shape("spaced headings")
def _spaced(t: Truth, rng: Random) -> str:
    return whole(t, lambda h: f"<h3>{'&nbsp;&nbsp; '.join(' '.join(word) for word in e(h).split())}</h3>")


@html_shape("numbered headings")
def _numbered(t: Truth, rng: Random) -> str:
    numbers = iter(range(1, 99))
    return whole(t, lambda h: f"<h2>{next(numbers)}. {e(h)}</h2>")


@html_shape("old html")
def _old(t: Truth, rng: Random) -> str:
    return (
        "<CENTER><FONT FACE=Arial>"
        + whole(t, lambda h: f"<P><FONT SIZE=+1><B><U>{e(h)}</U></B></FONT><P>")
        + "</CENTER>"
    )


@html_shape("aria headings")
def _aria(t: Truth, rng: Random) -> str:
    return whole(t, lambda h: f'<div role="heading" aria-level="3">{e(h)}<a class="anchor" href="#x">¶</a></div>')


@html_shape("marked with emoji")
def _emoji(t: Truth, rng: Random) -> str:
    return whole(t, lambda h: f"<h3>\U0001f539 {e(h)}</h3>")


@html_shape("minified")
def _minified(t: Truth, rng: Random) -> str:
    return (
        re.sub(r">\s+<", "><", whole(t, lambda h: f"<h2 class=a>{e(h)}</h2>")).replace("</p>", "").replace("</li>", "")
    )


@html_shape("reader text in pre")
def _pre(t: Truth, rng: Random) -> str:
    return f"<pre>{e(_reader_text(t, rng))}</pre>"


@html_shape("whole page in a form")
def _form(t: Truth, rng: Random) -> str:
    page = whole(t, lambda h: f"<h3>{e(h)}</h3>")
    return f'<form id="aspnetForm" action="."><input type=hidden name=__VIEWSTATE value=zorblatt>{page}</form>'


@html_shape("careless main class")
def _careless(t: Truth, rng: Random) -> str:
    page = whole(t, lambda h: f"<h2>{e(h)}</h2>")
    name = rng.choice(("header-content main", "sidebar-layout", "has-related", "page-banner-wrap", "social-page"))
    return f'<div class="{name}"><div id="menu-content">{page}</div></div>'


@html_shape("nav never closed")
def _open_nav(t: Truth, rng: Random) -> str:
    return '<nav class="top"><a href="/">Zorblatt</a> <a href="/b">Quuxly</a>' + whole(t, lambda h: f"<h2>{e(h)}</h2>")


@html_shape("other wordings in h3")
def _other_h3(t: Truth, rng: Random) -> str:
    return whole(t, lambda h: f"<h3>{e(h)}</h3>")


@html_shape("other wordings in bold")
def _other_bold(t: Truth, rng: Random) -> str:
    return whole(t, lambda h: f"<p><b>{e(h)}</b></p>")


@html_shape("other wordings in divs")
def _other_divs(t: Truth, rng: Random) -> str:
    return whole(t, lambda h: f"<div>{e(h)}</div>", lambda s: f"<section>{s}</section>")


@html_shape("labels in one list")
def _label_list(t: Truth, rng: Random) -> str:
    out = f"<p>{e(t.descriptor)}</p><p>{label(t.system)}</p><ul><li><strong>Procedure Name:</strong> {e(t.name)}</li>"
    out += f"<li><strong>Common Names:</strong> {e('; '.join(t.common_names))}</li><li><strong>Medical Term:</strong> {e(t.medical_terms[0])}</li>"
    for heading, lines, is_list in parts(t):
        rest = body(lines, True) if is_list else e(lines[0]) + "".join(f"<br>{e(line)}" for line in lines[1:])
        out += f"<li><strong>{e(heading)}:</strong> {rest}</li>"
    return out + f"</ul><h3>Similar Codes</h3>{similar(t)}"


@html_shape("code in the title")
def _titled(t: Truth, rng: Random) -> str:
    out = f"<p class=byline>By Jane Doe, M.D.</p><h1>{e(t.name)} ({t.system} {t.code})</h1>".replace(
        "<p class=byline>By Jane Doe, M.D.</p>", ""
    )
    out += f"<h3>Official Descriptor</h3><p>{e(t.descriptor)}</p><h3>Also Known As</h3>{body(t.common_names, True)}"
    out += f"<h3>Clinical Term</h3><p>{e(t.medical_terms[0])}</p>"
    for heading, lines, is_list in parts(t):
        out += f"<h3>{e(heading)} </h3>{body(lines, is_list)}"
    return out + f"<h3>Other Similar Codes</h3>{similar(t)}"


@html_shape("named after the procedure")
def _named(t: Truth, rng: Random) -> str:
    page = _h1_name(t, rng)
    return re.sub(
        r"<h2>(Risks|Advantages|Recovery Time|Side Effects|Pros)</h2>", lambda m: f"<h2>{e(t.name)} {m[1]}</h2>", page
    )


@html_shape("two columns of divs")
def _two_columns(t: Truth, rng: Random) -> str:
    out = f"<p>{e(t.descriptor)}</p><p>{label(t.system)}</p><h2>Name of the procedure</h2>{names(t)}"
    for heading, lines, is_list in parts(t):
        out += f"<div class=row><div class='col-3 text-muted fw-bold' style='font-weight:bold'>{e(heading)}</div>"
        out += f"<div class=col-9>{body(lines, is_list)}</div></div>"
    return out + f"<h2>Similar codes</h2>{similar(t)}"


@html_shape("bold marks inside the text")
def _bold_inside(t: Truth, rng: Random) -> str:
    page = whole(t, lambda h: f"<h3>{e(h)}</h3>")
    return re.sub(
        r"<li>([^<:]{3,30}):", r"<li><b>\1:</b>", re.sub(r"<p>(\w+) (?!code)(\w+)", r"<p><strong>\1</strong> \2", page)
    )


@html_shape("items as paragraphs")
def _item_paragraphs(t: Truth, rng: Random) -> str:
    page = whole(t, lambda h: f"<h3><a id='{len(h)}'></a>{e(h)}</h3>")
    return re.sub(r"<li>(.*?)</li>", r"<li>\n  <p>\n  \1\n  </p>\n</li>", page).replace("<h3>", "\n\n<h3>\n   ")


@html_shape("subheadings")
def _subheadings(t: Truth, rng: Random) -> str:
    page = whole(t, lambda h: f"<h2>{e(h)}</h2>")
    return page.replace("<li>During the procedure: ", "<li><strong>During the procedure:</strong> ")


STAGES = {"purpose": "Goals of Treatment", "preparation": "Before the Procedure", "recovery": "After the Procedure"}


def staged(t: Truth) -> Truth:
    """The procedure on a site that heads its parts by stages: elsewhere the same words stand in the text."""
    return replace(t, headings=t.headings | STAGES)


@html_shape("stages in bold items")
def _stages_in_items(t: Truth, rng: Random) -> str:
    t = staged(t)
    out = f"<h1>{e(t.name)}</h1><p>{label(t.system)}</p><p><strong>Official description:</strong> {e(t.descriptor)}</p>"
    out += f"<p><strong>Common names:</strong> {e(', '.join(t.common_names))}</p><p><strong>Medical term:</strong> {e(t.medical_terms[0])}</p><ul>"
    for heading, lines, is_list in parts(t):
        rest = body(lines, True) if is_list or len(lines) > 1 else e(lines[0])
        out += f"<li><strong>{e(heading)}:</strong> {rest}</li>\n"
    return out + f"</ul><h3>Similar Codes</h3>{similar(t)}"


@html_shape("stages in bold")
def _stages_in_bold(t: Truth, rng: Random) -> str:
    return _inline(staged(t), rng)


@html_shape("stages in headings")
def _stages_in_headings(t: Truth, rng: Random) -> str:
    return whole(staged(t), lambda h: f"<h2>{e(h.upper())}:</h2>")


@html_shape("similar codes in a sidebar")
def _sidebar(t: Truth, rng: Random) -> str:
    page = whole(replace(t, similar=[]), lambda h: f'<h3 class="section-title">{e(h)}</h3>')
    page = page.replace('<h3 class="section-title">Similar Codes</h3>', "")
    items = "".join(
        f'<li class="item"><a href="/codes/{s}/{c}" class="code-link">{c}</a> <span class="note">{e(d)}</span></li>'
        for s, c, d in t.similar
    )
    aside = f"<h3>Similar Codes</h3><span>total {len(t.similar)}</span><ul>{items}</ul><h3>Popular</h3><p>Zorblatt</p>"
    place = rng.choice(("<aside>{}</aside>", '<div class="sidebar">{}</div>', '<div class="related-codes">{}</div>'))
    return f"<main><article>{page}</article>{place.format(aside)}</main>"


# -- text ----------------------------------------------------------------------------------------------------------


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
def _reader_text(t: Truth, rng: Random) -> str:
    # Without any mark a heading of unknown words is a line like any other.
    text = _reader(t, rng)
    return text.replace("\nInsurance Coverage\n", "\n## Insurance Coverage\n")


@text_shape("reader text, lines close together")
def _close(t: Truth, rng: Random) -> str:
    return re.sub(r"\n{2,}", "\n", _reader_text(t, rng))


@text_shape("reader text, cut to a width")
def _wrapped(t: Truth, rng: Random) -> str:
    lines = []
    for line in _reader_text(t, rng).splitlines():
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


# -- pages ---------------------------------------------------------------------------------------------------------

NOISE_ABOVE = (
    '<nav class="navbar"><ul><li><a href="/">Zorblatt home</a></li><li><a href="/risks">Risks</a></li></ul></nav>',
    '<header class="site-header"><a class="logo" href="/">Quuxly Codes</a><form role="search"><label>Quuxly</label></form></header>',
    '<div class="breadcrumbs"><a href="/">Home</a> &rsaquo; <a href="/code">Zorblatt codes</a></div>',
    '<div id="cookie-notice" role="dialog"><h2>Cookies zorblatt</h2><p>We use frobnitz cookies.</p><button>Accept</button></div>',
    "<script>var zorblatt = '<h2>Risks</h2><p>quuxly</p>';</script><style>.quuxly{color:red}</style>",
    '<div class="ad-slot advertisement"><p>Buy wibblesome pills for your Recovery</p></div>',
    '<a class="skip-link screen-reader-text" href="#main">Skip to zorblatt</a>',
    '<div style="display: none"><p>wibblesome hidden</p></div><noscript>Enable quuxly</noscript>',
    '<div class="tableOfContents toc"><p>On this page</p><ol><li><a href="#s">Summary</a></li><li><a href="#r">Risks</a></li></ol></div>',
)
NOISE_BELOW = (
    '<div class="related-posts"><h3>Related articles</h3><ul><li><a href="/a">Benefits of quuxly</a></li></ul></div>',
    '<h3>You may also like</h3><ul><li><a href="/z">Zorblatt surgery</a></li><li><a href="/y">Quuxly repair</a></li></ul>',
    "<aside><h4>Benefits</h4><p>Our wibblesome newsletter.</p></aside>",
    '<footer><p>&copy; 2024 Zorblatt Inc., 555-123-4567, Springfield 90210</p><a href="/privacy">quuxly</a></footer>',
    '<div class="share-buttons"><button>Share</button><a href="#">Quuxly share</a></div>',
    '<section id="comments"><h3>2 Comments</h3><p>Frobnitz says: great Recovery</p></section>',
    '<div class="newsletter-signup"><h3>Subscribe</h3><p>Get wibblesome news</p><input type="email"></div>',
    '<div role="contentinfo"><p>CPT is a wibblesome trademark, code 12345</p></div>',
    '<ul><li><a href="/about">About quuxly</a></li><li><a href="/c">Contact zorblatt</a></li><li><a href="/p">Quuxly jobs</a></li></ul>',
)
CODE_PLACES = ("canonical", "url", "meta", "text", "file", "system file", "json-ld", "og:url")


def html_page(shape: str, t: Truth, rng: Random) -> Page:
    """The page of one HTML shape among noise, with its code in one of the places where sites put it."""
    main = HTML_SHAPES[shape](t, rng)
    above = "\n".join(rng.sample(NOISE_ABOVE, k=rng.randint(1, 5)))
    below = "\n".join(rng.sample(NOISE_BELOW, k=rng.randint(1, 5)))
    place = rng.choice(CODE_PLACES[:5] if t.system == "ICD9Proc" else CODE_PLACES)
    address = f"https://codes.example/code/{t.system.lower()}/{t.code}-{t.slug}"
    head, source, url = f"<title>{e(t.name)} | Zorblatt</title>", "pages/some-page.html", None
    if place == "canonical":
        head += f'<link rel="canonical" href="{address}">'
    elif place == "og:url":
        head += f'<meta property="og:url" content="{address}/">'
    elif place == "url":
        url = address
    elif place == "meta":
        head += f'<meta name="procedure-code" content="{t.code}">'
    elif place == "json-ld":
        head += (
            '<script type="application/ld+json">{"@context":"https://schema.org","@type":"MedicalProcedure","name":"zorblatt",'
            f'"code":{{"@type":"MedicalCode","codeValue":"{t.code}","codingSystem":"{t.system}"}}}}</script>'
        )
    elif place == "text":
        main = main.replace(label(t.system), f"{label(t.system)}: {t.code}", 1) if ": " + t.code not in main else main
    elif place == "file":
        source = f"pages/{t.code}.html"
    else:
        source = f"pages/{t.system.lower()}{rng.choice('-_')}{t.code}.html"
    if rng.random() < 0.5:
        main = f'<div class="container"><div id="main-content">{main}</div></div>'
    document = f"<html lang=en><head>{head}</head><body class='has-sidebar nav-open'>{above}{main}{below}</body></html>"
    return _encoded(document, source, url, rng)


def text_page(shape: str, t: Truth, rng: Random) -> Page:
    """The page of one text shape, with its code in the file name, the address or the front matter."""
    text = TEXT_SHAPES[shape](t, rng)
    ending = "md" if "markdown" in shape else "txt"
    place = rng.choice(("file", "url", "front matter" if ending == "md" else "file"))
    if place == "front matter":
        text = f"---\nsystem: {t.system}\ncode: {t.code}\n---\n{text}"
    url = f"https://codes.example/code/{t.system.lower()}/{t.code}-{t.slug}" if place == "url" else None
    name = f"{t.system.lower()}-{t.code}" if place == "file" else "a-page"
    return Page(text.encode(rng.choice(("utf-8", "utf-8-sig", "utf-16"))), f"pages/{name}.{ending}", url)


def _encoded(document: str, source: str, url: str | None, rng: Random) -> Page:
    charset = rng.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "declared in the carrier", "wrong"))
    if charset == "cp1252":
        declared = document.replace(
            "<head>", '<head><meta http-equiv="Content-Type" content="text/html; charset=windows-1252">'
        )
        return Page(declared.encode("cp1252", "xmlcharrefreplace"), source, url)
    if charset == "declared in the carrier":
        return Page(document.encode("iso-8859-15", "xmlcharrefreplace"), source, url, "text/html; charset=ISO-8859-15")
    if charset == "wrong":
        return Page(document.replace("<head>", "<head><meta charset='iso-8859-1'>").encode(), source, url, "text/html")
    return Page(document.encode(charset), source, url)

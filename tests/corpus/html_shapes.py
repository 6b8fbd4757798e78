# ruff: noqa: E501 - markup is drawn as it stands on pages
"""The shapes that sites give to a page of HTML. Nothing here shares a table with the parser."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from random import Random

from .drawing import Render, body, e, label, names, parts, shape, similar, similar_link, staged, whole
from .text_shapes import reader_text
from .truths import Truth

HTML_SHAPES: dict[str, Render] = {}
html_shape = partial(shape, shapes=HTML_SHAPES)

# The usual page, where only the markup of a heading differs, and what stands around a section.
USUAL_PAGES = {
    "h2": ("<h2>{}</h2>", "{}"),
    "bold paragraphs": ("<p><strong>{}</strong></p>", "{}"),
    "details": ("<summary>{}</summary>", "<details>{}</details>"),
    "aria headings": ('<div role="heading" aria-level="3">{}<a class="anchor" href="#x">¶</a></div>', "{}"),
    "marked with emoji": ("<h3>\U0001f539 {}</h3>", "{}"),
    "other wordings in h3": ("<h3>{}</h3>", "{}"),
    "other wordings in bold": ("<p><b>{}</b></p>", "{}"),
    "other wordings in divs": ("<div>{}</div>", "<section>{}</section>"),
}


def _usual(head: str, around: str) -> Render:
    return lambda t, rng: whole(t, lambda h: head.format(e(h)), around.format)


HTML_SHAPES.update((name, _usual(*markup)) for name, markup in USUAL_PAGES.items())


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


@html_shape("minified")
def _minified(t: Truth, rng: Random) -> str:
    return (
        re.sub(r">\s+<", "><", whole(t, lambda h: f"<h2 class=a>{e(h)}</h2>")).replace("</p>", "").replace("</li>", "")
    )


@html_shape("reader text in pre")
def _pre(t: Truth, rng: Random) -> str:
    return f"<pre>{e(reader_text(t, rng))}</pre>"


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

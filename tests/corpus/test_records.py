"""Records to procedures: each form, each way to get it wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procsearch.corpus.errors import PageError
from procsearch.corpus.pages import Failed, Page, find_pages
from procsearch.corpus.procedure import SECTION_KINDS, Procedure, Section, SimilarCode
from procsearch.corpus.records import parse, parse_record

FULL = Procedure(
    id="own",
    system="CPT4",
    code="36904",
    descriptor="Official wording",
    name="Clot removal",
    common_names=("Declot",),
    medical_terms=("Thrombectomy", "Fistula"),
    sections=(Section("purpose", "Purpose", "Opens\nthe graft"), Section("other", "", "More")),
    similar_codes=(SimilarCode("CPT4", "36905", "with balloon", "https://example.org/36905"),),
    source="a.jsonl#1",
    warnings=("odd",),
)

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
texts = st.lists(text, max_size=3).map(tuple)
codes = st.one_of(st.just((None, None)), st.sampled_from([("CPT4", "36904"), ("HCPCS", "A0021")]))
procedures = st.builds(
    lambda system_code, **rest: Procedure(id="x", system=system_code[0], code=system_code[1], source="s", **rest),
    codes,
    descriptor=text,
    name=text.map("named {}".format),
    common_names=texts,
    medical_terms=texts,
    sections=st.lists(st.builds(Section, st.sampled_from(SECTION_KINDS), text, text), max_size=3).map(tuple),
    similar_codes=st.lists(
        st.builds(lambda c, d, u: SimilarCode(*c, d, u), codes, text, st.none() | text.filter(bool)), max_size=2
    ).map(tuple),
    warnings=texts,
)
keys = st.sampled_from(
    ("id", "_id", "url", "html", "text", "title", "system", "code", "name", "sections", "similar_codes", "warnings")
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | st.just("kind"), inner, max_size=3),
    max_leaves=8,
)


def record(**keys: Any) -> bytes:
    return json.dumps(keys).encode()


def pages(path: str, *lines: bytes) -> list[Page]:
    Path(path).write_bytes(b"\n".join(lines))
    found = list(find_pages([path]))
    assert all(isinstance(page, Page) for page in found)
    return [page for page in found if isinstance(page, Page)]


class TestProcedures:
    def test_what_export_writes_is_read_back(self) -> None:
        again = parse_record(json.dumps(FULL.to_json()).encode(), "a.jsonl#1")
        assert again == FULL
        assert again.warnings == FULL.warnings

    @settings(deadline=None)
    @given(procedures)
    def test_any_procedure_survives_the_way_through_json(self, procedure: Procedure) -> None:
        again = parse_record(json.dumps(procedure.to_json(), ensure_ascii=False).encode(), "s")
        assert again == procedure
        assert again.warnings == procedure.warnings

    @pytest.mark.parametrize(
        ("keys", "id"),
        [
            ({"id": "own", "_id": "other", "code": "36904"}, "own"),
            ({"_id": 17, "name": "x"}, "17"),
            ({"system": "CPT4", "code": "36904"}, "cpt4:36904"),
            ({"system": "cpt", "code": "0232t"}, "cpt4:0232T"),
            ({"system": "Own List", "code": "a1"}, "own list:A1"),
        ],
    )
    def test_the_id_is_the_records_own_or_made_of_its_code(self, keys: dict[str, Any], id: str) -> None:
        assert parse_record(record(**keys), "a.jsonl#1").id == id

    def test_else_the_id_is_made_of_the_source_and_stays(self) -> None:
        first, again, other = (parse_record(record(name="x"), source).id for source in ("a#1", "a#1", "a#2"))
        assert first == again != other
        assert first.startswith("page:")

    @pytest.mark.parametrize(
        ("keys", "reason"),
        [
            ({"name": 3}, "`name` is not text"),
            ({"code": 36904}, "`code` is not text: in quotes"),
            ({"common_names": "Declot"}, "`common_names` is not a list of texts"),
            ({"medical_terms": ["a", None]}, "`medical_terms` is not a list of texts"),
            ({"sections": {"kind": "x"}}, "`sections` is not a list of objects"),
            ({"sections": [{"kind": "purpose", "text": []}]}, "`sections[0].text` is not text"),
            ({"sections": [{"kind": "aim", "text": "x"}]}, "`sections[0].kind` is none of summary, purpose"),
            ({"name": "x", "similar_codes": [{"code": 1}]}, "`similar_codes[0].code` is not text"),
            ({"name": "x", "id": ["a"]}, "`id` is not text"),
            ({"_id": "1", "text": ["x"]}, "`text` is not text"),
            ({"_id": "1", "title": "", "text": " "}, "`title` and `text` are both empty"),
            ({"url": 1, "text": "x"}, "`url` is not text"),
            ({"sku": 1}, "no known form"),
            ({"code": "A1", "long": "Foot insert", "short": "Foot"}, "only its code is read, not `long`, `short`"),
        ],
    )
    def test_a_wrong_type_names_the_key(self, keys: dict[str, Any], reason: str) -> None:
        with pytest.raises(PageError) as caught:
            parse_record(record(**keys), "a.jsonl#1")
        assert caught.value.page == "a.jsonl#1"
        assert reason in caught.value.reason

    def test_lone_surrogates_and_nuls_are_replaced(self) -> None:
        procedure = parse_record(b'{"name": "a\\ud800b\\u0000c", "common_names": ["\\udfff"]}', "s")
        assert (procedure.name, procedure.common_names) == ("a\ufffdb\ufffdc", ("\ufffd",))


class TestDocuments:
    def test_title_and_text_are_taken_as_they_are(self) -> None:
        procedure = parse_record(record(_id="d1", title="Graft", text="Risks:\n- none", metadata={}), "c.jsonl#9")
        assert procedure == Procedure(
            id="d1", name="Graft", sections=(Section("summary", "", "Risks:\n- none"),), source="c.jsonl#9"
        )

    def test_either_may_be_empty(self) -> None:
        assert parse_record(record(_id="1", title="T", text=""), "s").sections == ()
        assert parse_record(record(_id="1", title="", text="x"), "s").sections[0].text == "x"


@settings(deadline=None)
@given(st.dictionaries(keys, values, max_size=6) | values)
def test_whatever_json_gives_a_procedure_or_a_page_error(value: Any) -> None:
    try:
        procedure = parse_record(json.dumps(value).encode(), "s")
    except PageError as error:
        assert error.page == "s"
        assert error.reason
    else:
        json.dumps(procedure.to_json(), ensure_ascii=False).encode()
        assert procedure.id


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_whatever_bytes_give_a_procedure_or_a_page_error(data: bytes) -> None:
    with pytest.raises(PageError):
        parse_record(data, "s")


class TestParse:
    @pytest.fixture(autouse=True)
    def in_tmp_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

    def test_each_page_goes_to_its_parser(self) -> None:
        html = "<h1>Declot</h1><h2>Purpose</h2><p>Opens the graft.</p>"
        crawled, kept, procedure, document = pages(
            "crawl.jsonl",
            record(url="https://example.org/code/cpt4/36904-declot", html=html),
            record(url="https://example.org/b", html=html, _id="kept"),
            record(name="Declot", code="36904", system="CPT4"),
            record(_id="d1", title="T", text="<b>not parsed</b>"),
        )
        assert (parse(crawled).id, parse(crawled).source) == ("cpt4:36904", crawled.url)
        assert [s.text for s in parse(crawled).sections if s.kind == "purpose"] == ["Opens the graft."]
        assert (parse(kept).id, parse(kept).source) == ("kept", "https://example.org/b")
        assert (parse(procedure).id, parse(procedure).source) == ("cpt4:36904", "crawl.jsonl#3")
        assert parse(document).sections == (Section("summary", "", "<b>not parsed</b>"),)

    def test_a_crawl_record_given_as_a_record_is_parsed_too(self) -> None:
        crawl = record(url="https://example.org/code/cpt4/36904-declot", text="Purpose\n\nOpens the graft.")
        assert parse_record(crawl, "s").id == "cpt4:36904"
        assert parse_record(record(html="<h1>Declot</h1><p>x</p>", id="own"), "s").id == "own"

    def test_headings_of_the_user_reach_the_parser(self) -> None:
        Path("a.html").write_text("<h1>Declot</h1><h2>What could go amiss</h2><p>Bleeding.</p>")
        (page,) = find_pages(["a.html"])
        assert isinstance(page, Page)
        kinds = {section.text: section.kind for section in parse(page, {"What could go amiss": "risks"}).sections}
        assert kinds["Bleeding."] == "risks"

    @pytest.mark.parametrize("data", [b"", b"   \n", bytes(1000)])
    def test_a_page_without_text_is_refused_by_name(self, data: bytes) -> None:
        Path("a.html").write_bytes(data)
        (page,) = find_pages(["a.html"])
        assert isinstance(page, Page)
        with pytest.raises(PageError) as caught:
            parse(page)
        assert caught.value.page == "a.html"

    def test_a_page_that_poisons_the_parser_is_one_bad_page(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def poisoned(*args: object, **options: object) -> Procedure:
            raise RecursionError("too deep")

        monkeypatch.setattr("procsearch.corpus.parse.parse_page", poisoned)
        page = Page("s.zip!a.html", "s.zip", 1, 1, b"<p>x</p>")
        with pytest.raises(PageError, match=r"s\.zip!a\.html: cannot be parsed: RecursionError: too deep"):
            parse(page)

    @settings(deadline=None)
    @given(st.dictionaries(keys, values, max_size=6))
    def test_a_record_that_is_found_is_parsed_or_named(self, value: dict[str, Any]) -> None:
        Path("a.json").write_bytes(json.dumps(value).encode())
        (page,) = find_pages(["a.json"])
        if isinstance(page, Failed):
            assert page.source == "a.json"
            return
        assert isinstance(page, Page)
        try:
            assert parse(page).source == page.source
        except PageError as error:
            assert error.page == page.source

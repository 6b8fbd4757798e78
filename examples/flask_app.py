"""A search box in a Flask app.

procsearch index corpus/samples/pages --index my-index
PROCSEARCH_INDEX=my-index flask --app examples/flask_app.py run
"""

from __future__ import annotations

import os

from flask import Flask, Response, jsonify, render_template_string, request
from markupsafe import Markup, escape

import procsearch

PAGE = """<!doctype html><title>Procedures</title>
<form><input name="q" value="{{ query }}" aria-label="Search procedures"> <button>Search</button></form>
{% for note in notes %}<p>{{ note }}</p>{% endfor %}
<ol>
{% for hit in hits %}<li><a href="/procedures/{{ hit.id }}">{{ hit.name }}</a><p>{{ marked(hit) }}</p>{% endfor %}
</ol>
"""


def create_app(path: str | None = None) -> Flask:
    """The app over the index at ``path``, which may be shared by all requests and sees new commits by itself."""
    app = Flask(__name__)
    index = procsearch.open_index(path or os.environ["PROCSEARCH_INDEX"])

    @app.get("/")
    def search() -> str:
        query = request.args.get("q", "")
        results = index.search(query)
        return render_template_string(PAGE, query=query, notes=results.notes, hits=results.hits, marked=marked)

    @app.get("/procedures/<path:id>")
    def procedure(id: str) -> Response:
        return jsonify(index.get(id).to_json())

    @app.errorhandler(procsearch.QueryError)
    def bad_query(error: procsearch.QueryError) -> tuple[str, int]:
        notes = [f"{error} (at character {error.position + 1})"]
        return render_template_string(PAGE, query=error.query, notes=notes, hits=(), marked=marked), 400

    @app.errorhandler(procsearch.UnknownId)
    def unknown(error: procsearch.UnknownId) -> tuple[Response, int]:
        return jsonify(error=str(error)), 404

    return app


def marked(hit: procsearch.Hit) -> Markup:
    """The snippet, safe to show, with the words that matched in <mark>."""
    pieces, place = [], 0
    for start, end in hit.marks:
        pieces += [escape(hit.snippet[place:start]), Markup("<mark>{}</mark>").format(hit.snippet[start:end])]
        place = end
    return Markup("").join([*pieces, escape(hit.snippet[place:])])

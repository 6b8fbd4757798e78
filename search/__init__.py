"""Queries to ranked results: query language, ranking, snippets, suggestions, neighbours, evaluation."""

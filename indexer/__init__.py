"""Procedures to index: fields and boosts, analysis, the columnar codec, the writer, re-indexing."""

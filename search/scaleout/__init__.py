"""The same index API on an OpenSearch cluster: queries translated, candidates ranked by the scoring of a folder."""

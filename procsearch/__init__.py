"""procsearch: the search engine for medical procedure documents."""

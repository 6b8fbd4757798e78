"""Raw pages to procedures: where pages come from, decoding, HTML, reader text, sections, sample pages."""

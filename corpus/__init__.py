"""Raw pages to procedures: finding pages, reading HTML and text, sections, codes; and sample pages."""

"""Search by meaning, with the extra ``[semantic]``: sentence vectors of pages, and how they rank beside words."""

"""What a search is narrowed to: values of fields, read as the terms that the index has for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..corpus.errors import QueryError
from ..corpus.procedure import SECTION_KINDS
from ..corpus.systems import system_named
from ..indexer.fields import FIELD_NUMBERS
from .facets import SECTION, SYSTEM
from .language import Bounds


def read_filters(filters: Mapping[str, str | Sequence[str]], bounds: Bounds) -> dict[str, list[str]]:
    """The terms that each field of ``filters`` may have, and the kinds of sections.

    QueryError for a field or section that there is not, and for too many values.
    """
    wanted = {field: values_of(values) for field, values in filters.items()}
    if sum(map(len, wanted.values())) > bounds.filter_values:
        raise QueryError(f"the filters of a search may name {bounds.filter_values} values at most")
    unknown = [kind for kind in wanted.get(SECTION, ()) if kind not in SECTION_KINDS]
    if unknown:
        raise QueryError(f"no section {unknown[0]!r}; there are {', '.join(SECTION_KINDS)}")
    unknown = [field for field in wanted if field not in FIELD_NUMBERS and field != SECTION]
    if unknown:
        raise QueryError(f"no field {unknown[0]!r} to filter by; there is {', '.join((SECTION, *FIELD_NUMBERS))}")
    if SYSTEM in wanted:
        # ICD-10-PCS is what pages call ICD10PCS.
        wanted[SYSTEM] += [name for value in wanted[SYSTEM] if (name := system_named(value))]
    return {field: list(dict.fromkeys(map(str.lower, values))) for field, values in wanted.items()}


def values_of(wanted: str | Sequence[str]) -> list[str]:
    """One value or several as a list."""
    return [wanted] if isinstance(wanted, str) else list(wanted)

"""What searches keep for the next ones: values of so many bytes, or what was worked out for so many keys."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


_ABSENT: Any = object()


class BoundedCache(Generic[Value]):
    """The most recently used values, of at most ``capacity`` bytes together."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held = 0
        self._values: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value put under ``key``, or None."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep ``value``, of ``size`` bytes, in place of the least recently used ones."""
        size += 1000  # about what the key and the entry take
        if size * 2 > self._capacity:
            return
        with self._lock:
            _, replaced = self._values.pop(key, (None, 0))
            self._held += size - replaced
            self._values[key] = value, size
            while self._held > self._capacity:
                _, (_, freed) = self._values.popitem(last=False)
                self._held -= freed


class WorkedOut(Generic[Key, Value]):
    """What was worked out for each key; with more than ``most`` keys all are forgotten.

    Safe to share between threads: two that ask for a key at once may both work it out.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Key, Value] = {}

    def of(self, key: Key, work_out: Callable[[Key], Value]) -> Value:
        """What ``work_out`` gives for ``key``, now or before."""
        known: Value = self._values.get(key, _ABSENT)
        if known is not _ABSENT:
            return known
        value = work_out(key)
        if len(self._values) >= self._most:
            self._values.clear()
        self._values[key] = value
        return value

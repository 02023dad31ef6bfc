"""`dataclass` as the standard library has it, made in a quarter of the time where it is frozen.

A start of the program makes a hundred and fifty of them, which took longer than all else that it
does; and an object of one is made in half of the time, which counts where a run makes thousands.
Only `dataclass(frozen=True, slots=True)` is made here, and is the same in all that is asked
of it; any other is left to the library. To type checkers this is the library's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses
    from operator import attrgetter

    def dataclass(cls=None, /, *, frozen=False, slots=False, **others):
        """See `dataclasses.dataclass`."""

        def make(plain):
            if not (frozen and slots) or others or hasattr(plain, "__post_init__"):
                options = {"frozen": frozen, "slots": slots, **others}
                return dataclasses.dataclass(plain, **options)
            return _frozen(plain)

        return make if cls is None else make(cls)

    def _frozen(plain):
        if plain.__doc__ is None:
            plain.__doc__ = plain.__name__  # or the library would work out a signature for it
        made = dataclasses.dataclass(plain, init=False, repr=False, eq=False, slots=True)
        fields = dataclasses.fields(made)
        made.__init__ = _init(made, fields)
        made.__setattr__, made.__delattr__ = _refuse_to_set, _refuse_to_delete
        made.__getstate__, made.__setstate__ = _state, _set_state
        shown = [one.name for one in fields if one.repr]
        compared = _values([one.name for one in fields if one.compare])

        def shown_as(self):
            values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
            return f"{self.__class__.__qualname__}({values})"

        def equal(self, other):
            if other.__class__ is not self.__class__:
                return NotImplemented
            return compared(self) == compared(other)

        def hashed(self):
            return hash(compared(self))

        if "__repr__" not in plain.__dict__:
            made.__repr__ = shown_as
        if "__eq__" not in plain.__dict__:
            made.__eq__ = equal
            made.__hash__ = plain.__dict__.get("__hash__") or hashed
        return made

    def _init(made, fields):
        """Sets each slot by its descriptor: twice as quick as past a `__setattr__` that refuses."""
        known = {"MISSING": dataclasses.MISSING}
        given, lines = [], ["    pass"]
        for number, one in enumerate(fields):
            known[f"set{number}"] = getattr(made, one.name).__set__
            value = one.name
            if one.default is not dataclasses.MISSING:
                known[f"or{number}"] = one.default
                given.append(f"{one.name}=or{number}")
            elif one.default_factory is not dataclasses.MISSING:
                known[f"make{number}"] = one.default_factory
                given.append(f"{one.name}=MISSING")
                value = f"make{number}() if {one.name} is MISSING else {one.name}"
            else:
                given.append(one.name)
            lines.append(f"    set{number}(self, {value})")
        head = f"def __init__({', '.join(['self', *given])}):"
        exec("\n".join([head, *lines]), known)
        return known["__init__"]

    def _values(names):
        """What reads some fields at once."""
        return attrgetter(*names) if names else lambda self: ()

    def _refuse_to_set(self, name, value):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_to_delete(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def _state(self):
        return [getattr(self, one.name) for one in dataclasses.fields(self)]

    def _set_state(self, state):
        for one, value in zip(dataclasses.fields(self), state, strict=True):
            object.__setattr__(self, one.name, value)


__all__ = ["dataclass"]

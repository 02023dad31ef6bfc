"""Rule files of any size, and the schemas they are right for: what the language is measured on.

A hundred rules are about two objects: pushes and pulls whose conditions exclude each other, maps
of eight rows and tables of values, with comments. All of it passes `check`: each proof is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syncrules.connectors.base.schema import Choice, Field, Object, Schema

GROUP = 100
"""Rules about the same two objects; 42 pushes, 42 pulls, 8 maps of values and 8 of fields."""
MOVES, MAPS, ROWS = 42, 8, 8
SYSTEMS = ("near", "far")

_STAGES = tuple(f"Stage {one}" for one in range(1, 13))
_STATES = tuple(f"State {one}" for one in range(1, 7))


def rules(count: int) -> str:
    """`count` rules as a file that is laid out as `fmt` does; about 146 bytes each."""
    parts = [f"sync {SYSTEMS[0]} with {SYSTEMS[1]}\n\nprefer {SYSTEMS[1]}\n"]
    for number in range(count):
        group, place = divmod(number, GROUP)
        parts.append(_rule(f"deal_{group}", f"Deal_{group}__c", place))
    return "\n".join(parts)


def edited(text: str) -> str:
    """The same file after someone changed one number of a condition in its middle."""
    place = text.index("amount >= 300", len(text) // 2) + len("amount >= 300")
    return text[:place] + ".5" + text[place:]


def schemas(count: int) -> Mapping[str, Schema]:
    """The systems that `count` rules are about."""
    groups = range(-(-count // GROUP))
    near, far = tuple(_fields("f_", "")), tuple(_fields("F", "__c"))
    left = (Object(f"deal_{one}", "Deal", near, keys=("f_0",)) for one in groups)
    right = (Object(f"Deal_{one}__c", "Deal", far, keys=("F0__c",)) for one in groups)
    return {
        name: Schema(name, name, "", tuple(objects))
        for name, objects in zip(SYSTEMS, (left, right), strict=True)
    }


def _fields(start: str, end: str) -> Iterator[Field]:
    for number in range(MAPS * ROWS):
        yield Field(f"{start}{number}{end}", f"Field {number}", "text", length=255)
    for number in range(MAPS):
        name = f"state_{number}{end}"
        choices = tuple(Choice(one) for one in _STATES)
        yield Field(name, "State", "choice", choices=choices, restricted=True)
    stages = tuple(Choice(one) for one in _STAGES)
    yield Field("stage", "Stage", "choice", choices=stages, restricted=True)
    yield Field("amount", "Amount", "number", "currency")
    yield Field("opted_out", "Opted Out", "boolean")


def _rule(near: str, far: str, place: int) -> str:
    number, rest = divmod(place, 6)
    if rest or number >= 2 * MAPS:
        return _move(near, far, *divmod(place - min(number, 2 * MAPS - 1) - 1, MOVES))
    return _table(near, far, number // 2) if number % 2 else _map(near, far, number // 2)


def _move(near: str, far: str, back: int, number: int) -> str:
    stage, step = _STAGES[number % len(_STAGES)], number // len(_STAGES) * 100
    head = f"pull {far} as {near} visible" if back else f"push {near} as {far}"
    end = " {\n    match on f_0, else f_1 and f_2\n}\n" if number == 0 and not back else "\n"
    return (
        f"# team {number}\n"
        f'{head} when stage is "{stage}" and amount >= {step} and amount < {step + 100}\n'
        f"    unless opted_out{end}"
    )


def _table(near: str, far: str, number: int) -> str:
    rows = "".join(f'    "{one}" <-> "{one}"\n' for one in _STATES)
    return f"map {near} state_{number} with {far}.state_{number}__c {{\n{rows}}}\n"


def _map(near: str, far: str, number: int) -> str:
    first = number * ROWS
    names = [(f"f_{one}", f"F{one}__c") for one in range(first, first + ROWS)]
    wide = max(len(one) for one, _ in names)
    rows = "".join(f"    {one.ljust(wide)} <-> {other}\n" for one, other in names)
    return f"map {near} with {far} {{  # group {number}\n{rows}}}\n"

"""Values that no record should have: as many as are wanted, drawn from a seed.

They are what JSON may bring: texts, numbers, yes-or-no, lists and structures. `faults` holds them
against everything that a value goes through on its way from one system into the other.
"""

from __future__ import annotations

import json
import math
import random
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from itertools import product
from typing import Any, get_args

from syncrules.connectors.apollo.fields import Custom, Names, Unreadable, custom_forms
from syncrules.connectors.base import values
from syncrules.connectors.base.schema import Choice, Field, FieldType
from syncrules.connectors.base.values import Value
from syncrules.connectors.salesforce.rows import Columns, to_wire
from syncrules.dsl.types import Refusal, Unfit, conversion, convert
from syncrules.tests.hostile.cells import hostile as cells
from syncrules.tests.hostile.soql import hostile as statements

SLOW = 1.0
_UNKEPT = re.compile("[\0\ud800-\udfff]")
_NUMBERS: tuple[Any, ...] = (
    *(0, -0.0, 1e308, -1e308, 5e-324, 1.7976931348623157e308, 2**53, 2**53 + 1, -(2**63), 2**64),
    *(
        10**30,
        10**400,
        -(10**400),
        0.1 + 0.2,
        1e16,
        1e-7,
        123456789.123456789,
        math.inf,
        -math.inf,
    ),
    *(-math.inf, math.nan, True, False, None, 1e22, 999999999999999999, 0.1, 1 / 3),
)
_WORDS = (
    *(
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "1e400",
        "1e-400",
        "-0",
        "-0.0",
        "+1",
        ".5",
        "5.",
        "1,000",
    ),
    *(
        "1.000,5",
        "0x10",
        "0b1",
        "1_000",
        "١٢٣",
        "１２",
        "²",
        "½",
        "1e5e5",
        "--1",
        "9" * 400,
        "9" * 5_000,
    ),
    *(
        "true",
        "TRUE",
        "yes",
        "0",
        "1",
        "null",
        "None",
        "undefined",
        "#N/A",
        "[]",
        "{}",
        " ",
        "\t",
        "",
    ),
)
_DATES = (
    *(
        "0000-00-00",
        "0001-01-01",
        "9999-12-31",
        "10000-01-01",
        "-0001-01-01",
        "2026-02-30",
        "2025-02-29",
    ),
    *(
        "2024-02-29",
        "1900-02-29",
        "2026-13-01",
        "2026-1-1",
        "20260131",
        "2026-W05-6",
        "2026-031",
        "31.1.2026",
    ),
    *(
        "2026-01-31T23:59:60Z",
        "2026-06-30T23:59:60.999Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T25:00Z",
    ),
    *(
        "2026-03-29T02:30:00+01:00",
        "2026-10-25T02:30:00+02:00",
        "2026-03-29T02:30:00",
        "1970-01-01T00:00:00Z",
    ),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999Z"),
    *(
        "2026-01-31T09:05:00.123456789Z",
        "2026-01-31T09:05:00+99:99",
        "2026-01-31T09:05:00 Europe/Berlin",
    ),
    *("2011-12-30T12:00:00-10:00", "1582-10-10", "1752-09-05T00:00:00Z", "0099-01-01T00:00:00Z"),
    *(
        "2026-01-31T09:05:00.000+0000",
        "2026-01-31 09:05:00 UTC",
        "1767600000",
        "253402300800",
        "+2026-01-31",
    ),
    *(
        "2026-01-31T09:05:00.000+00:00:30",
        "２０２６-01-31",
        "2026‑01‑31",
        "2026-01-31\0",
        "٢٠٢٦-01-31",
    ),
)
_PIECES = (
    *(
        "a",
        "Z",
        "é",
        "e\u0301",
        "ß",
        "İ",
        "ı",
        "ſ",
        "Å",
        "\u212b",
        "ﬃ",
        "漢",
        "한",
        "עב",
        "عر",
        "ไทย",
    ),
    *(
        "👩‍👩‍👧‍👦",
        "🏳️‍🌈",
        "👍🏽",
        "🇩🇪",
        "\U0001f600",
        "\U0010ffff",
        "\ufffe",
        "\uffff",
        "\ue000",
        "\ud800",
    ),
    *(
        "\udfff",
        "\ud83d\ude00",
        "\0",
        "\x1b",
        "\x7f",
        "\x85",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\u200b",
    ),
    *(
        "\u200d",
        "\u202e",
        "\u2066",
        "\u2069",
        "\u00ad",
        "\u034f",
        "\u115f",
        "\u3164",
        "\r",
        "\n",
        "\r\n",
    ),
    *(
        "\t",
        "\v",
        "\f",
        " ",
        "\u00a0",
        "\u3000",
        "'",
        '"',
        "\\",
        "%",
        "_",
        "&",
        "<",
        ">",
        ";",
        ",",
        "|",
    ),
    *(
        "{{",
        "}}",
        "{%",
        "$(",
        "`",
        "@",
        ".",
        "://",
        "www.",
        "//[",
        "=",
        "+",
        "-",
        "#",
        "?",
        "/",
        "\\u0000",
    ),
)


def hostile(seed: int, count: int) -> Iterator[Any]:
    """So many of them, the same for a seed; the first ones are those that are known to hurt."""
    chance = random.Random(f"values {seed}")
    known = [*_NUMBERS, *_WORDS, *_DATES, *cells(), *statements()]
    yield from known[:count]
    for _ in range(count - len(known)):
        yield _drawn(chance, 0)


def _drawn(chance: random.Random, depth: int) -> Any:
    kind = chance.random()
    if kind < 0.62:
        return "".join(chance.choices(_PIECES, k=chance.choice((1, 2, 3, 5, 8, 20))))
    if kind < 0.66:
        return chance.choice(_PIECES) * chance.choice((50, 300, 5_000))
    if kind < 0.72:
        return "e" + "".join(chr(chance.randrange(0x300, 0x36F)) for _ in range(300))
    if kind < 0.80:
        return chance.choice((*_WORDS, *_DATES)) + chance.choice(
            ("", " ", "\0", "Z", "0", "\u202e")
        )
    if kind < 0.90:
        return chance.choice(
            (chance.uniform(-1e308, 1e308), chance.getrandbits(70), chance.random())
        )
    if kind < 0.92 or depth > 4:
        return chance.choice(_NUMBERS)
    if kind < 0.96:
        return [_drawn(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {str(_drawn(chance, depth + 1)): _drawn(chance, depth + 1) for _ in range(2)}


# ---- what they go through -------------------------------------------------------------------

TYPES: tuple[FieldType, ...] = tuple(one for one in get_args(FieldType) if one != "other")
_CHOICES = (Choice("A"), Choice("B"), Choice("ß"))
FIELDS = [
    *(Field(one, one, one, choices=_CHOICES if "choice" in one else ()) for one in TYPES),
    *(
        Field(f"{one} text", one, "text", one)
        for one in ("email", "phone", "url", "domain", "long")
    ),
    Field("short", "Short", "text", length=10),
    Field("digits", "Digits", "number", length=3),
    Field("whole", "Whole", "number", "integer"),
    Field("one of", "One of", "choice", choices=_CHOICES, restricted=True),
]
_LINK = Field("url text", "Link", "text", "url")
Pair = tuple[Field, Field, str]
PAIRS: list[Pair] = [
    (source, target, found)
    for source, target in product((*FIELDS[: len(TYPES)], _LINK), FIELDS)
    if not isinstance(found := conversion(source, target), Refusal)
]
_SALESFORCE = Columns("Lead", {one: one for one in TYPES}, False, ())
_OPTIONS = Names({"1" * 24: "A", "2" * 24: "B"})
_APOLLO = {
    one.field.type: one
    for one in custom_forms(
        (
            Custom(str(at) * 24, kind, kind, _OPTIONS, 100)
            for at, kind in enumerate(
                ("string", "number", "date", "datetime", "boolean", "picklist", "multipicklist")
            )
        ),
        (),
        True,
    )
}


def faults(
    raw: Any,
    pairs: Sequence[Pair] = PAIRS,
    kinds: Collection[str] = (),
    *,
    each: bool = False,
) -> Iterator[str]:
    """What is wrong with how a value is read, turned into others and written again. All of it
    takes no second; `each`: no step of it takes one. `kinds`: as values of these types alone."""
    began = time.process_time()
    held: dict[FieldType, list[Value]] = {one: [] for one in TYPES}
    for kind, read in _readers(raw):
        if kinds and kind not in kinds:
            continue
        try:
            value = read()
        except (ValueError, Unreadable):
            continue
        except Exception as error:
            yield f"{kind} of {raw!r:.60}: {type(error).__name__}: {error!s:.80}"
            continue
        if each:
            yield from _late(began, kind, raw)
        held[kind].append(value)
        if not _is(kind, value):
            yield f"{kind} of {raw!r:.60} gives {value!r:.60}"
        elif lost := _lost(kind, raw, value):
            yield f"{kind} of {raw!r:.60}: {lost}"
        began = time.process_time() if each else began
    began = time.process_time() if each else began
    for source, target, name in pairs:
        for value in dict.fromkeys(held[source.type]):
            yield from _converted(name, value, source, target)
            if each:
                yield from _late(began, f"{source.name} to {target.name}", raw)
                began = time.process_time()
    yield from _late(began, "all", raw)


def _late(began: float, what: str, raw: Any) -> Iterator[str]:
    if time.process_time() - began > SLOW:
        yield f"{what} of {raw!r:.60} takes long"


def _readers(raw: Any) -> Iterator[tuple[FieldType, Callable[[], Value]]]:
    plain: Mapping[FieldType, Callable[[Any], Value]] = {
        "text": values.text,
        "number": values.number,
        "boolean": values.boolean,
        "date": values.day,
        "datetime": values.instant,
    }
    for kind, read in plain.items():
        yield kind, partial(read, raw)
    for kind in TYPES:
        yield kind, partial(_from_salesforce, kind, raw)
    for kind, form in _APOLLO.items():
        yield kind, partial(form.read, {"typed_custom_fields": {form.key: raw}})


def _from_salesforce(kind: FieldType, raw: Any) -> Value:
    record = _SALESFORCE.record({"Id": "00Q000000000001AAA", kind: raw})
    if kind not in record.values:
        raise ValueError("not read")
    return record.values[kind]


def _converted(name: str, value: Value, source: Field, target: Field) -> Iterator[str]:
    told = f"{source.name} to {target.name}"
    try:
        made = convert(name, value, source, target, "Europe/Berlin", truncate=target.length == 10)
    except Unfit as unfit:
        if not unfit.code or not unfit.message:
            yield f"{told}: refused without a word"
        return
    except Exception as error:
        yield f"{told} of {value!r:.60}: {type(error).__name__}: {error!s:.80}"
        return
    if not _is(target.type, made):
        yield f"{told} of {value!r:.60}: {made!r:.60}"
    try:
        json.dumps(to_wire(target, made), allow_nan=False).encode()
        values.folded(made, target.format)
        values.same(target.format)(made, value)
    except Exception as error:
        yield f"{told} of {value!r:.60}, on its way out: {type(error).__name__}: {error!s:.80}"


def _is(kind: FieldType, value: Value) -> bool:
    """Whether a value has the form that `values.py` tells for its type."""
    if value is None:
        return True
    if kind == "number":
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and abs(value) <= 1.8e308  # type: ignore[arg-type]
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "choices":
        return isinstance(value, tuple) and list(value) == sorted({*value}) and "" not in value
    if not isinstance(value, str) or not value:
        return False
    if kind == "date":
        return date.fromisoformat(value).isoformat() == value
    if kind == "datetime":
        return len(value) == 24 and value.endswith("Z") and bool(datetime.fromisoformat(value))
    return _UNKEPT.search(value) is None


def _lost(kind: FieldType, raw: Any, value: Value) -> str:
    """What of a value is gone although it looks as if it had been read."""
    if kind == "text" and isinstance(raw, str):
        kept = _UNKEPT.sub("", raw).replace("\r\n", "\n").replace("\r", "\n").strip(" \t\n\v\f")
        return "" if (value or "") == kept else "letters are gone"
    if kind == "number" and isinstance(raw, (int, float)) and value != raw:
        return f"it became {value!r:.40}"
    return ""

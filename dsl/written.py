"""Values as they are written in a rule: which a field takes, and which fields a template reads.

Each gives the value in the form of the field that gets it, or a finding. Where values may flow is
`rows.py` and its neighbours; what a template says for a record is `templates.py`.
"""

from __future__ import annotations

import re

from ..connectors.base.schema import Field, Object
from ..connectors.base.values import Value
from . import templates, tree
from .bound import Bound
from .names import find_choice, is_day, near_field, quoted, text_of
from .types import KINDS


def literal(
    bound: Bound, file: tree.File, word: tree.Word, field: Field, *, users: bool = False
) -> Value:
    """A written value in the form of the field that gets it; None after a finding."""
    match word:
        case tree.Number() if field.type == "number":
            return word.value
        case tree.YesNo() if field.type == "boolean":
            return word.value
        case tree.Day() if field.type == "date":
            return word.value if is_day(bound.report, file, word) else None
        case tree.Text() if field.type in ("choice", "choices"):
            listed = field.restricted or (field.type == "choices" and field.choices)
            value = word.value
            if listed:
                found = find_choice(bound.report, file, field, word, written=True)
                if found is None:
                    return None
                value = found
            return (value,) if field.type == "choices" else value
        case tree.Text() if field.type == "text" or (field.type == "reference" and users):
            if field.length is not None and len(word.value) > field.length:
                title = f"{len(word.value)} characters don't fit into `{field.name}`"
                help = f"it takes {field.length}"
                bound.report.add("wrong-type", file, word.span, title, help=help)
                return None
            return word.value
        case tree.Name():
            text_of(bound.report, file, word, field)
            return None
    written = file.text(word.span)
    is_text = field.type in ("text", "choice") or (field.type == "reference" and users)
    bound.report.add(
        "wrong-type",
        file,
        word.span,
        f"`{field.name}` is {KINDS[field.type]}, and `{written}` is not",
        help=f"write {quoted(written)}" if is_text else VALUES.get(field.type, ""),
        fix=quoted(written) if is_text else None,
    )
    return None


VALUES = {
    "number": "write a number without quotes",
    "date": "write a day without quotes, such as `2026-01-31`",
    "datetime": "a moment can't be written in a rule",
    "boolean": "write `true` or `false` without quotes",
    "reference": "a record can't be named in a rule",
    "choices": "write one of its values in quotes",
}
"""What a value of a type looks like."""


def template_reads(
    bound: Bound, file: tree.File, text: tree.Text, source: Object, target: Field
) -> tuple[str, ...] | None:
    """The fields that a template for `target` reads, each a field of the record it comes from;
    None after a finding."""
    try:
        names = templates.names(text.value)
    except templates.NotATemplate as error:
        bound.report.add(
            "syntax",
            file,
            text.span,
            "this template can't be read",
            note=_why(text.value, error),
            help="`{{ FIELD }}` stands for the value of a field",
        )
        return None
    good = True
    for name in names:
        if name not in source.by_name:
            good = False
            near = near_field(source, name)
            bound.report.add(
                "unknown-name-in-template",
                file,
                _word_in(text, name),
                f"`{source.name}` has no field `{name}` for this template",
                help=f"did you mean `{near}`?" if near else "name a field of the record itself",
                fix=near or None,
            )
    if good and (target.type not in ("text", "choice") or _restricted(target)):
        bound.report.add(
            "wrong-type",
            file,
            text.span,
            f"a template makes a text, and `{target.name}` is {KINDS[target.type]}",
            help="write it into a text field",
        )
        return None
    if good and (why := templates.refusal(text.value)):
        title = "a template can't hold this"
        help = "`{{ FIELD }}`, filters, `if` and signs are all that it takes"
        bound.report.add("syntax", file, text.span, title, note=why, help=help)
        return None
    return names if good else None


def _why(template: str, error: Exception) -> str:
    """What keeps a template from being read, in plain words where it is a usual slip."""
    if template.count("{{") != template.count("}}"):
        return "each `{{` ends with `}}`"
    if template.count("{%") != template.count("%}"):
        return "each `{%` ends with `%}`"
    if re.search(r"\{\{\s*\}\}", template):
        return "nothing stands between `{{` and `}}`"
    if len(re.findall(r"\{%-?\s*if\b", template)) != len(re.findall(r"\{%-?\s*endif\b", template)):
        return "each `{% if FIELD %}` ends with `{% endif %}`"
    return str(error).rstrip(".") if "token" not in str(error) else ""


def _restricted(field: Field) -> bool:
    return field.type == "choice" and field.restricted


def _word_in(text: tree.Text, name: str) -> tree.Span:
    """Where a name stands inside a quoted text."""
    for part in re.finditer(r"\{[{%].*?[%}]\}", text.raw):
        found = re.search(rf"(?<![.\w]){re.escape(name)}\b", part[0])
        if found is not None:
            column = text.span.column + 1 + part.start() + found.start()
            return tree.Span(text.span.line, column, text.span.line, column + len(name))
    return text.span

"""The fields of Apollo's objects: what each is called here, how it reads, which key writes it.

Knows the wire's spelling of every standard field and of custom fields by their definition. Names
are those of the wire; references lose their `_id`, `phone` is the work number. What stages and
custom fields a team has is in `describe.py`; which request carries which field, in `writes.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..base import values
from ..base.schema import Choice, Field, FieldType, Format
from ..base.values import Value

Row = Mapping[str, Any]
"""A record as the wire has it."""

PLACEHOLDER = "email_not_unlocked@domain.com"
"""What stands in `email` for people whose address is not revealed; it is nobody's address."""


class Unreadable(Exception):
    """A value that can't be told: the field is left out of the record, which is not blank."""


@dataclass(frozen=True, slots=True)
class Names:
    """Ids and names of a closed list: stages, or the options of a picklist."""

    by_id: Mapping[str, str]

    def ids(self, name: str) -> list[str]:
        """The ids of a name, without regard to case; several where names are not unique."""
        wanted = name.strip().casefold()
        return [id for id, one in self.by_id.items() if one.casefold() == wanted]

    def choices(self) -> tuple[Choice, ...]:
        return tuple(Choice(name) for name in dict.fromkeys(self.by_id.values()))


@dataclass(frozen=True, slots=True)
class Custom:
    """A field that a team has added, by its definition."""

    id: str
    label: str
    type: str
    options: Names
    max_length: int | None


@dataclass(frozen=True, slots=True)
class Form:
    """A field and its wire form. `read` raises `Unreadable` or `ValueError` where it can't tell.

    `key` is what writes call it, "" where no write takes it. `custom` is the definition of a custom
    field, whose key is its id inside `typed_custom_fields`.
    """

    field: Field
    read: Callable[[Row], Value]
    key: str = ""
    custom: Custom | None = None


def _form(
    name: str,
    label: str,
    read: Callable[[Row], Value],
    type: FieldType = "text",
    format: Format = "",
    *,
    rights: str = "",
    key: str = "",
    references: tuple[str, ...] = (),
    choices: tuple[str, ...] = (),
    derived: bool = False,
) -> Form:
    """`rights`: C where a create takes the field, U where an update does."""
    field = Field(
        name,
        label,
        type,
        format,
        choices=tuple(Choice(one) for one in choices),
        references=references,
        creatable="C" in rights,
        updatable="U" in rights,
        derived=derived,
    )
    return Form(field, read, (key or name) if rights else "")


def text_of(key: str) -> Callable[[Row], Value]:
    return lambda row: values.text(row.get(key))


def _moment_of(key: str) -> Callable[[Row], Value]:
    return lambda row: values.instant(row.get(key))


def _number_of(key: str) -> Callable[[Row], Value]:
    return lambda row: values.number(row.get(key))


def _boolean_of(key: str) -> Callable[[Row], Value]:
    return lambda row: values.boolean(row.get(key))


def _phone_of(*kinds: str) -> Callable[[Row], Value]:
    """The number of the first of these types that the contact has."""

    def read(row: Row) -> Value:
        numbers = row.get("phone_numbers") or ()
        for kind in kinds:
            for one in numbers:
                if one.get("type") == kind and values.text(one.get("raw_number")):
                    return values.text(one["raw_number"])
        return None

    return read


def _email(row: Row) -> Value:
    found = values.text(row.get("email"))
    return None if found is None or found.casefold() == PLACEHOLDER else found


def _domain(row: Row) -> Value:
    return values.domain(row.get("domain"))


def _lost(row: Row) -> Value:
    return bool(row.get("is_closed")) and not row.get("is_won")


def _text(name: str, label: str, rights: str = "", format: Format = "") -> Form:
    return _form(name, label, text_of(name), "text", format, rights=rights)


def _open_choice(name: str, label: str, *known: str) -> Form:
    return _form(name, label, text_of(name), "choice", choices=known)


def _made(key: str) -> Form:
    return _form("created_at", "Created at", _moment_of(key), "datetime")


def _reference(name: str, label: str, to: str, rights: str = "") -> Form:
    key = f"{name}_id"
    return _form(name, label, text_of(key), "reference", rights=rights, key=key, references=(to,))


ADDRESS = (
    *(_text("street_address", "Street"), _text("city", "City"), _text("state", "State")),
    *(_text("country", "Country"), _text("postal_code", "Postal code")),
)
SOURCE = (
    *("api", "search", "csv_import", "crm", "crm_csv", "salesforce", "salesforce_contact"),
    *("salesforce_lead", "email_import", "deployment", "job_change"),
    *("chrome_extension_linkedin", "chrome_extension_salesforce"),
    "meetings_scheduled_in_app",
)
EMAIL_STATUS = ("verified", "extrapolated", "unavailable", "bounced", "pending_manual_fulfillment")
_ID = _form("id", "Id", lambda row: str(row["id"]), "id")

CONTACT: tuple[Form, ...] = (
    _ID,
    _text("first_name", "First name", "CU"),
    _text("last_name", "Last name", "CU"),
    _text("name", "Name"),
    _form("email", "Email", _email, "text", "email", rights="CU"),
    _text("title", "Title", "CU"),
    _text("organization_name", "Company", "CU"),
    _reference("account", "Account", "account", "CU"),
    _reference("owner", "Owner", "user", "CU"),
    _form("phone", "Work phone", _phone_of("work_direct", "work_hq"), "text", "phone", rights="CU"),
    _form("mobile_phone", "Mobile phone", _phone_of("mobile"), "text", "phone", rights="U"),
    _form("home_phone", "Home phone", _phone_of("home"), "text", "phone", rights="U"),
    _form("other_phone", "Other phone", _phone_of("other"), "text", "phone", rights="U"),
    _text("present_raw_address", "Address", "CU"),
    *ADDRESS,
    _text("time_zone", "Time zone"),
    _text("linkedin_url", "LinkedIn address", "CU", "url"),
    _text("twitter_url", "Twitter address", "C", "url"),
    _text("facebook_url", "Facebook address", "C", "url"),
    _text("headline", "Headline"),
    _open_choice("email_status", "Email status", *EMAIL_STATUS),
    _text("email_true_status", "Email status, in words"),
    _form("email_unsubscribed", "Unsubscribed", _boolean_of("email_unsubscribed"), "boolean"),
    _form("call_opted_out", "Do not call", _boolean_of("call_opted_out"), "boolean"),
    _open_choice("source", "Source", *SOURCE),
    _open_choice("original_source", "First source", *SOURCE),
    _text("source_display_name", "Source, in words"),
    _open_choice("existence_level", "Visibility", "full", "invisible", "none"),
    _text("salesforce_lead_id", "Salesforce lead", "C"),
    _text("salesforce_contact_id", "Salesforce contact", "C"),
    _text("salesforce_account_id", "Salesforce account", "C"),
    _made("created_at"),
    _form("updated_at", "Updated at", _moment_of("updated_at"), "datetime"),
    _form("last_activity_date", "Last activity", _moment_of("last_activity_date"), "datetime"),
)
ACCOUNT: tuple[Form, ...] = (
    _ID,
    _text("name", "Name", "CU"),
    _form("domain", "Domain", _domain, "text", "domain", rights="CU"),
    _reference("owner", "Owner", "user", "CU"),
    _text("phone", "Phone", "CU", "phone"),
    _text("raw_address", "Address", "CU"),
    *ADDRESS,
    _text("website_url", "Website", "", "url"),
    _text("industry", "Industry"),
    _form(
        "estimated_num_employees",
        "Employees",
        _number_of("estimated_num_employees"),
        "number",
        "integer",
    ),
    _form("annual_revenue", "Annual revenue", _number_of("annual_revenue"), "number", "currency"),
    _form("founded_year", "Founded", _number_of("founded_year"), "number", "integer"),
    _text("linkedin_url", "LinkedIn address", "C", "url"),
    _text("twitter_url", "Twitter address", "C", "url"),
    _text("facebook_url", "Facebook address", "C", "url"),
    _text("salesforce_id", "Salesforce account", "C"),
    _open_choice("source", "Source", *SOURCE),
    _open_choice("original_source", "First source", *SOURCE),
    _text("source_display_name", "Source, in words"),
    _open_choice("existence_level", "Visibility", "full", "invisible", "none"),
    _made("created_at"),
    _form("last_activity_date", "Last activity", _moment_of("last_activity_date"), "datetime"),
)
OPPORTUNITY: tuple[Form, ...] = (
    _ID,
    _text("name", "Name"),
    _reference("owner", "Owner", "user"),
    _reference("account", "Account", "account"),
    _form("amount", "Amount", _number_of("amount"), "number", "currency"),
    _form("closed_date", "Close date", lambda row: values.day(row.get("closed_date")), "date"),
    _form("is_closed", "Closed", _boolean_of("is_closed"), "boolean"),
    _form("is_won", "Won", _boolean_of("is_won"), "boolean"),
    _form("open", "Open", lambda row: not row.get("is_closed"), "boolean", derived=True),
    _form("won", "Won", lambda row: bool(row.get("is_won")), "boolean", derived=True),
    _form("lost", "Lost", _lost, "boolean", derived=True),
    _text("description", "Description"),
    _text("source", "Source"),
    _text("next_step", "Next step"),
    _form(
        "created_at",
        "Created at",
        lambda row: values.instant(row.get("opportunity_created_at") or row.get("created_at")),
        "datetime",
    ),
    _form("stage_updated_at", "Stage changed at", _moment_of("stage_updated_at"), "datetime"),
    _form("last_activity_date", "Last activity", _moment_of("last_activity_date"), "datetime"),
)
USER: tuple[Form, ...] = (
    _ID,
    _text("email", "Email", "", "email"),
    _text("name", "Name"),
    _text("first_name", "First name"),
    _text("last_name", "Last name"),
    _text("title", "Title"),
    _form("active", "Active", lambda row: row.get("deleted") is not True, "boolean", derived=True),
)
STANDARD: Mapping[str, tuple[Form, ...]] = {
    "contact": CONTACT,
    "account": ACCOUNT,
    "opportunity": OPPORTUNITY,
    "user": USER,
}


def stage_form(rights: str, key: str, read: Callable[[Row], Value], names: Names) -> Form:
    """The field `stage`, whose values are the names of the team's stages."""
    form = _form("stage", "Stage", read, "choice", rights=rights, key=key)
    field = replace(form.field, choices=names.choices(), restricted=True)
    return replace(form, field=field)


_TYPES: Mapping[str, tuple[FieldType, Format]] = {
    "string": ("text", ""),
    "textarea": ("text", "long"),
    "number": ("number", ""),
    "date": ("date", ""),
    "datetime": ("datetime", ""),
    "boolean": ("boolean", ""),
    "picklist": ("choice", ""),
    "multipicklist": ("choices", ""),
    "lookup_user": ("reference", ""),
}


def custom_forms(customs: Iterable[Custom], taken: Iterable[str], writable: bool) -> list[Form]:
    """The fields a team has added. A name is the label in lower case with `_` for what is no letter
    or digit; where two share it or a standard field has it, the last six characters of the id come
    behind."""
    found = list(customs)
    plain = [_plain(one.label) for one in found]
    standard = set(taken)
    forms: list[Form] = []
    for one, name in zip(found, plain, strict=True):
        alone = name != "" and name not in standard and plain.count(name) == 1
        unique = name if alone else f"{name or 'field'}_{one.id[-6:]}"
        forms.append(_custom_form(one, unique, writable))
    return forms


def _custom_form(one: Custom, name: str, writable: bool) -> Form:
    type, format = _TYPES.get(one.type, ("other", ""))
    field = Field(
        name,
        one.label,
        type,
        format,
        length=one.max_length,
        choices=one.options.choices() if type in ("choice", "choices") else (),
        restricted=type in ("choice", "choices"),
        references=("user",) if type == "reference" else (),
        creatable=writable and type != "other",
        updatable=writable and type != "other",
        custom=True,
    )

    def read(row: Row) -> Value:
        stored = row.get("typed_custom_fields") or {}
        return _custom_value(one, type, stored.get(one.id))

    return Form(field, read, one.id if field.updatable else "", one)


def _custom_value(one: Custom, type: FieldType, raw: Any) -> Value:
    if raw is None or raw in ("", []):
        return None
    if type in ("choice", "choices"):
        picked = [_option(one.options, str(each)) for each in _listed(raw)]
        if type == "choices":
            return values.choices(picked)
        if len(picked) != 1:
            raise Unreadable(one.label)
        return picked[0]
    if type == "number":
        return values.number(raw)
    if type == "boolean":
        return values.boolean(raw)
    if type == "date":
        return values.day(raw)
    if type == "datetime":
        return values.instant(raw)
    return values.text(raw)


def _option(options: Names, raw: str) -> str:
    """The name of an option, which may stand as its id or its name."""
    if raw in options.by_id:
        return options.by_id[raw]
    named = options.ids(raw)
    if not named:
        raise Unreadable(raw)
    return options.by_id[named[0]]


def _listed(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else [raw]


def _plain(label: str) -> str:
    return re.sub(r"[\W_]+", "_", label.lower()).strip("_")

"""The fields of Apollo's objects: what each is called here, how it reads, which key writes it.

Knows the wire's spelling of every standard field and of custom fields by their definition. Names
are those of the wire; references lose their `_id`, `phone` is the work number. What stages and
custom fields a team has is in `describe.py`; which request carries which field, in `writes.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..base import values
from ..base.frozen import dataclass
from ..base.schema import Choice, Field, FieldType, Format
from ..base.values import Value, identifier

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


def form_of(
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


def moment_of(key: str) -> Callable[[Row], Value]:
    return lambda row: values.instant(row.get(key))


def number_of(key: str) -> Callable[[Row], Value]:
    return lambda row: values.number(row.get(key))


def boolean_of(key: str) -> Callable[[Row], Value]:
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


def text_form(name: str, label: str, rights: str = "", format: Format = "") -> Form:
    return form_of(name, label, text_of(name), "text", format, rights=rights)


def choice_form(name: str, label: str, *known: str) -> Form:
    return form_of(name, label, text_of(name), "choice", choices=known)


def _made(key: str) -> Form:
    return form_of("created_at", "Created at", moment_of(key), "datetime")


def reference_form(name: str, label: str, to: str, rights: str = "") -> Form:
    key = f"{name}_id"
    return form_of(name, label, text_of(key), "reference", rights=rights, key=key, references=(to,))


ADDRESS = (
    *(
        text_form("street_address", "Street"),
        text_form("city", "City"),
        text_form("state", "State"),
    ),
    *(text_form("country", "Country"), text_form("postal_code", "Postal code")),
)
SOURCE = (
    *("api", "search", "csv_import", "crm", "crm_csv", "salesforce", "salesforce_contact"),
    *("salesforce_lead", "email_import", "deployment", "job_change"),
    *("chrome_extension_linkedin", "chrome_extension_salesforce"),
    "meetings_scheduled_in_app",
)
EMAIL_STATUS = ("verified", "extrapolated", "unavailable", "bounced", "pending_manual_fulfillment")
ID = form_of("id", "Id", lambda row: identifier(row["id"]), "id")

CONTACT: tuple[Form, ...] = (
    ID,
    text_form("first_name", "First name", "CU"),
    text_form("last_name", "Last name", "CU"),
    text_form("name", "Name"),
    form_of("email", "Email", _email, "text", "email", rights="CU"),
    text_form("title", "Title", "CU"),
    text_form("organization_name", "Company", "CU"),
    reference_form("account", "Account", "account", "CU"),
    reference_form("owner", "Owner", "user", "CU"),
    form_of(
        "phone", "Work phone", _phone_of("work_direct", "work_hq"), "text", "phone", rights="CU"
    ),
    form_of("mobile_phone", "Mobile phone", _phone_of("mobile"), "text", "phone", rights="U"),
    form_of("home_phone", "Home phone", _phone_of("home"), "text", "phone", rights="U"),
    form_of("other_phone", "Other phone", _phone_of("other"), "text", "phone", rights="U"),
    text_form("present_raw_address", "Address", "CU"),
    *ADDRESS,
    text_form("time_zone", "Time zone"),
    text_form("linkedin_url", "LinkedIn address", "CU", "url"),
    text_form("twitter_url", "Twitter address", "C", "url"),
    text_form("facebook_url", "Facebook address", "C", "url"),
    text_form("headline", "Headline"),
    choice_form("email_status", "Email status", *EMAIL_STATUS),
    text_form("email_true_status", "Email status, in words"),
    form_of("email_unsubscribed", "Unsubscribed", boolean_of("email_unsubscribed"), "boolean"),
    form_of("call_opted_out", "Do not call", boolean_of("call_opted_out"), "boolean"),
    choice_form("source", "Source", *SOURCE),
    choice_form("original_source", "First source", *SOURCE),
    text_form("source_display_name", "Source, in words"),
    choice_form("existence_level", "Visibility", "full", "invisible", "none"),
    text_form("salesforce_lead_id", "Salesforce lead", "C"),
    text_form("salesforce_contact_id", "Salesforce contact", "C"),
    text_form("salesforce_account_id", "Salesforce account", "C"),
    _made("created_at"),
    form_of("updated_at", "Updated at", moment_of("updated_at"), "datetime"),
    form_of("last_activity_date", "Last activity", moment_of("last_activity_date"), "datetime"),
)
ACCOUNT: tuple[Form, ...] = (
    ID,
    text_form("name", "Name", "CU"),
    form_of("domain", "Domain", _domain, "text", "domain", rights="CU"),
    reference_form("owner", "Owner", "user", "CU"),
    text_form("phone", "Phone", "CU", "phone"),
    text_form("raw_address", "Address", "CU"),
    *ADDRESS,
    text_form("website_url", "Website", "", "url"),
    text_form("industry", "Industry"),
    form_of(
        "estimated_num_employees",
        "Employees",
        number_of("estimated_num_employees"),
        "number",
        "integer",
    ),
    form_of("annual_revenue", "Annual revenue", number_of("annual_revenue"), "number", "currency"),
    form_of("founded_year", "Founded", number_of("founded_year"), "number", "integer"),
    text_form("linkedin_url", "LinkedIn address", "C", "url"),
    text_form("twitter_url", "Twitter address", "C", "url"),
    text_form("facebook_url", "Facebook address", "C", "url"),
    text_form("salesforce_id", "Salesforce account", "C"),
    choice_form("source", "Source", *SOURCE),
    choice_form("original_source", "First source", *SOURCE),
    text_form("source_display_name", "Source, in words"),
    choice_form("existence_level", "Visibility", "full", "invisible", "none"),
    _made("created_at"),
    form_of("last_activity_date", "Last activity", moment_of("last_activity_date"), "datetime"),
)
OPPORTUNITY: tuple[Form, ...] = (
    ID,
    text_form("name", "Name"),
    reference_form("owner", "Owner", "user"),
    reference_form("account", "Account", "account"),
    form_of("amount", "Amount", number_of("amount"), "number", "currency"),
    form_of("closed_date", "Close date", lambda row: values.day(row.get("closed_date")), "date"),
    form_of("is_closed", "Closed", boolean_of("is_closed"), "boolean"),
    form_of("is_won", "Won", boolean_of("is_won"), "boolean"),
    form_of("open", "Open", lambda row: not row.get("is_closed"), "boolean", derived=True),
    form_of("won", "Won", lambda row: bool(row.get("is_won")), "boolean", derived=True),
    form_of("lost", "Lost", _lost, "boolean", derived=True),
    text_form("description", "Description"),
    text_form("source", "Source"),
    text_form("next_step", "Next step"),
    form_of(
        "created_at",
        "Created at",
        lambda row: values.instant(row.get("opportunity_created_at") or row.get("created_at")),
        "datetime",
    ),
    form_of("stage_updated_at", "Stage changed at", moment_of("stage_updated_at"), "datetime"),
    form_of("last_activity_date", "Last activity", moment_of("last_activity_date"), "datetime"),
)
USER: tuple[Form, ...] = (
    ID,
    text_form("email", "Email", "", "email"),
    text_form("name", "Name"),
    text_form("first_name", "First name"),
    text_form("last_name", "Last name"),
    text_form("title", "Title"),
    form_of(
        "active", "Active", lambda row: row.get("deleted") is not True, "boolean", derived=True
    ),
)
STANDARD: Mapping[str, tuple[Form, ...]] = {
    "contact": CONTACT,
    "account": ACCOUNT,
    "opportunity": OPPORTUNITY,
    "user": USER,
}


def stage_form(rights: str, key: str, read: Callable[[Row], Value], names: Names) -> Form:
    """The field `stage`, whose values are the names of the team's stages."""
    form = form_of("stage", "Stage", read, "choice", rights=rights, key=key)
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

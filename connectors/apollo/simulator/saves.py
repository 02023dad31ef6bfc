"""What a save does to a record of the simulated Apollo: what is taken, cleared, made up, refused.

Knows which keys each route takes (all others are ignored with 200, as the API does), phones,
addresses, custom fields and stamps that move only when something changed. Which row is saved is
decided in `contacts.py` and `accounts.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from ...base.values import domain, instant, text
from .replies import no_such_id, unprocessable
from .rows import Row, Table
from .team import CustomField, Stage, Team

Values = dict[str, Any]

_PHONES = {
    "direct_phone": "work_direct",
    "corporate_phone": "work_hq",
    "mobile_phone": "mobile",
    "home_phone": "home",
    "other_phone": "other",
    "phone": "work_direct",
}
_TEXTS = (
    *("first_name", "last_name", "organization_name", "title", "linkedin_url", "twitter_url"),
    *("facebook_url", "photo_url", "organization_id", "salesforce_id", "salesforce_lead_id"),
    *("salesforce_contact_id", "salesforce_account_id"),
)
_ONCE = frozenset({"person_id", "salesforce_lead_id", "salesforce_contact_id"})
_PEOPLE_ONLY = frozenset(
    {"owner_id", "email_status", "email_unsubscribed", "call_opted_out", "city", "state", "country"}
)

SOURCES = {
    "api": "Created from API",
    "search": "Requested from Apollo",
    "csv_import": "Uploaded from CSV",
    "chrome_extension_linkedin": "Added from LinkedIn",
}
"""How a record came to be, and how that is told to people."""

CONTACT_SINGLE = frozenset(
    {
        *("first_name", "last_name", "organization_name", "title", "account_id", "email"),
        *("label_names", "contact_stage_id", "present_raw_address", "direct_phone"),
        *("corporate_phone", "mobile_phone", "home_phone", "other_phone", "typed_custom_fields"),
    }
)
"""What POST /contacts and PATCH /contacts/{id} take: no owner, no LinkedIn address."""
CONTACT_BULK_CREATE = frozenset(
    {*_TEXTS, "primary_title", "email", "phone", "present_raw_address", "account_id"}
    | {"contact_stage_id", "typed_custom_fields", "contact_emails", "phone_numbers", "owner_id"}
)
CONTACT_BULK_UPDATE = frozenset(
    {
        *("first_name", "last_name", "email", "title", "organization_name", "owner_id"),
        *("account_id", "present_raw_address", "linkedin_url", "typed_custom_fields"),
    }
)
"""What contacts/bulk_update takes: no stage, no phones, no lists."""
CONTACT_PERSON = CONTACT_SINGLE | CONTACT_BULK_CREATE | _PEOPLE_ONLY
"""What a person can change at the screen."""

ACCOUNT_SINGLE = frozenset(
    {
        *("name", "domain", "owner_id", "account_stage_id", "phone", "raw_address"),
        "typed_custom_fields",
    }
)
ACCOUNT_BULK_CREATE = ACCOUNT_SINGLE | {
    *("linkedin_url", "facebook_url", "twitter_url", "salesforce_id", "organization_id"),
    "parent_account_id",
}
ACCOUNT_BULK_UPDATE = frozenset({"name", "owner_id", "account_stage_id", "typed_custom_fields"})


@dataclass(frozen=True, slots=True)
class Saved:
    """A row after a save, and what its custom fields were refused for, by field id."""

    row: Row
    errors: Mapping[str, str]


def contact_values(
    team: Team, old: Mapping[str, Any], sent: Mapping[str, Any], takes: frozenset[str]
) -> tuple[Values, dict[str, str]]:
    """The values of a contact after `sent`, and the errors of custom fields. Raises the 422 of an
    id that isn't the team's."""
    values = dict(old)
    given = {name: sent[name] for name in sent if name in takes}
    for name in _TEXTS:
        if name in given and not (name in _ONCE and old.get(name)):
            values[name] = text(given[name])
    if text(given.get("primary_title")):
        values["title"] = text(given["primary_title"])
    if "email" in given:
        _take_email(values, text(given["email"]))
    for one in given.get("contact_emails") or ():
        extra = text(one.get("email"))
        if extra and not values.get("email"):
            _take_email(values, extra)
        elif extra and extra != values.get("email"):
            values["more_emails"] = (*(values.get("more_emails") or ()), extra)
    if "account_id" in given:
        values["account_id"] = known_id(given["account_id"], team.accounts)
    if given.get("contact_stage_id"):
        values["contact_stage_id"] = stage_id(team.contact_stages, given["contact_stage_id"])
    if given.get("owner_id"):
        values["owner_id"] = owner_id(team, given["owner_id"])
    _take_address(values, given, "present_raw_address")
    for name, kind in _PHONES.items():
        if name in given:
            _take_phone(values, kind, text(given[name]))
    for one in given.get("phone_numbers") or ():
        _take_phone(values, one.get("type") or "work_direct", text(one.get("raw_number")))
    if "label_names" in given:
        names = given["label_names"] or ()
        values["label_ids"] = [team.label(str(name), "contacts").id for name in names]
    for name in (_PEOPLE_ONLY - {"owner_id"}) & given.keys():
        values[name] = given[name]
    return without_blanks(values), _take_custom(team, "contact", values, given)


def account_values(
    team: Team, old: Mapping[str, Any], sent: Mapping[str, Any], takes: frozenset[str]
) -> tuple[Values, dict[str, str]]:
    """The values of an account after `sent`, and the errors of custom fields."""
    values = dict(old)
    given = {name: sent[name] for name in sent if name in takes}
    for name in (
        *("name", "phone", "linkedin_url", "facebook_url", "twitter_url", "salesforce_id"),
        *("organization_id", "parent_account_id"),
    ):
        if name in given:
            values[name] = text(given[name])
    if "domain" in given:
        values["domain"] = domain(given["domain"])
    if given.get("account_stage_id"):
        values["account_stage_id"] = stage_id(team.account_stages, given["account_stage_id"])
    if given.get("owner_id"):
        values["owner_id"] = owner_id(team, given["owner_id"])
    _take_address(values, given, "raw_address")
    return without_blanks(values), _take_custom(team, "account", values, given)


def save(
    team: Team,
    table: Table,
    row: Row,
    change: Callable[[Mapping[str, Any]], tuple[Values, dict[str, str]]],
) -> Saved:
    """Changes a row. Its stamp moves only if a value did."""
    values, errors = change(row.values)
    if values == row.values:
        return Saved(row, errors)
    moved = replace(row, values=values, updated=max(team.now(), row.updated + 1))
    return Saved(team.put(table, moved), errors)


def stage_id(stages: list[Stage], id: object) -> str:
    """The id, if one of `stages` has it; else raises the 422."""
    if not any(one.id == id for one in stages):
        raise no_such_id(id)
    return str(id)


def owner_id(team: Team, id: object) -> str:
    """The id, if a user of the team has it; else raises the 422."""
    if team.member(id) is None:
        raise no_such_id(id)
    return str(id)


def known_id(id: object, table: Table) -> str | None:
    """The id, if a row of `table` has it, None for a blank; else raises the 422."""
    if not id:
        return None
    if table.here(str(id)) is None:
        raise no_such_id(id)
    return str(id)


def moment_in(raw: object) -> str | None:
    """A moment as rows keep it; raises the 422 for what is none."""
    try:
        return instant(raw)
    except ValueError:
        raise unprocessable(f"Parameters misconfigured. {raw} is not a time") from None


def ids_of(sent: Mapping[str, Any], name: str) -> list[str]:
    """A required list of ids; raises the 422 where it is missing."""
    ids = sent.get(name)
    if not ids:
        raise unprocessable(f"Required parameter '{name}' missing")
    return [str(one) for one in (ids if isinstance(ids, list) else [ids])]


def _take_email(values: Values, address: str | None) -> None:
    """Text that is no address is dropped without an error; what a customer gives is "verified"."""
    if address is None:
        values.update(email=None, email_status=None, email_true_status=None)
        values["email_from_customer"] = None
    elif re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address) and address != values.get("email"):
        values.update(email=address, email_status="verified", email_true_status="User Managed")
        values["email_from_customer"] = True


def _take_phone(values: Values, kind: str, number: str | None) -> None:
    """Overwrites the number of that type, or appends one; a blank takes it away."""
    phones = [one for one in values.get("phones") or () if one[0] != kind or number is not None]
    if number is not None:
        places = [place for place, one in enumerate(phones) if one[0] == kind]
        if places:
            phones[places[0]] = (kind, number)
        else:
            phones.append((kind, number))
    elif any(one[0] == kind for one in phones):
        phones = [one for one in phones if one[0] != kind]
    values["phones"] = tuple(phones)


def _take_address(values: Values, given: Mapping[str, Any], name: str) -> None:
    """Keeps the line as it is sent and makes parts of it, as the geocoder would."""
    if name not in given:
        return
    line = text(given[name])
    parts = [one.strip() for one in (line or "").split(",") if one.strip()]
    values[name] = line
    values["country"] = parts[-1] if parts else None
    values["state"] = parts[-2] if len(parts) > 2 else None
    values["city"] = parts[-3 if len(parts) > 2 else -2] if len(parts) > 1 else None
    values["street_address"] = parts[0] if len(parts) > 3 else None
    values["postal_code"] = None


def _take_custom(
    team: Team, modality: str, values: Values, given: Mapping[str, Any]
) -> dict[str, str]:
    """Stores what fits its field; unknown ids are ignored, misfits told in the reply."""
    errors: dict[str, str] = {}
    fields = team.fields_of(modality)
    stored = dict(values.get("typed_custom_fields") or {})
    for id, raw in (given.get("typed_custom_fields") or {}).items():
        one = fields.get(id)
        if one is None:
            continue
        if raw in (None, "", []):
            stored.pop(id, None)
            continue
        try:
            stored[id] = custom_value(one, raw)
        except ValueError as error:
            errors[id] = str(error)
    if stored:
        values["typed_custom_fields"] = stored
    else:
        values.pop("typed_custom_fields", None)
    return errors


def custom_value(one: CustomField, raw: Any) -> Any:
    """A value as its field keeps it. `ValueError` with Apollo's message where it doesn't fit."""
    if one.type in ("string", "textarea"):
        if not isinstance(raw, str):
            raise ValueError(f"{one.label} must be a text")
        if one.max_length is not None and len(raw) > one.max_length:
            raise ValueError(f"{one.label} is too long (maximum is {one.max_length} characters)")
        return raw
    if one.type == "number":
        if isinstance(raw, bool) or not isinstance(raw, (int, float)):
            raise ValueError(f"{one.label} must be a number")
        return float(raw)
    if one.type == "boolean":
        if not isinstance(raw, bool):
            raise ValueError(f"{one.label} must be true or false")
        return raw
    if one.type == "date":
        return date.fromisoformat(str(raw)[:10]).isoformat()
    if one.type == "datetime":
        whole = datetime.fromisoformat(str(raw))
        return f"{whole:%Y-%m-%dT%H:%M:%S}.{whole.microsecond // 1000:03d}+00:00"
    if one.type in ("picklist", "multipicklist"):
        picked = raw if isinstance(raw, list) else [raw]
        known = {id for id, _ in one.options}
        if not all(option in known for option in picked):
            raise ValueError(f"{one.label} has no such option")
        if one.type == "picklist" and len(picked) != 1:
            raise ValueError(f"{one.label} takes one option")
        return sorted(picked)
    if one.type == "lookup_user":
        return str(raw)
    raise ValueError(f"{one.label} can't be written")


def without_blanks(values: Values) -> Values:
    """Drops what is at its default, in place, so that equal records have equal values."""
    for name in [name for name, one in values.items() if one is None or one in ((), [], "")]:
        del values[name]
    return values

"""The routes of the simulated Apollo that list what a team has: users, stages, fields, deals.

Knows the many shapes these come in: a bare array, two kinds of ids for one field, numbers as text.
Contacts and accounts have modules of their own.
"""

from __future__ import annotations

from typing import Any

from .replies import unprocessable
from .rows import Row
from .search import Params, Searchable, pagination, paging, search
from .shapes import deal, user
from .team import CustomField, Stage, Team

_CREATABLE = frozenset({"string", "textarea", "number", "date", "datetime", "boolean"})


def profile(team: Team, params: Params, id: str) -> object:
    """GET users/api_profile: whom the key acts as."""
    one = team.users[0]
    return {
        "id": one.id,
        "team_id": team.id,
        "first_name": one.first,
        "last_name": one.last,
        "title": one.title,
        "email": one.email,
    }


def users(team: Team, params: Params, id: str) -> object:
    """GET users/search."""
    page, per_page = paging(team, params)
    start = (page - 1) * per_page
    shown = [user(team, one) for one in team.users[start : start + per_page]]
    return {"pagination": pagination(params, page, per_page, len(team.users)), "users": shown}


def contact_stages(team: Team, params: Params, id: str) -> object:
    """GET contact_stages."""
    return {
        "contact_stages": [
            {**_stage(team, one, place), "ignore_trigger_override": one.override}
            for place, one in enumerate(team.contact_stages)
        ]
    }


def account_stages(team: Team, params: Params, id: str) -> object:
    """GET account_stages."""
    return {
        "account_stages": [
            {**_stage(team, one, place), "default_exclude_for_leadgen": one.override}
            for place, one in enumerate(team.account_stages)
        ]
    }


def deal_stages(team: Team, params: Params, id: str) -> object:
    """GET opportunity_stages."""
    types = {"in_progress": "Open", "succeeded": "Closed/Won", "failed": "Closed/Lost"}
    return {
        "opportunity_stages": [
            {
                "id": one.id,
                "team_id": team.id,
                "name": one.name,
                "display_order": place,
                "is_won": one.category == "succeeded",
                "is_closed": one.category != "in_progress",
                "probability": None,
                "description": None,
                "salesforce_id": None,
                "is_editable": True,
                "type": types[one.category or "in_progress"],
            }
            for place, one in enumerate(team.deal_stages)
        ]
    }


def fields(team: Team, params: Params, id: str) -> object:
    """GET fields: ids have the object in front, and picklists don't show their options."""
    if params.values.get("source") not in (None, "", "custom"):
        return {"fields": []}
    return {
        "fields": [
            {
                "id": f"{one.modality}.{one.id}",
                "modality": one.modality,
                "label": one.label,
                "field_name": one.label,
                "type": one.type,
                "source": "custom",
                "category": "person" if one.modality == "contact" else one.modality,
                "group": None,
                "context": [],
                "editable": False,
                "description": None,
                "is_local": False,
            }
            for one in team.fields
        ]
    }


def field_created(team: Team, params: Params, id: str) -> object:
    """POST fields: no picklists by API; the reply is oddly wrapped."""
    values = params.values
    if values.get("type") not in _CREATABLE:
        raise unprocessable("Picklist fields must have at least one option")
    if not values.get("label") or values.get("modality") not in ("contact", "account"):
        raise unprocessable("Name is required")
    longest = (values.get("meta") or {}).get("max_length")
    made = CustomField(
        team.ids.new(team.now()),
        str(values["modality"]),
        str(values["label"]),
        str(values["type"]),
        max_length=longest,
    )
    team.fields.append(made)
    shown = {
        "id": made.id,
        "name": made.label,
        "modality": made.modality,
        "text_field_max_length": made.max_length,
    }
    return {"typed_custom_fields": [shown]}


def typed_custom_fields(team: Team, params: Params, id: str) -> object:
    """GET typed_custom_fields: bare ids, and the only place that shows a picklist's options."""
    return {
        "typed_custom_fields": [
            {
                "id": one.id,
                "modality": one.modality,
                "name": one.label,
                "type": one.type,
                "picklist_options": [],
                "picklist_values": [
                    {"_id": option, "id": option, "key": option, "name": name}
                    for option, name in one.options
                ],
                "mapped_crm_field": None,
                "additional_mapped_crm_field": None,
                "is_readonly_mapped_crm_field": None,
                "mirrored": False,
                "system_name": None,
                "text_field_max_length": one.max_length,
                "is_local": False,
            }
            for one in team.fields
        ]
    }


def labels(team: Team, params: Params, id: str) -> object:
    """GET labels: a bare array."""
    return [
        {
            "_id": one.id,
            "id": one.id,
            "key": one.id,
            "name": one.name,
            "modality": one.modality,
            "team_id": team.id,
        }
        for one in team.labels
    ]


def deals(team: Team, params: Params, id: str) -> object:
    """GET opportunities/search."""
    what = Searchable(
        "opportunities", "opportunity", team.deals, team.deal_stages, "q_opportunity_name", False
    )
    return search(team, what, params, lambda row: deal(team, row))


def deal_shown(team: Team, params: Params, id: str) -> object:
    """GET opportunities/{id}."""
    row: Row | None = team.deals.here(id)
    if row is None:
        raise unprocessable("Opportunity does not exist.")
    return {"opportunity": deal(team, row)}


def _stage(team: Team, one: Stage, place: int) -> dict[str, Any]:
    return {
        "id": one.id,
        "team_id": team.id,
        "display_name": one.name,
        "name": one.name,
        "display_order": place,
        "category": one.category,
        "is_meeting_set": None,
    }

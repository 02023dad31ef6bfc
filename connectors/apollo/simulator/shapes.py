"""How the simulated Apollo's records look on the wire, key for key as they were recorded.

Knows the templates of contacts, accounts, deals and users and fills them from rows. An account has
no `updated_at` anywhere, which is the API's doing and not ours. Nothing here changes a record.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from .replies import stamp, zoned
from .rows import Row
from .team import Team, User, addresses

_CONTACT: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("first_name", "last_name", "linkedin_url", "title", "contact_stage_id", "owner_id"),
            *("creator_id", "person_id", "organization_name", "source", "original_source"),
            *("organization_id", "headline", "photo_url", "present_raw_address", "linkedin_uid"),
            *("extrapolated_email_confidence", "salesforce_id", "salesforce_lead_id"),
            *("salesforce_contact_id", "salesforce_account_id", "crm_owner_id"),
            *("direct_dial_status", "direct_dial_enrichment_failed_at", "email_status"),
            *("email_source", "account_id", "last_activity_date", "hubspot_vid"),
            *("hubspot_company_id", "crm_id", "merged_crm_ids", "queued_for_crm_push"),
            *("suggested_from_rule_engine_config_id", "email_unsubscribed", "person_deleted"),
            *("call_opted_out", "godmode_apollo_creator", "sanitized_phone", "street_address"),
            *("city", "state", "country", "postal_code", "formatted_address", "time_zone"),
            *("email", "email_from_customer", "crm_record_url", "email_status_unavailable_reason"),
            *("email_true_status", "source_display_name", "twitter_url", "facebook_url"),
            *("intent_strength", "account_phone_note", "contact_job_change_event"),
        )
    ),
    "contact_roles": [],
    "email_needs_tickling": False,
    "emailer_campaign_ids": [],
    "label_ids": [],
    "has_pending_email_arcgate_request": False,
    "has_email_arcgate_request": False,
    "existence_level": "full",
    "typed_custom_fields": {},
    "custom_field_errors": {},
    "updated_email_true_status": True,
    "contact_campaign_statuses": [],
    "show_intent": False,
    "free_domain": False,
    "email_domain_catchall": False,
}
_ACCOUNT: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("domain", "name", "organization_id", "account_stage_id", "source"),
            *("original_source", "creator_id", "owner_id", "phone", "hubspot_id"),
            *("salesforce_id", "crm_owner_id", "parent_account_id", "linkedin_url"),
            *("suggested_from_rule_engine_config_id", "godmode_apollo_creator"),
            *("source_display_name", "crm_record_url", "twitter_url", "facebook_url"),
            *("intent_strength", "organization_headcount_six_month_growth"),
            *("organization_headcount_twelve_month_growth",),
            *("organization_headcount_twenty_four_month_growth",),
        )
    ),
    "phone_status": "no_status",
    "account_playbook_statuses": [],
    "existence_level": "full",
    "label_ids": [],
    "typed_custom_fields": {},
    "custom_field_errors": {},
    "modality": "account",
    "show_intent": False,
}
_TALLIES: dict[str, Any] = {"contact_emailer_campaign_ids": [], "contact_campaign_status_tally": {}}
_FREE = frozenset({"gmail.com", "outlook.com", "yahoo.com", "web.de", "hotmail.com"})
_OWN = frozenset({"more_emails", "phones", "last_activity"})


def contact(team: Team, row: Row) -> dict[str, Any]:
    """A contact as search, show and all writes but `update_owners` return it."""
    values = row.values
    shown = {**_CONTACT, **{name: one for name, one in values.items() if name not in _OWN}}
    names = (values.get("first_name"), values.get("last_name"))
    shown["id"] = row.id
    shown["name"] = " ".join(one for one in names if one)
    shown["created_at"] = stamp(row.created)
    shown["updated_at"] = stamp(row.updated)
    if values.get("last_activity"):
        shown["last_activity_date"] = zoned(values["last_activity"])
    shown["contact_emails"] = [
        _email(values, one, place) for place, one in enumerate(addresses(row))
    ]
    shown["free_domain"] = _domain_of(values.get("email")) in _FREE
    shown["phone_numbers"] = [
        {
            "raw_number": number,
            "sanitized_number": sanitized(number),
            "type": kind,
            "position": place,
            "status": "no_status",
            "dnc_status": None,
            "dnc_other_info": None,
            "dialer_flags": None,
        }
        for place, (kind, number) in enumerate(values.get("phones") or ())
    ]
    if shown["phone_numbers"]:
        shown["sanitized_phone"] = shown["phone_numbers"][0]["sanitized_number"]
    linked = team.accounts.here(values.get("account_id") or "")
    if linked is not None:
        shown["account"] = account(linked)
    return shown


def account(row: Row, contacts: int | None = None) -> dict[str, Any]:
    """An account; `contacts` is told by searches and left out of the replies to writes."""
    values = row.values
    shown = {**_ACCOUNT, **{name: one for name, one in values.items() if name not in _OWN}}
    shown["id"] = row.id
    shown["created_at"] = stamp(row.created)
    if values.get("phone"):
        shown["sanitized_phone"] = sanitized(values["phone"])
    if contacts is not None:
        shown.update(_TALLIES, num_contacts=contacts)
        shown["last_activity_date"] = (
            zoned(values["last_activity"]) if values.get("last_activity") else None
        )
    return shown


def deal(team: Team, row: Row) -> dict[str, Any]:
    """A deal; its time of creation has a name of its own, and there is no `updated_at`."""
    values = row.values
    stage = next(
        (one for one in team.deal_stages if one.id == row.get("opportunity_stage_id")), None
    )
    closed = values.get("closed_date")
    amount = values.get("amount")
    return {
        "id": row.id,
        "team_id": team.id,
        "name": values.get("name"),
        "owner_id": values.get("owner_id"),
        "account_id": values.get("account_id"),
        "amount": amount,
        "amount_in_team_currency": amount,
        "closed_date": f"{closed}T00:00:00.000+00:00" if closed else None,
        "opportunity_stage_id": stage.id if stage else None,
        "stage_name": stage.name if stage else None,
        "is_closed": stage.category != "in_progress" if stage else None,
        "is_won": stage.category == "succeeded" if stage else None,
        "description": None,
        "source": values.get("source"),
        "salesforce_id": None,
        "opportunity_created_at": stamp(row.created),
        "stage_updated_at": stamp(row.updated),
        "next_step": None,
        "currency": {"name": "US Dollar", "iso_code": "USD", "symbol": "$"},
        "existence_level": "full",
        "typed_custom_fields": values.get("typed_custom_fields") or {},
    }


def user(team: Team, one: User) -> dict[str, Any]:
    """A user as `users/search` lists it, deleted ones too."""
    return {
        "id": one.id,
        "team_id": team.id,
        "first_name": one.first,
        "last_name": one.last,
        "name": f"{one.first} {one.last}",
        "email": one.email,
        "title": one.title,
        "deleted": one.deleted,
        "salesforce_id": None,
        "sync_salesforce_id": None,
        "sync_crm_id": None,
        "salesforce_account": None,
        "salesforce_instance_url": None,
        "crm_email": None,
        "linked_salesforce": None,
        "linked_crm_name": None,
        "linked_hubspot": None,
    }


def sanitized(number: str) -> str | None:
    """A number as E.164, guessed as Apollo does: ten digits are a US number."""
    digits = re.sub(r"\D", "", number)
    if not digits:
        return None
    if number.strip().startswith("+"):
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    return f"+1{digits}" if len(digits) == 10 else f"+{digits}"


def _email(values: Any, address: str, place: int) -> dict[str, Any]:
    plain = address.strip().lower().encode()
    return {
        "email_md5": hashlib.md5(plain).hexdigest(),
        "email_sha256": hashlib.sha256(plain).hexdigest(),
        "email_status": values.get("email_status") if place == 0 else "verified",
        "extrapolated_email_confidence": None,
        "position": place,
        "email": address,
        "free_domain": _domain_of(address) in _FREE,
        "source": "User Managed",
        "third_party_vendor_name": None,
        "vendor_validation_statuses": [],
        "email_needs_tickling": False,
        "email_true_status": values.get("email_true_status"),
        "email_status_unavailable_reason": None,
    }


def _domain_of(address: str | None) -> str:
    return (address or "").rpartition("@")[2].lower()

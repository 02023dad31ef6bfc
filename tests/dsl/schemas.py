"""Two small systems for tests of the language: objects and fields like Apollo's and Salesforce's.

Enough fields for every construct and every finding; what a real connector describes is tested with
that connector.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from syncrules.connectors.base.schema import Choice, Field, Object, Role, Schema

CONTACT_STAGES = (
    "Cold",
    "Approaching",
    "Replied",
    "Interested",
    "Not Interested",
    "Unresponsive",
    "Do Not Contact",
    "Bad Data",
    "Changed Job",
)
ACCOUNT_STAGES = (
    "Cold",
    "Current Client",
    "Active Opportunity",
    "Dead Opportunity",
    "Do Not Prospect",
)
SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Other")


def text(
    name: str,
    label: str,
    length: int | None = None,
    format: Literal["", "email", "phone", "url", "domain", "long"] = "",
    *,
    required: bool = False,
) -> Field:
    return Field(name, label, "text", format, length, required=required)


def choice(name: str, label: str, values: tuple[str, ...], *, restricted: bool = False) -> Field:
    return Field(
        name,
        label,
        "choice",
        choices=tuple(Choice(one, one) for one in values),
        restricted=restricted,
    )


def reference(name: str, label: str, *objects: str) -> Field:
    return Field(name, label, "reference", references=objects)


def seen(name: str, label: str, type: Literal["id", "text", "datetime", "boolean"]) -> Field:
    """A field that can only be read."""
    return Field(name, label, type, creatable=False, updatable=False)


def derived(name: str) -> Field:
    return Field(name, name, "boolean", creatable=False, updatable=False, derived=True)


def as_role(role: Role, field: Field, required: bool = False, **means: tuple[str, ...]) -> Field:
    """A field of an activity; `means` says which of its values stand for what."""
    known = {value: word for word, values in means.items() for value in values}
    choices = tuple(replace(one, means=known.get(one.value, "")) for one in field.choices)
    return replace(field, role=role, required=required, choices=choices)


def read_only(field: Field) -> Field:
    return replace(field, creatable=False, updatable=False)


CONTACT = Object(
    "contact",
    "Contact",
    (
        seen("id", "ID", "id"),
        text("first_name", "First Name"),
        text("last_name", "Last Name"),
        text("email", "Email", format="email"),
        choice("email_status", "Email Status", ("verified", "extrapolated", "unavailable")),
        text("title", "Title"),
        text("organization_name", "Company"),
        text("headline", "Headline", 255),
        text("phone", "Phone", format="phone"),
        text("linkedin_url", "LinkedIn", format="url"),
        choice("stage", "Stage", CONTACT_STAGES, restricted=True),
        Field(
            "lists",
            "Lists",
            "choices",
            choices=(Choice("Newsletter"), Choice("Event 2026"), Choice("Old", active=False)),
        ),
        Field("score", "Score", "number", custom=True),
        Field("birthday", "Birthday", "date", custom=True),
        Field("email_unsubscribed", "Unsubscribed", "boolean", updatable=False, creatable=False),
        seen("created_at", "Created", "datetime"),
        Field("last_seen", "Last seen", "datetime"),
        Field("match", "Match", "text", custom=True),
        Field("when", "When", "text", custom=True),
        Field("push", "Push", "text", custom=True),
        reference("account", "Account", "account"),
        reference("owner", "Owner", "user"),
    ),
    plural="Contacts",
    keys=("email",),
    thing="person",
    first_last=("first_name", "last_name"),
    created="created_at",
)
ACCOUNT = Object(
    "account",
    "Account",
    (
        seen("id", "ID", "id"),
        text("name", "Name", required=True),
        text("domain", "Domain", format="domain"),
        text("phone", "Phone", format="phone"),
        choice("stage", "Stage", ACCOUNT_STAGES, restricted=True),
        text("original_source", "Source"),
        Field("employees", "Employees", "number", "integer", creatable=False, updatable=False),
        seen("created_at", "Created", "datetime"),
        reference("owner", "Owner", "user"),
    ),
    plural="Accounts",
    feed="newest first",
    keys=("domain",),
    created="created_at",
)
DEAL = Object(
    "opportunity",
    "Deal",
    (
        seen("id", "ID", "id"),
        text("name", "Name", required=True),
        Field("amount", "Amount", "number", "currency"),
        Field("closed_date", "Closed", "date"),
        reference("account", "Account", "account"),
        reference("owner", "Owner", "user"),
    ),
    plural="Deals",
)
APOLLO_USER = Object(
    "user",
    "User",
    (seen("id", "ID", "id"), seen("email", "Email", "text"), seen("name", "Name", "text")),
    plural="Users",
    keys=("email",),
    thing="user",
    creatable=False,
)
# What people did, as Apollo has it. Emails, meetings and notes can only be read.
_WHO = (
    as_role("owner", reference("user", "User", "user")),
    as_role("person", reference("contact", "Contact", "contact")),
    as_role("account", reference("account", "Account", "account")),
)
_SEEN_WHO = tuple(read_only(one) for one in _WHO)
TASK = Object(
    "task",
    "Task",
    (
        seen("id", "ID", "id"),
        as_role("subject", text("title", "Title")),
        as_role("text", text("note", "Note")),
        as_role(
            "kind",
            choice("type", "Type", ("call", "outreach_manual_email", "action_item")),
            required=True,
            call=("call",),
            email=("outreach_manual_email",),
            task=("action_item",),
        ),
        as_role(
            "status",
            choice("status", "Status", ("scheduled", "completed", "skipped"), restricted=True),
            required=True,
            open=("scheduled",),
            done=("completed",),
        ),
        as_role("open", derived("open")),
        as_role("done", derived("completed")),
        as_role(
            "priority",
            choice("priority", "Priority", ("high", "medium", "low"), restricted=True),
            high=("high",),
            normal=("medium",),
            low=("low",),
        ),
        as_role("when", Field("due_at", "Due at", "datetime"), required=True),
        replace(_WHO[0], required=True),
        replace(_WHO[1], required=True),
        _SEEN_WHO[2],
        seen("created_at", "Created", "datetime"),
    ),
    plural="Tasks",
    feed="whole",
    thing="activity",
    status_field="status",
    created="created_at",
)
CALL = Object(
    "call",
    "Call",
    (
        seen("id", "ID", "id"),
        as_role(
            "kind", read_only(choice("kind", "Kind", ("call",), restricted=True)), call=("call",)
        ),
        as_role("subject", seen("subject", "Subject", "text")),
        as_role("text", text("note", "Note")),
        read_only(choice("direction", "Direction", ("outgoing", "incoming"), restricted=True)),
        as_role(
            "status",
            choice("status", "Status", ("in-progress", "completed", "no-answer"), restricted=True),
            open=("in-progress",),
            done=("completed", "no-answer"),
        ),
        as_role("when", Field("start_time", "Start", "datetime")),
        as_role("end", Field("end_time", "End", "datetime")),
        Field("duration", "Duration in seconds", "number", "integer"),
        *_WHO,
        reference("outreach_task", "Task", "task"),
    ),
    plural="Calls",
    feed="newest first",
    thing="activity",
    untold=True,
    status_field="status",
)
EMAIL = Object(
    "email",
    "Email",
    (
        seen("id", "ID", "id"),
        as_role(
            "kind", read_only(choice("kind", "Kind", ("email",), restricted=True)), email=("email",)
        ),
        as_role("subject", seen("subject", "Subject", "text")),
        as_role("text", seen("body_text", "Text", "text")),
        read_only(choice("direction", "Direction", ("outgoing", "incoming"), restricted=True)),
        read_only(choice("mailbox", "Mailbox", ("apollo", "connected"), restricted=True)),
        as_role(
            "status",
            read_only(
                choice("status", "Status", ("drafted", "scheduled", "completed"), restricted=True)
            ),
            open=("drafted", "scheduled"),
            done=("completed",),
        ),
        as_role("when", seen("completed_at", "Sent at", "datetime")),
        as_role("address", read_only(text("address", "Other side", format="email"))),
        as_role("name", read_only(text("name", "Other side, name"))),
        *_SEEN_WHO,
        seen("created_at", "Created", "datetime"),
    ),
    plural="Emails",
    feed="newest first",
    thing="activity",
    untold=True,
    status_field="status",
    created="created_at",
    creatable=False,
    updatable=False,
)
MEETING = Object(
    "meeting",
    "Meeting",
    (
        seen("id", "ID", "id"),
        as_role("subject", seen("subject", "Subject", "text")),
        as_role("text", seen("description", "Description", "text")),
        as_role("when", seen("start_time", "Start", "datetime")),
        as_role("end", seen("end_time", "End", "datetime")),
        as_role("cancelled", seen("cancelled", "Cancelled", "boolean")),
        as_role("guests", read_only(Field("guests", "Guests' addresses", "choices"))),
        *_SEEN_WHO,
        seen("created_at", "Created", "datetime"),
    ),
    plural="Meetings",
    thing="activity",
    created="created_at",
    creatable=False,
    updatable=False,
)
NOTE = Object(
    "note",
    "Note",
    (
        seen("id", "ID", "id"),
        as_role("subject", seen("subject", "First line", "text")),
        as_role("text", seen("content", "Text", "text")),
        as_role("about", read_only(reference("about", "About", "contact", "account"))),
        *_SEEN_WHO,
        seen("created_at", "Created", "datetime"),
    ),
    plural="Notes",
    feed="by parent",
    thing="activity",
    untold=True,
    created="created_at",
    creatable=False,
    updatable=False,
)
APOLLO = Schema(
    "apollo",
    "apollo",
    "team",
    (CONTACT, ACCOUNT, DEAL, APOLLO_USER, TASK, CALL, EMAIL, MEETING, NOTE),
)

PERSON = (
    seen("Id", "Record ID", "id"),
    text("FirstName", "First Name", 40),
    text("LastName", "Last Name", 80, required=True),
    text("Email", "Email", 80, "email"),
    text("Title", "Title", 128),
    text("Phone", "Phone", 40, "phone"),
    text("Description", "Description", 32000, "long"),
    choice("LeadSource", "Lead Source", SOURCES),
    reference("OwnerId", "Owner", "User", "Group"),
    seen("Name", "Full Name", "text"),
)
LEAD = Object(
    "Lead",
    "Lead",
    (
        *PERSON,
        text("Company", "Company", 255, required=True),
        choice(
            "Status",
            "Lead Status",
            (
                "Open - Not Contacted",
                "Working - Contacted",
                "Closed - Converted",
                "Closed - Not Converted",
            ),
        ),
        choice("Rating", "Rating", ("Hot", "Warm", "Cold"), restricted=True),
        Field("NumberOfEmployees", "Employees", "number", "integer"),
        Field("IsConverted", "Converted", "boolean", updatable=False),
        seen("CreatedDate", "Created Date", "datetime"),
    ),
    plural="Leads",
    keys=("Email",),
    thing="person",
    rank=1,
    source_field="LeadSource",
    status_field="Status",
    account_by="Email",
    created="CreatedDate",
)
SF_CONTACT = Object(
    "Contact",
    "Contact",
    (
        *PERSON,
        reference("AccountId", "Account", "Account"),
        Field("Birthdate", "Birthdate", "date"),
        Field("Met_On__c", "Met On", "date", custom=True),
        choice("Status__c", "Status", CONTACT_STAGES, restricted=True),
        Field(
            "Topics__c",
            "Topics",
            "choices",
            choices=(Choice("Newsletter"), Choice("Event 2026")),
            restricted=True,
            custom=True,
        ),
        Field("DoNotCall", "Do Not Call", "boolean"),
        Field("Origin_Link__c", "Origin", "text", "url", length=255, updatable=False, custom=True),
        reference("ReportsToId", "Reports To", "Contact"),
        seen("CreatedDate", "Created Date", "datetime"),
    ),
    plural="Contacts",
    keys=("Email",),
    thing="person",
    rank=0,
    source_field="LeadSource",
    created="CreatedDate",
)
SF_ACCOUNT = Object(
    "Account",
    "Account",
    (
        seen("Id", "Account ID", "id"),
        text("Name", "Account Name", 255, required=True),
        text("Website", "Website", 255, "url"),
        text("Phone", "Phone", 40, "phone"),
        choice("AccountSource", "Account Source", SOURCES),
        choice("Rating", "Rating", ("Hot", "Warm", "Cold")),
        choice("Type", "Type", ("Prospect", "Customer"), restricted=True),
        Field("NumberOfEmployees", "Employees", "number", "integer"),
        seen("CreatedDate", "Created Date", "datetime"),
        reference("OwnerId", "Owner", "User"),
    ),
    plural="Accounts",
    keys=("Website",),
    source_field="AccountSource",
    created="CreatedDate",
)
OPPORTUNITY = Object(
    "Opportunity",
    "Opportunity",
    (
        seen("Id", "Opportunity ID", "id"),
        text("Name", "Name", 120, required=True),
        choice("StageName", "Stage", ("Prospecting", "Closed Won", "Closed Lost")),
        Field("Amount", "Amount", "number", "currency"),
        Field("CloseDate", "Close Date", "date", required=True),
        seen("LastStageChangeDate", "Last Stage Change", "datetime"),
        reference("AccountId", "Account", "Account"),
        reference("OwnerId", "Owner", "User"),
        derived("open"),
        derived("won"),
        derived("lost"),
    ),
    plural="Opportunities",
)
SF_USER = Object(
    "User",
    "User",
    (
        seen("Id", "User ID", "id"),
        Field("Email", "Email", "text", "email", creatable=False, updatable=False),
        seen("Name", "Full Name", "text"),
    ),
    plural="Users",
    keys=("Email",),
    thing="user",
    creatable=False,
)
_ABOUT = (
    as_role("subject", text("Subject", "Subject", 255)),
    as_role("text", text("Description", "Description", 32000, "long")),
    as_role("person", reference("WhoId", "Name", "Contact", "Lead")),
    as_role("account", reference("WhatId", "Related To", "Account", "Opportunity")),
    as_role("owner", reference("OwnerId", "Assigned To", "User")),
    seen("CreatedDate", "Created Date", "datetime"),
)
SF_TASK = Object(
    "Task",
    "Task",
    (
        seen("Id", "Activity ID", "id"),
        *_ABOUT,
        as_role("when", Field("ActivityDate", "Due Date", "date")),
        as_role(
            "status",
            choice("Status", "Status", ("Not Started", "In Progress", "Completed")),
            open=("Not Started", "In Progress"),
            done=("Completed",),
        ),
        as_role(
            "priority",
            choice("Priority", "Priority", ("High", "Normal", "Low")),
            high=("High",),
            normal=("Normal",),
            low=("Low",),
        ),
        as_role(
            "kind",
            replace(
                choice("TaskSubtype", "Task Subtype", ("Task", "Email", "Call"), restricted=True),
                updatable=False,
            ),
            task=("Task",),
            email=("Email",),
            call=("Call",),
        ),
        Field("CallDurationInSeconds", "Call Duration", "number", "integer"),
        as_role("open", derived("open")),
        as_role("done", derived("completed")),
    ),
    plural="Tasks",
    thing="activity",
    status_field="Status",
    created="CreatedDate",
)
SF_EVENT = Object(
    "Event",
    "Event",
    (
        seen("Id", "Event ID", "id"),
        *_ABOUT,
        as_role("when", Field("StartDateTime", "Start", "datetime")),
        as_role("end", Field("EndDateTime", "End", "datetime")),
        text("Location", "Location", 255),
    ),
    plural="Events",
    thing="activity",
    created="CreatedDate",
)
SF_NOTE = Object(
    "Note",
    "Note",
    (
        seen("Id", "Note ID", "id"),
        as_role("subject", text("Title", "Title", 80), required=True),
        as_role("text", text("Body", "Body", 32000, "long")),
        as_role(
            "about",
            replace(
                reference("ParentId", "Parent", "Account", "Contact", "Lead", "Opportunity"),
                updatable=False,
            ),
            required=True,
        ),
        as_role("owner", reference("OwnerId", "Owner", "User")),
        seen("CreatedDate", "Created Date", "datetime"),
    ),
    plural="Notes",
    thing="activity",
    created="CreatedDate",
)
SALESFORCE = Schema(
    "salesforce",
    "salesforce",
    "00D",
    (LEAD, SF_CONTACT, SF_ACCOUNT, OPPORTUNITY, SF_USER, SF_TASK, SF_EVENT, SF_NOTE),
)
SCHEMAS = {"apollo": APOLLO, "salesforce": SALESFORCE}

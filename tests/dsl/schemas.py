"""Two small systems for tests of the language: objects and fields like Apollo's and Salesforce's.

Enough fields for every construct and every finding; what a real connector describes is tested with
that connector.
"""

from __future__ import annotations

from typing import Literal

from syncrules.connectors.base.schema import Choice, Field, Object, Schema

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
APOLLO = Schema("apollo", "apollo", "team", (CONTACT, ACCOUNT, DEAL, APOLLO_USER))

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
SALESFORCE = Schema(
    "salesforce", "salesforce", "00D", (LEAD, SF_CONTACT, SF_ACCOUNT, OPPORTUNITY, SF_USER)
)
SCHEMAS = {"apollo": APOLLO, "salesforce": SALESFORCE}

"""The objects that the simulated org comes with, a line for each field.

    NAME TYPE [SIZE[.SCALE]] [FLAGS] [part of COMPOUND] [-> OBJECTS [as RELATION]] [= VALUES]

Flags: C createable, U updateable, N may be blank, D filled by the server, I a lookup key, X an
external id and unique, R only listed values, L neither filtered nor sorted, H a rich text. A value
with `*` is the default. `schema.py` spells the lines out; what no line can say is in `saves.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standard:
    """An object: `fields` are lines as above; the audit fields come by themselves."""

    name: str
    prefix: str
    fields: str
    label: str = ""
    plural: str = ""
    deletable: bool = True
    writable: bool = True


HIDDEN = ("HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall")
"""Fields that field-level security hides in a fresh org."""

_WITH = (("Task", "WhoId"), ("Event", "WhoId"), ("Note", "ParentId"))
_ABOUT = (("Task", "WhatId"), ("Event", "WhatId"), ("Note", "ParentId"))
CHILDREN = {
    "Account": (("Contact", "AccountId"), ("Opportunity", "AccountId"), *_ABOUT),
    "Opportunity": _ABOUT,
    "Contact": _WITH,
    "Lead": _WITH,
}
"""What is deleted with a record: (object, the field that refers to it)."""

AUDIT = (
    "IsDeleted boolean D",
    "CreatedDate datetime D",
    "CreatedById reference D -> User as CreatedBy",
    "LastModifiedDate datetime D",
    "LastModifiedById reference D -> User as LastModifiedBy",
    "SystemModstamp datetime D",
)
_SOURCES = "Web, Phone Inquiry, Partner Referral, Purchased List, Other"
_INDUSTRIES = (
    "Banking, Chemicals, Communications, Consulting, Education, Energy, Engineering, Finance, "
    "Healthcare, Manufacturing, Media, Not For Profit, Retail, Technology, Transportation, Other"
)


def _address(prefix: str, compound: str) -> str:
    """The parts of an address and the compound that they are read through."""
    return f"""
{prefix}Street textarea 255 CUN part of {compound}
{prefix}City string 40 CUN part of {compound}
{prefix}State string 80 CUN part of {compound}
{prefix}PostalCode string 20 CUN part of {compound}
{prefix}Country string 80 CUN part of {compound}
{prefix}Latitude double 18.15 CUN part of {compound}
{prefix}Longitude double 18.15 CUN part of {compound}
{compound} address N"""


_PERSON = """
Id id D
MasterRecordId reference N -> {0} as MasterRecord
LastName string 80 CU part of Name
FirstName string 40 CUN part of Name
Salutation picklist 40 CUN part of Name = Mr., Ms., Mrs., Dr., Prof.
Name string 121
Title string 128 CUN
Phone phone 40 CUN
MobilePhone phone 40 CUN
Fax phone 40 CUN
Email email 80 CUNI
Description textarea 32000 CUNL
EmailBouncedReason string 255 UN
EmailBouncedDate datetime UN
LastActivityDate date N
LastViewedDate datetime N
HasOptedOutOfEmail boolean CUD
HasOptedOutOfFax boolean CUD
DoNotCall boolean CUD
Apollo_Id__c string 32 CUNX
"""
_SORTED = """
Id id D
MasterLabel string 255 N
ApiName string 255
SortOrder int 9 N
"""
_ACTIVITY = """
Id id D
WhoId reference CUN -> Contact, Lead as Who
WhatId reference CUN -> Account, Opportunity as What
Subject combobox 255 CUN = Call, Email, Meeting, Send Letter, Send Quote, Other
ActivityDate date CUN
Description textarea 32000 CUNL
AccountId reference N -> Account as Account
IsArchived boolean D
ReminderDateTime datetime CUN
IsReminderSet boolean CUD
"""

LEAD = Standard(
    "Lead",
    "00Q",
    _PERSON.format("Lead")
    + f"""
Company string 255 CU
Website url 255 CUN
LeadSource picklist 255 CUN = {_SOURCES}
Status picklist 255 CUD = Open - Not Contacted*, Working - Contacted, Closed - Converted, \
Closed - Not Converted
Industry picklist 255 CUN = {_INDUSTRIES}
Rating picklist 255 CUN = Hot, Warm, Cold
AnnualRevenue currency 18.0 CUN
NumberOfEmployees int 8 CUN
OwnerId reference CUD -> Group, User as Owner
IsConverted boolean CD
ConvertedDate date N
ConvertedAccountId reference N -> Account as ConvertedAccount
ConvertedContactId reference N -> Contact as ConvertedContact
ConvertedOpportunityId reference N -> Opportunity as ConvertedOpportunity
IsUnreadByOwner boolean CUD
"""
    + _address("", "Address"),
)
CONTACT = Standard(
    "Contact",
    "003",
    _PERSON.format("Contact")
    + f"""
AccountId reference CUN -> Account as Account
HomePhone phone 40 CUN
OtherPhone phone 40 CUN
AssistantPhone phone 40 CUN
AssistantName string 40 CUN
ReportsToId reference CUN -> Contact as ReportsTo
Department string 80 CUN
LeadSource picklist 255 CUN = {_SOURCES}
Birthdate date CUN
IsEmailBounced boolean D
OwnerId reference CUD -> User as Owner
Status__c picklist 255 CUNR = New, Working, Customer, Former
"""
    + _address("Mailing", "MailingAddress")
    + _address("Other", "OtherAddress"),
)
ACCOUNT = Standard(
    "Account",
    "001",
    f"""
Id id D
MasterRecordId reference N -> Account as MasterRecord
Name string 255 CU
Type picklist 255 CUN = Prospect, Customer - Direct, Customer - Channel, Partner, Other
ParentId reference CUN -> Account as Parent
Phone phone 40 CUN
Fax phone 40 CUN
AccountNumber string 40 CUN
Website url 255 CUN
Sic string 20 CUN
Industry picklist 255 CUN = {_INDUSTRIES}
AnnualRevenue currency 18.0 CUN
NumberOfEmployees int 8 CUN
Ownership picklist 255 CUN = Public, Private, Subsidiary, Other
TickerSymbol string 20 CUN
Description textarea 32000 CUNL
Rating picklist 255 CUN = Hot, Warm, Cold
Site string 80 CUN
AccountSource picklist 255 CUN = {_SOURCES}
OwnerId reference CUD -> User as Owner
LastActivityDate date N
LastViewedDate datetime N
Customer_Status__c picklist 255 CUNR = Prospect, Evaluating, Customer, Former Customer
"""
    + _address("Billing", "BillingAddress")
    + _address("Shipping", "ShippingAddress"),
)
OPPORTUNITY = Standard(
    "Opportunity",
    "006",
    f"""
Id id D
AccountId reference CUN -> Account as Account
IsPrivate boolean CUD
Name string 120 CUI
Description textarea 32000 CUNL
StageName picklist 255 CU = Prospecting, Qualification, Needs Analysis, Value Proposition, \
Id. Decision Makers, Perception Analysis, Proposal/Price Quote, Negotiation/Review, Closed Won, \
Closed Lost
Amount currency 18.2 CUN
Probability percent 3.0 CUND
ExpectedRevenue currency 18.2 N
CloseDate date CU
Type picklist 255 CUN = Existing Customer - Upgrade, Existing Customer - Replacement, New Customer
NextStep string 255 CUN
LeadSource picklist 255 CUN = {_SOURCES}
IsClosed boolean D
IsWon boolean D
ForecastCategory picklist 40 R = Omitted, Pipeline, BestCase, Forecast, Closed
ForecastCategoryName picklist 255 CUNDR = Omitted, Pipeline, Best Case, Commit, Closed
OwnerId reference CUD -> User as Owner
LastActivityDate date N
LastStageChangeDate datetime N
""",
    plural="Opportunities",
)
USER = Standard(
    "User",
    "005",
    """
Id id D
Username string 80 CUI
LastName string 80 CU part of Name
FirstName string 40 CUN part of Name
Name string 121
Email email 128 CUI
Alias string 8 CU
CommunityNickname string 40 CU
IsActive boolean CUD
TimeZoneSidKey picklist 40 CUR = America/Los_Angeles, Europe/Berlin, GMT
LocaleSidKey picklist 40 CUR = en_US, en_GB, de_DE
EmailEncodingKey picklist 40 CUR = UTF-8, ISO-8859-1
LanguageLocaleKey picklist 40 CUR = en_US, de, sv
UserType picklist 40 NR = Standard, AutomatedProcess, Guest
ManagerId reference CUN -> User as Manager
Title string 80 CUN
Department string 80 CUN
Phone phone 40 CUN
MobilePhone phone 40 CUN
EmployeeNumber string 20 CUN
FederationIdentifier string 512 CUN
LastLoginDate datetime N
""",
    deletable=False,
)
TASK = Standard(
    "Task",
    "00T",
    _ACTIVITY
    + """
Status picklist 255 CUD = Not Started*, In Progress, Completed, Waiting on someone else, Deferred
Priority picklist 255 CUD = High, Normal*, Low
IsHighPriority boolean D
OwnerId reference CUD -> Group, User as Owner
IsClosed boolean D
CallDurationInSeconds int 8 CUN
CallType picklist 40 CUNR = Internal, Inbound, Outbound
CallDisposition string 255 CUN
CallObject string 255 CUN
TaskSubtype picklist 40 CNR = Task*, Email, ListEmail, Call, Cadence, LinkedIn
CompletedDateTime datetime N
IsRecurrence boolean CD
""",
)
EVENT = Standard(
    "Event",
    "00U",
    _ACTIVITY
    + """
Location string 255 CUN
IsAllDayEvent boolean CUD
ActivityDateTime datetime CUN
StartDateTime datetime CUN
EndDateTime datetime CUN
EndDate date N
DurationInMinutes int 8 CUN
OwnerId reference CUD -> User as Owner
IsPrivate boolean CUD
ShowAs picklist 40 CUNDR = Busy*, OutOfOffice, Free
IsChild boolean D
IsGroupEvent boolean D
EventSubtype picklist 40 CNR = Event*
""",
)
NOTE = Standard(
    "Note",
    "002",
    """
Id id D
ParentId reference C -> Account, Contact, Lead, Opportunity as Parent
Title string 80 CU
IsPrivate boolean CUD
Body textarea 32000 CUNL
OwnerId reference CUD -> User as Owner
""",
)
OBJECTS = (
    LEAD,
    CONTACT,
    ACCOUNT,
    OPPORTUNITY,
    USER,
    TASK,
    EVENT,
    NOTE,
    Standard(
        "OpportunityStage",
        "01J",
        _SORTED
        + """
IsActive boolean D
IsClosed boolean D
IsWon boolean D
ForecastCategory picklist 40 R = Omitted, Pipeline, BestCase, Forecast, Closed
ForecastCategoryName picklist 255 R = Omitted, Pipeline, Best Case, Commit, Closed
DefaultProbability percent 3.0 N
Description string 255 N
""",
        deletable=False,
        writable=False,
    ),
    Standard(
        "LeadStatus",
        "01K",
        _SORTED + "IsDefault boolean D\nIsConverted boolean D",
        plural="Lead Statuses",
        deletable=False,
        writable=False,
    ),
    Standard(
        "TaskStatus",
        "01L",
        _SORTED + "IsDefault boolean D\nIsClosed boolean D",
        plural="Task Statuses",
        deletable=False,
        writable=False,
    ),
    Standard(
        "Organization",
        "00D",
        """
Id id D
Name string 80
OrganizationType picklist 40 N = Developer Edition, Enterprise Edition, Unlimited Edition
InstanceName string 5 N
IsSandbox boolean D
IsReadOnly boolean D
NamespacePrefix string 15 N
TimeZoneSidKey picklist 40 = America/Los_Angeles, Europe/Berlin, GMT
LanguageLocaleKey picklist 40 = en_US, de, sv
DefaultAccountAccess picklist 40 N = None, Read, Edit
DefaultContactAccess picklist 40 N = None, Read, Edit, ControlledByParent
DefaultLeadAccess picklist 40 N = None, Read, Edit, ReadEditTransfer
DefaultOpportunityAccess picklist 40 N = None, Read, Edit
TrialExpirationDate datetime N
""",
        deletable=False,
        writable=False,
    ),
    Standard(
        "Group",
        "00G",
        """
Id id D
Name string 40
DeveloperName string 80 N
Email email 255 N
Type picklist 40 R = Regular, Queue, Role
OwnerId reference D -> User as Owner
""",
        deletable=False,
        writable=False,
    ),
    Standard(
        "RecordType",
        "012",
        """
Id id D
Name string 80
DeveloperName string 80
SobjectType picklist 40 R
IsActive boolean D
Description string 255 N
""",
        label="Record Type",
        deletable=False,
        writable=False,
    ),
)

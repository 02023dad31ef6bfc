"""What a week must end in, from what the guide says its rules mean, and from who did what.

Reads the rows of the two simulators and the log of what people did; imports nothing of the product.
People and companies go by the tags in their names. The values of linked records are worked out
round by round in `week_values.py`; here is who must be there, and what they did with each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from syncrules.tests.guide.week_log import Log
from syncrules.tests.guide.week_people import Done, Staff
from syncrules.tests.guide.week_values import PUSHED, Story, Wanted
from syncrules.tests.simulation.recorder import DEEDS, Key

PEOPLE = ("contact", "Lead", "Contact")
AUDIT = {"LastModifiedDate", "LastModifiedById", "SystemModstamp", "LastActivityDate"}
_PERSON = {"FirstName", "LastName", "Name", "Email", "Title", "Phone", "MobilePhone", "OwnerId"}
MAY_CHANGE: Mapping[str, set[str]] = {
    "contact": {
        *("first_name", "last_name", "name", "email", "title", "account", "account_id", "stage"),
        *("contact_stage_id", "email_status", "email_true_status", "email_from_customer"),
        *("contact_emails", "free_domain", "last_activity"),
    },
    "account": {"name", "domain", "stage", "account_stage_id", "last_activity"},
    "Lead": _PERSON | AUDIT | {"Company", "Description", "Status"},
    "Contact": _PERSON | AUDIT | {"AccountId"},
    "Account": AUDIT | {"Name", "Website", "Phone"},
}
"""The fields of records that a rule of the file names, and what the systems set beside them."""
CLOSES = AUDIT | {"Status", "IsClosed", "CompletedDateTime", "WhatId", "AccountId"}
"""What may change on a task that somebody made in Salesforce: it is closed, and stands with the
account that its contact has in Apollo."""
FILLED, ASKED = ("Phone", "MobilePhone"), ("email", "Email")
KEPT = (*ASKED, "first_name", "last_name", "FirstName", "LastName", "Company", "name", "Name")
DAY = 24 * 3600.0
KINDS = {"action_item": "Task", "call": "Call", "outreach_manual_email": "Email"}


class Entry(Protocol):
    """An open entry of the error log."""

    @property
    def code(self) -> str: ...
    @property
    def key(self) -> str | None: ...
    @property
    def message(self) -> str: ...


def check(log: Log, staff: Staff, errors: Sequence[Entry]) -> list[str]:
    """A sentence for each thing that is not as it must be."""
    return list(_Oracle(log, staff, errors).all())


class _Oracle:
    def __init__(self, log: Log, staff: Staff, errors: Sequence[Entry]) -> None:
        self.log, self.staff, self.errors = log, staff, errors
        self.rows: dict[Key, Mapping[str, Any]] = {
            key: log.values(row)
            for system in ("apollo", "salesforce")
            for key, row in log.rows(system).items()
        }
        self.story = Story(log, staff)
        self.people: dict[str, Wanted] = self.story.people()
        self.companies: dict[str, Wanted] = self.story.companies()

    def all(self) -> Iterator[str]:
        yield from self.nobody_twice()
        yield from self.nobody_lost()
        yield from self.only_what_rules_name()
        for one in (*self.people.values(), *self.companies.values()):
            yield from self.as_wanted(one)
        yield from self.marked_when_gone()
        yield from self.in_their_accounts()
        yield from self.stages_of_accounts()
        for done in self.staff.done.values():
            yield from self.went_over(done) if done.key[0] == "apollo" else self.came_over(done)
        yield from self.errors_are_open()

    # ---- who is there

    def nobody_twice(self) -> Iterator[str]:
        """We make a record where there has never been one, deleted or not, and with its label."""
        for key, born in self.first_births():
            if born.who != "sync" or key[1] not in (*PEOPLE, "account", "Account"):
                continue
            tag = self.staff.log_tag(key)
            before = [
                other
                for other, event in self.first_births()
                if event.seq < born.seq and self.staff.log_tag(other) == tag and other[0] == key[0]
                if (other[1] in PEOPLE) == (key[1] in PEOPLE)
            ]
            if before:
                yield f"{tag}: {key} was made, though there was {before}"
            labels = {"Lead": "LeadSource", "Account": "AccountSource"}
            if key[1] in labels:
                given = self.log.by_field.get((key, labels[key[1]]))
                if not given or given[0].new != "Apollo":
                    yield f"{tag}: {key} was made by us and does not say so"
            if key[1] in ("Contact", "account"):
                yield f"{tag}: {key} was made, which no rule asks for"

    def first_births(self) -> Iterator[tuple[Key, Any]]:
        for (key, name), events in self.log.by_field.items():
            if not name:
                yield key, events[0]

    def nobody_lost(self) -> Iterator[str]:
        """Whoever satisfied a rule at the time of a run has a counterpart."""
        for tag, one in self.people.items():
            if one.reached and not one.rights:
                yield f"{tag}: {one.left} was {PUSHED} and has no Lead"
            if one.seen and not one.left[2]:
                yield f"{tag}: {one.rights} is a Contact with an address and has no contact"
        for key, born in self.first_births():
            if born.who != "sync" or key[1] not in PEOPLE:
                continue
            one = self.people[self.staff.log_tag(key)]
            stranger = self.staff.log_tag(key).startswith("s")
            if key[1] == "Lead" and not one.reached:
                yield f"{one.tag}: {key} was made, and the stage was never {PUSHED}"
            if key[1] == "contact" and not one.seen and not stranger:
                yield f"{one.tag}: {key} was made of no Contact with an address"
        for done in self.staff.done.values():
            if done.how == "stranger" and self.people.get(done.who) is None:
                yield f"{done.who} wrote {done.tag} and is no contact"

    # ---- what was written

    def only_what_rules_name(self) -> Iterator[str]:
        """No field changed that no rule names, and nothing was deleted."""
        asked = {one.key for one in self.staff.done.values() if one.key[0] == "salesforce"}
        theirs = {one.key for one in self.staff.done.values() if one.key[0] == "apollo"}
        made: set[Key] = set()
        for event in self.log.events:
            if event.who != "sync":
                made.discard(event.key)
                continue
            if not event.field:
                made.add(event.key)
                if event.new is None:
                    yield f"{event.key} was deleted by us"
                continue
            if event.key in made:
                continue  # What a new record begins with.
            allowed = MAY_CHANGE.get(event.key[1])
            if event.key in asked:
                allowed = CLOSES
            if event.key in theirs or event.key[1] == "Opportunity":
                allowed = set()
            what = f"{event.key}.{event.field} was {event.old!r} and became {event.new!r}"
            if allowed is not None and event.field not in allowed:
                yield f"{what}, and no rule says so"
            if event.field in FILLED and event.old:
                yield f"{what}, and only blanks are filled"
            if event.field in KEPT and event.old and not event.new:
                yield f"{what}: a blank has erased it"
            if event.field in ASKED and event.old and event.run not in self.log.let_go:
                yield f"{what}, and nobody has approved it"

    def as_wanted(self, one: Wanted) -> Iterator[str]:
        """Two linked records hold what the rules make of all that people entered."""
        if not one.linked or one.left not in self.rows or one.right not in self.rows:
            return
        left, right = self.rows[one.left], self.rows[one.right]
        for name, (here, there) in one.values.items():
            mine, theirs = left.get(name.left), right.get(name.right)
            for key, field, found, wanted in (
                (one.left, name.left, mine, here),
                (one.right, name.right, theirs, there),
            ):
                if (self.story.plain(found) or None) not in wanted:
                    yield f"{one.tag}: {key}.{field} is {found!r}, and should be {wanted}"

    def marked_when_gone(self) -> Iterator[str]:
        """Who is deleted in Apollo leaves a word on the lead, within a day."""
        for one in self.people.values():
            if not one.linked or one.left in self.rows or one.right[1] != "Lead":
                continue
            gone = self.log.by_field[one.left, ""][-1]
            row = self.rows.get(one.right)
            if row is None or self.log.clock.now() - gone.at < 1.1 * DAY:
                continue
            edits = self.log.by_field.get((one.right, "Description"), [])
            if row.get("Description") != "Gone from Apollo" and not any(
                each.who == "person" and each.seq > gone.seq for each in edits
            ):
                yield f"{one.tag}: {one.right} does not say that its contact is gone"

    def in_their_accounts(self) -> Iterator[str]:
        """A linked person is in the same company on both sides, as far as both know it."""
        home = {one.left: one.right for one in self.companies.values() if one.linked}
        for one in self.people.values():
            if not one.linked or one.left not in self.rows or one.right not in self.rows:
                continue
            here = ("apollo", "account", str(self.rows[one.left].get("account_id")))
            there = ("salesforce", "Account", str(self.rows[one.right].get("AccountId")))
            if one.right[1] == "Contact":
                if there in home.values() and home.get(here) != there:
                    yield f"{one.tag}: {one.left} is in {here}, {one.right} in {there}"
                if here in home and there not in self.rows:
                    yield f"{one.tag}: {one.right} is in no account, {one.left} in {here}"
            elif here not in self.rows:
                host = str(self.rows[one.right].get("Email")).rpartition("@")[2].lower()
                found = [
                    key
                    for key, row in self.rows.items()
                    if key[1] == "account" and row.get("domain") == host
                ]
                if found:
                    yield f"{one.tag}: {one.left} is in no account, its address in {found}"

    def stages_of_accounts(self) -> Iterator[str]:
        """The stage of an account is what its deals say."""
        for one in self.companies.values():
            if not one.linked:
                continue
            deals = {
                "won" if row.get("IsWon") else "lost" if row.get("IsClosed") else "open"
                for key, row in self.rows.items()
                if key[1] == "Opportunity" and row.get("AccountId") == one.right[2]
            }
            wanted = "Cold"
            if deals:
                wanted = (
                    "Current Client" if "won" in deals
                    else "Active Opportunity" if "open" in deals
                    else "Dead Opportunity"
                )  # fmt: skip
            found = self.rows[one.left].get("stage")
            if found != wanted:
                yield f"{one.tag}: its stage is {found!r}, and its deals {deals} say {wanted!r}"

    # ---- what they did with each other

    def of(self, done: Done) -> list[Key]:
        """The records of Salesforce that something done in Apollo has become."""
        found = []
        for key, row in self.rows.items():
            if key[0] == "salesforce" and key[1] in ("Task", "Event", "Note"):
                names = ("Subject", "Description", "Body", "Title")
                if any(done.tag in str(row.get(name) or "").split() for name in names):
                    found.append(key)
        return found

    def went_over(self, done: Done) -> Iterator[str]:
        """Each thing done is in Salesforce once, of its kind, with whom it was done."""
        found, row = self.of(done), self.rows[done.key]
        one = self.people.get(done.who)
        if len(found) > 1:
            yield f"{done.tag}: {done.key} is there {len(found)} times: {found}"
        if done.how.startswith("of "):
            first = self.staff.done[done.how[3:]]
            found += [key for key in self.of(first) if key not in found]
            if len(found) > 1:
                yield f"{done.tag}: a task and its call are there twice: {found}"
        led_to = [each for each in self.staff.done.values() if each.how == f"of {done.tag}"]
        out = done.how == "ours" or (
            done.key[1] == "task" and not self.once(done.key, "status", "completed")
        )
        if out:
            if found:
                yield f"{done.tag}: {done.key} has gone over: {found}"
            return
        if one is None or not one.linked or one.ever_gone or led_to:
            return
        cancelled = bool(row.get("cancelled"))
        if not found:
            if not cancelled:
                yield f"{done.tag}: {done.key} of {done.who} has not gone over"
            return
        [key, *_] = found
        there = self.rows[key]
        who = there.get("ParentId") if key[1] == "Note" else there.get("WhoId")
        if who != one.right[2]:
            yield f"{done.tag}: {key} is about {who}, and should be about {one.right}"
        if key in self.of(done):  # Else its task had gone over before there was a call.
            yield from self.right_kind(done, key)

    def right_kind(self, done: Done, key: Key) -> Iterator[str]:
        row, there, object = self.rows[done.key], self.rows[key], done.key[1]
        wanted: dict[str, Any] = {}
        if object == "task":
            closed = row.get("status") == "completed"
            wanted = {"TaskSubtype": KINDS[row["type"]], "Subject": row["title"]}
            wanted["Status"] = "Completed" if closed else "Not Started"
        elif object == "call":
            way = "Inbound" if row.get("inbound") else "Outbound"
            wanted = {"TaskSubtype": "Call", "Status": "Completed", "CallType": way}
            wanted["CallDurationInSeconds"] = row["duration"]
        elif object == "email":
            wanted = {"TaskSubtype": "Email", "Subject": f"Email: {row['subject']}"}
        elif object == "meeting":
            called = f"Cancelled: {row['subject']}" if row.get("cancelled") else row["subject"]
            wanted = {"Subject": called}
            if str(there["StartDateTime"])[:19] != str(row["start_time"])[:19]:
                yield f"{done.tag}: {key} begins {there['StartDateTime']}, not {row['start_time']}"
        for name, value in wanted.items():
            if there.get(name) != value:
                yield f"{done.tag}: {key}.{name} is {there.get(name)!r}, and should be {value!r}"

    def once(self, key: Key, field: str, value: Any) -> bool:
        """Whether a field had a value when a run began."""
        events = self.log.by_field.get((key, field), [])
        later = [*events[1:], None]
        return any(
            event.new == value and (follows is None or follows.run > event.run)
            for event, follows in zip(events, later, strict=True)
        )

    def came_over(self, done: Done) -> Iterator[str]:
        """A task of Salesforce is in Apollo once, and closed on both sides or on neither."""
        there, again = self.rows.get(done.key), self.of(done)
        over = [
            key
            for key, row in self.rows.items()
            if key[:2] == ("apollo", "task") and row.get("title") == f"Ask {done.tag}"
        ]
        if len(over) > 1 or len(again) > 1:
            yield f"{done.tag}: {done.key} is there more than once: {over}, {again}"
        one = self.people[done.who]
        if there is None or one.ever_gone or not one.linked:
            return
        if not over:
            if self.once(done.key, "Status", "Not Started"):
                yield f"{done.tag}: {done.key} has not come over"
            return
        row = self.rows[over[0]]
        if row.get("contact_id") != one.left[2]:
            yield f"{done.tag}: {over[0]} is about {row.get('contact_id')}, not {one.left}"
        if (row.get("status") == "completed") != (there["Status"] == "Completed"):
            yield f"{done.tag}: {row.get('status')} in Apollo, {there['Status']} in Salesforce"

    # ---- the error log

    def errors_are_open(self) -> Iterator[str]:
        """An entry is open for what is still so, and for nothing else."""
        for one in self.errors:
            if not self.is_so(one):
                yield f"an entry is open for nothing: {one.code}, {one.key}: {one.message}"

    def is_so(self, entry: Entry) -> bool:
        if entry.code == "ambiguous-match":
            return any(tag in f"{entry.key} {entry.message}" for tag in self.staff.twice) or bool(
                self.staff.company_twice
            )
        if entry.code == "unknown-value":
            stages = {
                str(self.rows[one.left].get("stage"))
                for one in self.people.values()
                if one.linked and one.left in self.rows and one.right[1] == "Lead"
            }
            return any(f"{stage}" in entry.message for stage in stages)
        if entry.code == "out-of-sight":
            # Deleted, and nothing tells: it can't be known from what isn't shared any more. So is
            # what people did with somebody who was purged, which went along.
            words = entry.message.split()
            dealt = {object for object in DEEDS["salesforce"] if object in words}
            return any(
                one.ever_gone and (dealt or str(entry.key).lower() in one.addresses)
                for one in self.people.values()
            ) and not any(key[1] in dealt and key[2] in words for key in self.rows)
        if entry.code == "conflict":
            return any(
                one.apart and (str(entry.key).lower() in one.addresses or one.tag in str(entry.key))
                for one in self.people.values()
            )
        return False

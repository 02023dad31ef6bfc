"""Fields that the server works out on a save: names, stages, closed tasks, times of events.

Knows the standard objects that have such fields, by name, and what these may not contradict.
Everything else of a save is in `saves.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .errors import Refused, refused
from .schema import ObjectType
from .values import instant

if TYPE_CHECKING:
    from .org import Org
    from .rows import Row


_LONGEST = timedelta(days=14)
"""What an event may take."""


@dataclass(frozen=True, slots=True)
class Save:
    """A save under way: the new row, the one before it (None for a create), the converted body's
    raw values by field name, and the stamp of the save."""

    row: Row
    old: Row | None
    given: Mapping[str, Any]
    at: str


def derive(org: Org, of: ObjectType, save: Save) -> None:
    """Puts the derived fields of its object into the row, which is about to be saved. Raises
    `Refused` where they contradict each other."""
    row = save.row
    if of.name in ("Lead", "Contact", "User"):
        row["Name"] = " ".join(one for one in (row.get("FirstName"), row.get("LastName")) if one)
    elif of.name == "Opportunity":
        _stage(org, save)
    elif of.name == "Task":
        _task(org, save)
    elif of.name == "Event":
        _event(org, save)


def _stage(org: Org, save: Save) -> None:
    """Closed, won, probability and forecast follow the stage; an unknown stage counts as open."""
    row, old, given = save.row, save.old, save.given
    moved = old is None or old.get("StageName") != row.get("StageName")
    if moved:
        stage = org.listed("OpportunityStage", row.get("StageName")) or {}
        row["IsClosed"] = bool(stage.get("IsClosed"))
        row["IsWon"] = bool(stage.get("IsWon"))
        row["ForecastCategory"] = stage.get("ForecastCategory", "Pipeline")
        if given.get("ForecastCategoryName") is None:
            row["ForecastCategoryName"] = stage.get("ForecastCategoryName", "Pipeline")
        if given.get("Probability") is None:
            row["Probability"] = stage.get("DefaultProbability", 0.0)
        if old is not None:
            row["LastStageChangeDate"] = save.at
    if row.get("Amount") is None:
        row.pop("ExpectedRevenue", None)
    else:
        row["ExpectedRevenue"] = round(row["Amount"] * row.get("Probability", 0.0) / 100, 2)


def _task(org: Org, save: Save) -> None:
    row = save.row
    status = org.listed("TaskStatus", row.get("Status")) or {}
    row["IsClosed"] = bool(status.get("IsClosed"))
    row["IsHighPriority"] = row.get("Priority") == "High"
    if not row["IsClosed"]:
        row.pop("CompletedDateTime", None)
    elif not (save.old or {}).get("IsClosed"):
        row["CompletedDateTime"] = save.at
    _about(org, row)


def _event(org: Org, save: Save) -> None:
    """Start, length and end follow from each other. What the save names counts; of an event that
    only begins at another time the length stays."""
    row, given = save.row, save.given
    begin = _begin(save)
    named = [one for one in ("DurationInMinutes", "EndDateTime") if given.get(one) is not None]
    spent: timedelta | None = None
    if "EndDateTime" in named:
        spent = datetime.fromisoformat(row["EndDateTime"]) - begin
    if "DurationInMinutes" in named or (spent is None and row.get("DurationInMinutes") is not None):
        length = timedelta(minutes=row["DurationInMinutes"])
        if spent not in (None, length):
            raise _disagree("DurationInMinutes", "EndDateTime")
        spent = length
    if spent is None and row.get("IsAllDayEvent"):
        spent = timedelta(days=1)
    if spent is None:
        message = "Required fields are missing: [DurationInMinutes]"
        raise refused("REQUIRED_FIELD_MISSING", message, "DurationInMinutes")
    if spent < timedelta(0) or spent > _LONGEST:
        message = "Event duration must be between 0 and 14 days"
        raise refused("FIELD_INTEGRITY_EXCEPTION", message, "DurationInMinutes")
    row["StartDateTime"] = row["ActivityDateTime"] = instant(begin.isoformat())
    row["ActivityDate"] = row["StartDateTime"][:10]
    row["DurationInMinutes"] = int(spent.total_seconds() // 60)
    row["EndDateTime"] = instant((begin + spent).isoformat())
    row["EndDate"] = row["EndDateTime"][:10]
    _about(org, row)


def _begin(save: Save) -> datetime:
    """When an event starts: by what the save names, else as before."""
    row, given = save.row, save.given
    starts = ("StartDateTime", "ActivityDateTime")
    named = [row[one] for one in starts if given.get(one) is not None]
    if len(set(named)) > 1:
        raise _disagree(*starts)
    if not named and row.get("IsAllDayEvent") and row.get("ActivityDate"):
        named = [f"{row['ActivityDate']}T00:00:00+00:00"]
    if not named and save.old is not None and not any(one in given for one in starts):
        named = [row["StartDateTime"]]
    if not named:
        message = "Required fields are missing: [StartDateTime]"
        raise refused("REQUIRED_FIELD_MISSING", message, "StartDateTime")
    return datetime.fromisoformat(named[0])


def _disagree(one: str, other: str) -> Refused:
    return refused("FIELD_INTEGRITY_EXCEPTION", f"{one} and {other} must agree", one, other)


def _about(org: Org, row: Row) -> None:
    """An activity's account comes from what it is about, else from the contact. A lead can't be
    beside anything else."""
    row.pop("AccountId", None)
    about, who = row.get("WhatId"), row.get("WhoId")
    if about and who and who.startswith("00Q"):
        message = "A lead can't be related to another record in the same activity"
        raise refused("FIELD_INTEGRITY_EXCEPTION", message, "WhatId")
    if about and about.startswith("001"):
        row["AccountId"] = about
        return
    for id in (about, who):
        found = org.store.find(id) if id else None
        if found is not None and found[1].get("AccountId"):
            row["AccountId"] = found[1]["AccountId"]
            return

"""Fields that the server works out on a save: names, stages, closed tasks, times of events.

Knows the standard objects that have such fields, by name. Everything else of a save is in
`saves.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .schema import ObjectType
from .values import instant

if TYPE_CHECKING:
    from .org import Org
    from .rows import Row


@dataclass(frozen=True, slots=True)
class Save:
    """A save under way: the new row, the one before it (None for a create), the converted body's
    raw values by field name, and the stamp of the save."""

    row: Row
    old: Row | None
    given: Mapping[str, Any]
    at: str


def derive(org: Org, of: ObjectType, save: Save) -> None:
    """Puts the derived fields of its object into the row, which is about to be saved."""
    row = save.row
    if of.name in ("Lead", "Contact", "User"):
        row["Name"] = " ".join(one for one in (row.get("FirstName"), row.get("LastName")) if one)
    elif of.name == "Opportunity":
        _stage(org, save)
    elif of.name == "Task":
        _task(org, save)
    elif of.name == "Event":
        _event(org, row)


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
    if row["IsClosed"] and not (save.old or {}).get("IsClosed"):
        row["CompletedDateTime"] = save.at
    _account(org, row)


def _event(org: Org, row: Row) -> None:
    start = row.get("StartDateTime") or row.get("ActivityDateTime")
    if start:
        row["StartDateTime"] = row["ActivityDateTime"] = start
        row["ActivityDate"] = start[:10]
        begin = datetime.fromisoformat(start)
        if row.get("DurationInMinutes") is not None:
            row["EndDateTime"] = instant(
                (begin + timedelta(minutes=row["DurationInMinutes"])).isoformat()
            )
        elif row.get("EndDateTime"):
            spent = datetime.fromisoformat(row["EndDateTime"]) - begin
            row["DurationInMinutes"] = int(spent.total_seconds() // 60)
    _account(org, row)


def _account(org: Org, row: Row) -> None:
    """An activity's account comes from what it is about, else from the contact."""
    row.pop("AccountId", None)
    about = row.get("WhatId")
    if about and about.startswith("001"):
        row["AccountId"] = about
        return
    for id in (about, row.get("WhoId")):
        found = org.store.find(id) if id else None
        if found is not None and found[1].get("AccountId"):
            row["AccountId"] = found[1]["AccountId"]
            return

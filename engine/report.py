"""What a person or a script is told of runs and errors: as JSON data and as text.

Reads the journal's entries and the state; decides and writes nothing. The shapes that scripts rely
on are those of `preview`, `run` and `errors` with `--format json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..connectors.base.world import moment
from .run.binned import binned_text
from .run.binned import told as told_of
from .run.decision import Coming
from .run.journal import Entry
from .run.problems import LOGINS, RUN, WAITS
from .store import statements as sql
from .store import troubles

if TYPE_CHECKING:
    from .plan.model import Plan
    from .run.newer import Behind
    from .run.run import Result
    from .run.undo import BrokenOff
    from .store.database import Database


# ---- changes --------------------------------------------------------------------------------


def change_json(one: Entry) -> dict[str, Any]:
    """A change as scripts see it; `id` is null before a create. Where people have logins of their
    own, `by` is whose change it is, `login` the one it goes under, null for the sync login."""
    return {
        "rule": one.rule,
        "action": one.action,
        "system": one.system,
        "object": one.object,
        "id": one.record or None,
        "key": one.key or None,
        "fields": {
            name: {"before": value_json(one.before.get(name)), "after": value_json(after)}
            for name, after in one.after.items()
        },
        "reason": one.reason,
        "state": one.state,
        **({"by": one.author, "login": one.login or None} if one.author else {}),
    }


_SIGNS = {"create": "+", "update": "~", "link": "=", "delete": "-", "unlink": "/"}


def change_text(one: Entry) -> str:
    """A change in a few lines: what, on which record, field by field, and why."""
    sign = _SIGNS.get(one.action, "?")
    id = f"({one.record})" if one.record else ""
    name = one_line(" ".join(part for part in (one.key, id) if part))
    head = f"{sign} {one.action} {one.system} {one.object} {name}".rstrip()
    lines = [f"{head}    [{one.rule}]"]
    width = max((len(name) for name in one.after), default=0)
    for name, after in one.after.items():
        before = one.before.get(name)
        shown = f"{show(before)} -> {show(after)}" if one.action == "update" else show(after)
        lines.append(f"    {name:<{width}}  {shown}")
    lines.append(f"    {_because(one.reason)}")
    if one.login:
        lines.append(f"    under the login {one.login}, since {one.author} changed it")
    elif one.author:
        lines.append(f"    under the sync login, since {one.author} has none that works here")
    return "\n".join(lines)


def _because(reason: str) -> str:
    """A reason for people: each cause once, the places of its rows behind it."""
    if reason.startswith("the same "):
        return f"matched on {reason.removeprefix('the same ')}"
    causes: dict[str, list[str]] = {}
    cause = ""
    for part in reason.split("; "):
        if _PLACE.fullmatch(part):
            causes.setdefault(cause, []).append(part)
            cause = ""
        else:
            cause = part
            causes.setdefault(cause, [])
    said = []
    for cause, places in causes.items():
        told = "it changed on the other side" if cause == "changed" else cause
        where = ", ".join(places)
        said.append(f"{told} ({where})" if told and where else told or f"of {where}")
    return f"because {'; '.join(said)}"


_PLACE = re.compile(r"\S.*:\d+")


def summary(result: Result) -> dict[str, Any]:
    """Counts of a run, for scripts."""
    return {
        "run": result.run,
        "verb": result.verb,
        "changes": [
            {"system": system, "object": object, "action": action, "state": state, "count": count}
            for (system, object, action, state), count in sorted(result.counts.items())
        ],
        "waiting": dict(sorted(result.waiting.items())),
        **({"behind": behind_json(result.behind)} if result.behind else {}),
        "settled": dict(sorted(result.settled.items())),
        "approvals": result.asks,
        "open_errors": result.errors,
        "waiting_for_people": result.unknown,
        "lost": result.lost,
        "held": list(result.held),
        **({"restored": True} if result.restored else {}),
        **({"undoes": result.undone, "kept": _kept_json(result)} if result.undone else {}),
        **({"finished": [summary(one) for one in result.finished]} if result.finished else {}),
        **({"broken_off": broken_off_json(result.broken_off)} if result.broken_off else {}),
        **({"waiting_on_bins": [one.number for one in result.binned]} if result.binned else {}),
    }


def behind_json(found: Iterable[Behind]) -> list[dict[str, Any]]:
    """Linked pairs that differ in a row that is newer, by map."""
    return [{"map": one.map, "count": one.count, "command": one.backfill} for one in found]


def broken_off_json(found: Iterable[BrokenOff]) -> list[dict[str, Any]]:
    """Undos that broke off before they had put anything back; `run` is their own number."""
    return [
        {
            "run": one.run,
            "undoes": one.part.run,
            "record": one.part.record or None,
            "field": one.part.field or None,
            "command": one.part.command,
        }
        for one in found
    ]


def _kept_json(result: Result) -> list[dict[str, Any]]:
    return [
        {
            "system": one.system,
            "object": one.object,
            "id": one.record,
            "key": one.key or None,
            "field": one.field or None,
            "reason": one.why,
        }
        for one in result.kept
    ]


_DONE = {
    "create": "created",
    "update": "updated",
    "link": "linked",
    "delete": "deleted",
    "unlink": "unlinked",
}
_STATES = {
    "refused": "not {done}: refused",
    "doubt": "sent without a reply: {done} or not, the next run finds out",
    "sent": "sent without a reply: {done} or not, the next run finds out",
    "due": "not {done} yet: the next run goes on with it",
    "dropped": "not {done}: moved or gone meanwhile, busy, or there already",
    "spared": "not {done}: others would go along; `syncrules errors` says which",
    "paused": "not {done}: a system has changed, and a rule waits for `syncrules schema pull`",
    "waiting": "not {done}: others of their rule were refused; `syncrules errors` says for what",
    "planned": "not {done} yet",
}


def counted(result: Result) -> Iterator[tuple[int, str]]:
    """What was done how often, and what became of what an earlier run had sent."""
    future = result.verb == "preview"
    for (system, object, action, state), count in sorted(result.counts.items()):
        if state == "planned" and future:
            verb = f"would be {_DONE[action]}"
        elif state == "done":
            verb = _DONE[action]
        else:
            verb = _STATES[state].format(done=_DONE[action])
        yield count, f"{system} {object} {verb}"
    for kind, count in sorted(result.settled.items()):
        yield count, f"sent by an earlier run without a reply: {_FOUND.get(kind, kind)}"


def result_text(result: Result) -> str:
    """The last lines of a run: its number, which `undo` and `history` know it by, what was done,
    what waits, what is wrong. A preview has none that anybody would ask for."""
    future = result.verb == "preview"
    done = [f"{count:>8,}  {what}" for count, what in counted(result)]
    if not result.counts and result.undone:
        said = f"nothing of run {result.undone} is left to be put back"
    else:
        said = _NOTHING.get(result.verb, "nothing to do")
        if done or result.kept or result.finished:
            said = ""
        if result.finished and not (future or done or result.kept):
            said = "nothing else to do"
    named = said if future else f"run {result.run}: {said}".rstrip()
    lines = [*_kept(result), *([named] if named else []), *done]
    for rule, count in sorted(result.waiting.items()):
        was, wait = ("record was", "waits") if count == 1 else ("records were", "wait")
        backfill = result.backfills[rule]
        lines.append(f"{count:>8,}  {was} there before `{rule}` and {wait} for `{backfill}`")
    lines += (
        f"{one.count:>8,}  {behind_text(one.count, one.map, one.backfill)}" for one in result.behind
    )
    if result.unknown:
        waits = "activity waits" if result.unknown == 1 else "activities wait"
        lines.append(f"{result.unknown:>8,}  {waits} until somebody involved is linked")
    if result.lost:
        edits = "edit" if result.lost == 1 else "edits"
        how = "would lose" if future else "lost"
        listed = "" if future else ", and is kept" if result.lost == 1 else ", and are kept"
        listed += "" if future else ": `syncrules history --lost`"
        lines.append(f"{result.lost:>8,}  {edits} {how} to the other side as rules say{listed}")
    lines += (f"a run would write nothing, since {one}" for one in result.held)
    if result.stale:
        were = "change was" if result.stale == 1 else "changes were"
        lines.append(
            f"{result.stale:>8,}  approved {were} not made: the value is another by now, and waits"
        )
    if result.asks:
        noun = "change waits" if result.asks == 1 else "changes wait"
        listed = "" if future else ": `syncrules approve`"
        lines.append(f"{result.asks:>8,}  {noun} for a person{listed}")
    if result.errors:
        noun = "error is" if result.errors == 1 else "errors are"
        listed = f"open {noun} listed by `syncrules errors`"
        if future:
            listed = f"{noun.split()[0]} would be open after a run"
        lines.append(f"{result.errors:>8,}  {listed}")
    lines += (f"! error {one.number} waits: {binned_text(one)}" for one in result.binned)
    lines += (line for one in result.finished for line in _finished(one))
    lines += (f"! {broken_off_text(one.run, one.part.command)}" for one in result.broken_off)
    return "\n".join([OLDER, *lines] if result.restored else lines)


def _finished(result: Result) -> Iterator[str]:
    """What was left of an undo."""
    went = "a run would go" if result.verb == "preview" else f"run {result.run} went"
    done = [f"{count:>8,}  {what}" for count, what in counted(result)]
    yield from ("", f"{went} on with the undo of run {result.undone}:")
    yield from done or ["       nothing of it is left to be put back"]
    yield from _kept(result)


def behind_text(count: int, map: str, backfill: str) -> str:
    """What is said, behind their number, of linked pairs that differ in a row that is newer."""
    was, wait = ("pair was", "waits") if count == 1 else ("pairs were", "wait")
    since = f"a row was added to `{map}`, or an `infer` beside it"
    return f"{was} linked before {since}, and {wait} for `{backfill}`"


def broken_off_text(run: int, command: str) -> str:
    """What is said of an undo that broke off before it had put anything back, and of the command
    that it was."""
    return f"run {run} broke off before it had put anything back: `{command}` asks for it again"


def _kept(result: Result) -> Iterator[str]:
    """What an undo leaves as it is."""
    for one in result.kept:
        name = " ".join(part for part in (one.key, f"({one.record})") if part)
        field = f", {one.field}" if one.field else ""
        yield f"! left as it is: {one.system} {one.object} {name}{field}"
        yield f"    {one.why}"
    if result.kept:
        yield ""


OLDER = (
    "! the state is an older copy of what this machine's last run left: both sides were read in "
    "full and compared, what is there was linked, and where both have another value than the copy "
    "knows, nothing was written over"
)
_NOTHING = {
    "preview": "a run would change nothing",
    "push": "nothing to send: no change that a rule would write",
    "retry": "nothing changed",
}
_FOUND = {
    "done": "found, they were carried out",
    "absent": "not carried out, decided again",
    "unknown": "nobody can tell yet, they are left alone",
    "gone": "their records are deleted",
    "existed": "there already, decided again",
}


def value_json(value: object) -> object:
    """A value for scripts; `{"coming": ID}` for a reference to what a run will make."""
    if isinstance(value, Coming):
        return {"coming": value.id}
    return list(value) if isinstance(value, tuple) else value


def show(value: object) -> str:
    """A value for people."""
    if value is None:
        return "blank"
    if isinstance(value, Coming):
        return f"the one made for {value.id}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(one_line, value))
    return f'"{one_line(value)}"' if isinstance(value, str) else str(value)


def one_line(text: str) -> str:
    """A text of a record on one line, so that none looks like a line of ours."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


# ---- errors ---------------------------------------------------------------------------------


Gone = Literal["", "waits", "decided", "stands"]
"""Whether no rule file has a rule any more, and what becomes of what was told of it: it waits until
the rule is back, is decided by the next run, since other rules are about the same two objects, or
stands, since a run has done so. "" where the rule is there, or nobody knows."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A record that an entry of the error log is about: what was tried, and what was said to it.
    `binned` says that it or its partner is gone, and what that means, "" where both are there."""

    gone: Gone
    binned: str
    flow: str
    record: str
    operation: str
    key: str | None
    rule: str
    file: str
    line: int
    message: str
    first: float
    last: float
    count: int

    @property
    def name(self) -> str:
        """What people know it by."""
        return self.key or self.record


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One entry of the error log: a cause, and the `troubles` of the records that met it. Times are
    seconds since 1970."""

    troubles: tuple[Trouble, ...]
    id: int
    system: str
    object: str
    code: str
    said: str
    of_code: str
    first: float
    last: float
    count: int
    field: str

    @property
    def gone(self) -> Gone:
        """What is so of the rules of all its records, as far as it is the same."""
        found = {one.gone for one in self.troubles}
        return found.pop() if len(found) == 1 else "" if "" in found else "stands"

    @property
    def advice(self) -> str:
        """What to do about it."""
        waits = {one.binned for one in self.troubles}
        if waits != {""}:
            return "; ".join(sorted(waits - {""})) if "" not in waits else self.of_code
        if self.gone == "waits":
            let_go = f"`syncrules retry {self.id}` lets go of it"
            return f"It waits until the rule is back; if it won't be, {let_go}."
        if self.gone == "decided":
            return "The next run decides it again, as the rules say now."
        return self.of_code

    @property
    def operation(self) -> str:
        """What was tried; `write` where it was more than one thing."""
        tried = {one.operation for one in self.troubles} - {WAITS}
        return tried.pop() if len(tried) == 1 else "write"

    @property
    def record(self) -> str:
        """The one record, "" for several and for none."""
        return self._common("record")

    @property
    def key(self) -> str | None:
        """What people know the record by; None for several that have no key in common."""
        return self._common("key") or None

    @property
    def message(self) -> str:
        """What was said; of several records, what was said of all."""
        return self._common("message") or self.said

    @property
    def rule(self) -> str:
        return self._shown.rule

    @property
    def file(self) -> str:
        return self._shown.file

    @property
    def line(self) -> int:
        return self._shown.line

    @property
    def _shown(self) -> Trouble:
        """The first whose rule is there, else the first."""
        return next((one for one in self.troubles if not one.gone), self.troubles[0])

    @property
    def records(self) -> tuple[Trouble, ...]:
        """Those that are about a record."""
        return tuple(one for one in self.troubles if one.record and one.flow)

    @property
    def waiting(self) -> int:
        """How many of them were not sent, since too many others were refused."""
        return sum(one.operation == WAITS for one in self.troubles)

    def _common(self, name: str) -> str:
        """What all troubles have, however it is spelt; "" where they differ."""
        found = [str(getattr(one, name) or "") for one in self.troubles]
        return found[0] if len({one.casefold() for one in found}) == 1 else ""


def open_errors(
    db: Database, orgs: Iterable[str], plans: Mapping[str, Plan] | None = None
) -> list[ErrorEntry]:
    """All open entries, oldest first. `plans` are what the rule files say, by org; None where
    nobody can tell."""
    entries = []
    for org in orgs:
        rules = {name: print_ for name, print_, *_ in db.rows(sql.rules, org=org)}
        of: dict[int, list[Trouble]] = {}
        plan = plans.get(org) if plans is not None else None
        flows = {one.name: one for one in plan.flows} if plan else {}
        waits = {(one.number, one.flow, one.record): one for one in told_of(db, org, flows)}
        for number, *told in db.rows(troubles.open_troubles, org=org):
            gone = _gone(told[0], told[4], rules, plan) if plans is not None else ""
            binned = waits.get((number, told[0], told[1]))
            text = binned_text(binned) if binned else ""
            of.setdefault(number, []).append(Trouble(gone, text, *told))
        for number, *told in db.rows(troubles.open_errors, org=org):
            entries.append(ErrorEntry(tuple(of[number]), number, *told))
    return entries


def _gone(flow: str, rule: str, known: Mapping[str, str], plan: Plan | None) -> Gone:
    """What has become of the rule of a trouble; `known` are the rules of the state, with their
    fingerprints."""
    flows = {one.name: one for one in plan.flows} if plan else {}
    if flow not in flows:
        return "" if flow in (RUN, LOGINS) else "waits"
    if rule not in known or any(one.rule == rule for each in flows.values() for one in each.moves):
        return ""
    return "stands" if known.get(f"flow {flow}") == flows[flow].fingerprint else "decided"


def errors_json(entries: Sequence[ErrorEntry]) -> dict[str, Any]:
    """`errors --format json`."""
    return {"errors": [error_json(one) for one in entries]}


def error_json(one: ErrorEntry) -> dict[str, Any]:
    """An entry as scripts see it; times in UTC as ISO 8601."""
    return {
        "id": one.id,
        "operation": one.operation,
        "system": one.system,
        "object": one.object,
        "field": one.field or None,
        "key": one.key,
        "record": one.record or None,
        "rule": one.rule,
        "file": one.file,
        "line": one.line,
        "gone": bool(one.gone),
        "code": one.code,
        "message": one.message,
        "advice": one.advice,
        "first": moment(one.first),
        "last": moment(one.last),
        "count": one.count,
        "records": [_record_json(each) for each in one.records],
    }


def _record_json(one: Trouble) -> dict[str, Any]:
    return {
        "key": one.key or None,
        "record": one.record,
        "operation": one.operation,
        "rule": one.rule,
        "file": one.file,
        "line": one.line,
        "message": one.message,
        "first": moment(one.first),
        "last": moment(one.last),
        "count": one.count,
    }


def errors_text(entries: Sequence[ErrorEntry]) -> str:
    """The list of open errors."""
    if not entries:
        return "no open errors"
    count = "1 open error" if len(entries) == 1 else f"{len(entries):,} open errors"
    end = f"{count}; `syncrules retry ID` tries again once the cause is gone"
    return "\n\n".join([*(error_text(one) for one in entries), end])


GONE = "in no rule file any more"
"""What is said of a rule that only the state knows."""
_SHOWN = 3
"""Records that the list names of each entry; `errors show` has them all."""


def error_text(one: ErrorEntry, *, whole: bool = False) -> str:
    """One entry: what, where, why, what to do; with all its records, or the first few."""
    several = f"{len(one.records):,} records" if len(one.records) > 1 else one.record
    who = one_line(one.key or several)
    what = " ".join(part for part in (one.operation, one.system, one.object, who) if part)
    times = f", {one.count:,} times, last {at_time(moment(one.last))}" if one.count > 1 else ""
    lines = [f"{one.id:>4}  {one.code}: {what}", f"      {one_line(one.message)}"]
    if len(one.records) > 1 and not whole:
        lines.append(f"      of     {_some(one.records)}")
    if one.waiting:
        lines.append(f"      waits  {one.waiting:,} of them were not sent; the next run tries them")
    if one.rule:
        place = GONE if one.gone else f"{one.file}:{one.line}"
        lines.append(f"      rule   {one.rule}, {place}")
    lines.append(f"      since  {at_time(moment(one.first))}{times}")
    if one.advice:
        lines.append(f"      mend   {one.advice}")
    if len(one.records) > 1 and whole:
        lines += [line for each in one.records for line in _record_text(one, each)]
    return "\n".join(lines)


def _some(records: Sequence[Trouble]) -> str:
    """The first few records, and how many more there are."""
    names = list(dict.fromkeys(one.name for one in records))
    if len(names) == 1:
        names = [one.record for one in records]
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return one_line(", ".join(names[:_SHOWN])) + more


def _record_text(entry: ErrorEntry, one: Trouble) -> Iterator[str]:
    """A record of an entry, and where more was said of it than of all, that."""
    name = f"{one.key} ({one.record})" if one.key else one.record
    times = f", {one.count:,} times" if one.count > 1 else ""
    yield f"      - {one_line(name)}, since {at_time(moment(one.first))}{times}"
    if one.message != entry.message:
        yield f"        {one_line(one.message)}"
    if one.gone and not entry.gone:
        yield f"        by {one.rule}, {GONE}"


def at_time(iso: str) -> str:
    """A moment as people read it, to the second."""
    return f"{iso[:10]} {iso[11:19]} UTC"

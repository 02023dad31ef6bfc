"""What the fields of linked records must hold, worked out round by round from what people entered.

Knows the rows of `rules/everything.sync` as the guide would say them: who wins, what a blank does,
what waits for a person. It follows each person and each company by the tag, and reads of the sync
only when it has made a record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from syncrules.tests.guide.week_log import Log
from syncrules.tests.guide.week_people import Staff
from syncrules.tests.simulation.recorder import Event, Key

PUSHED = ("Interested", "Replied")
TO_STATUS = {
    "Cold": "Open - Not Contacted",
    "Interested": "Working - Contacted",
    "Replied": "Working - Contacted",
    "Not Interested": "Closed - Not Converted",
}
TO_STAGE = {
    "Open - Not Contacted": "Cold",
    "Working - Contacted": "Interested",
    "Closed - Not Converted": "Not Interested",
}
RENAMED = {"Closed - Lost Interest": "Closed - Not Converted"}


class Name(NamedTuple):
    """A row, by its two fields."""

    left: str
    right: str


FIRST, LAST = Name("first_name", "FirstName"), Name("last_name", "LastName")
TITLE, EMAIL = Name("title", "Title"), Name("email", "Email")
COMPANY = Name("organization_name", "Company")
STAGE, OWNER = Name("stage", "Status"), Name("owner", "OwnerId")
CALLED, DOMAIN = Name("name", "Name"), Name("domain", "Website")

Pair = tuple[Any, Any]


@dataclass
class Wanted:
    """A person or a company. `values` has, for each row, what may stand on either side; `reached`:
    the stage once asked for a lead; `seen`: a Contact with an address met a run; `ever_gone`: one
    of the records has been away; `apart`: first found with stages that don't go together."""

    tag: str
    left: Key = ("", "", "")
    rights: list[Key] = field(default_factory=list)
    right: Key = ("", "", "")
    linked: bool = False
    reached: bool = False
    seen: bool = False
    ever_gone: bool = False
    apart: bool = False
    addresses: set[str] = field(default_factory=set)
    values: dict[Name, tuple[list[Any], list[Any]]] = field(default_factory=dict)


@dataclass
class Story:
    """All that happened, asked by person and by company."""

    log: Log
    staff: Staff

    def __post_init__(self) -> None:
        self.users = {id: str(row["Email"]) for id, row in self.log.salesforce.rows("User").items()}
        self.by_tag: dict[str, list[Key]] = {}
        for key, name in self.log.by_field:
            if not name:
                self.by_tag.setdefault(self.staff.log_tag(key), []).append(key)

    def plain(self, value: Any) -> Any:
        """A value as both sides may be compared."""
        if isinstance(value, str):
            value = self.users.get(value, value).strip()
            value = RENAMED.get(value, value)
        return value

    def people(self) -> dict[str, Wanted]:
        """Everybody whom one of the systems has ever had, by tag."""
        return {
            tag: _Pair(self, tag, "contact", [k for k in keys if k[1] in ("Lead", "Contact")]).told
            for tag, keys in self.by_tag.items()
            if any(key[1] in ("contact", "Lead", "Contact") for key in keys)
        }

    def companies(self) -> dict[str, Wanted]:
        """The companies that people have put into one of the systems."""
        return {
            tag: _Pair(self, tag, "account", [key for key in keys if key[1] == "Account"]).told
            for tag, keys in self.by_tag.items()
            if tag.startswith("a") and any(key[1] in ("account", "Account") for key in keys)
        }


class _Pair:
    """The two records of one tag, round by round."""

    def __init__(self, story: Story, tag: str, object: str, rights: list[Key]) -> None:
        self.story, self.log = story, story.log
        self.object = object
        lefts = [key for key in story.by_tag[tag] if key[1] == object]
        self.told = Wanted(tag, rights=rights)
        if lefts:
            self.told.left = lefts[0]
        became = {key for key, _ in self.log.became.values() if key not in self.log.became}
        roots = [key for key in rights if key not in became or self._made_alone(key)]
        self.root = min(roots or rights, key=self._born) if rights else ("", "", "")
        self.now: dict[Key, dict[str, Any]] = {}
        self.base: dict[Name, Pair] = {}
        self.alive: set[Key] = set()
        self.touched: set[str] = set()
        self.number = 0
        self.also: list[str] = []
        self._live()

    def _born(self, key: Key) -> int:
        return self.log.by_field[key, ""][0].seq

    def _made_alone(self, key: Key) -> bool:
        """Whether a record was there before another became it."""
        return all(
            self._born(key) < self._ended(old)
            for old, (new, _) in self.log.became.items()
            if new == key
        )

    def _ended(self, key: Key) -> int:
        gone = [one.seq for one in self.log.by_field[key, ""] if one.new is None]
        conversion = self.log.by_field.get((key, "IsConverted"), [])
        return min([*gone, *(one.seq for one in conversion if one.new)], default=10**9)

    # ---- the rounds

    def _live(self) -> None:
        keys = {self.told.left, *self.told.rights}
        events: dict[int, list[Event]] = {}
        for (key, _), found in self.log.by_field.items():
            if key in keys:
                for one in found:
                    events.setdefault(one.run, []).append(one)
        for number, turn in enumerate(self.log.rounds):
            self.number = number
            mine = sorted(events.get(number, ()), key=lambda one: one.seq)
            self.touched = set()
            for one in mine:
                if one.who == "person":
                    self._happens(one)
            self.right = self._chain(number)
            if self.object == "account" and 60 not in turn.every:
                continue
            if turn.whole:
                self._meet(number, [one for one in mine if one.who == "sync" and not one.field])
        if self.told.linked:
            self.told.right = self.right
            self._tell()

    def _happens(self, event: Event) -> None:
        if event.field:
            if event.field == "Status" and event.new in RENAMED and self.told.apart:
                self.also = ["Not Interested"]  # Renamed by an admin, or moved by somebody.
            self.now.setdefault(event.key, {})[event.field] = self.story.plain(event.new) or None
            self.touched.add(event.field)
            if event.field in ("email", "Email") and event.new:
                self.told.addresses.add(str(event.new).lower())
        elif event.new is None:
            self.alive.discard(event.key)
            self.told.ever_gone |= event.key in (self.told.left, self._chain(event.run))
        else:
            self.alive.add(event.key)

    def _chain(self, number: int) -> Key:
        key = self.root
        while key in self.log.became and self.log.became[key][1] <= number:
            key = self.log.became[key][0]
        return key

    def _meet(self, number: int, births: Iterable[Event]) -> None:
        """A run looks at both."""
        told, left = self.told, self.told.left
        here, there = left in self.alive, self.right in self.alive
        if here and self.now[left].get("stage") in PUSHED:
            told.reached = True
        if there and self.right[1] == "Contact" and self.now[self.right].get("Email"):
            told.seen = True
        for birth in births:
            key = birth.key
            self.alive.add(key)
            made = {
                one.field: self.story.plain(one.new) or None
                for (which, name), found in self.log.by_field.items()
                if which == key and name
                for one in found[:1]
                if one.run == number
            }
            self.now[key] = made
            if key == left and there:
                self._link({row: (self._get(row)[1],) * 2 for row in self._both()})
            elif key == self.right and here:
                self._link({row: (self._get(row)[0],) * 2 for row in self._both()})
                self._new_lead()
            return
        if not (here and there):
            return
        if not told.linked:
            self._first_link()
        else:
            self._again(number)

    def _both(self) -> tuple[Name, ...]:
        return (CALLED,) if self.object == "account" else (FIRST, LAST, TITLE, EMAIL)

    def _get(self, row: Name) -> Pair:
        here, there = self.now[self.told.left], self.now[self.right]
        return here.get(row.left), there.get(row.right)

    def _set(self, row: Name, values: Pair) -> None:
        self.now[self.told.left][row.left], self.now[self.right][row.right] = values
        self.base[row] = values

    def _link(self, values: dict[Name, Pair]) -> None:
        self.told.linked = True
        for row, pair in values.items():
            self._set(row, pair)
        for row in (COMPANY, STAGE, OWNER):
            self.base[row] = self._get(row)

    def _new_lead(self) -> None:
        if self.right[1] != "Lead":
            return
        here = self.now[self.told.left]
        self.now[self.right]["Company"] = here.get("organization_name") or "Unknown"
        self.now[self.right]["Status"] = TO_STATUS[here["stage"]]
        for row in (COMPANY, STAGE):
            self.base[row] = self._get(row)

    def _first_link(self) -> None:
        if self.object == "contact" and not _same(*self._get(EMAIL), fold=True):
            return
        found = {}
        for row in self._both():
            left, right = self._get(row)
            if left is None or right is None:
                left = right = left if right is None else right
            elif not _same(left, right, fold=row is EMAIL) and row is not TITLE:
                left = right  # Where Apollo wins, both stand: what Salesforce has is only filled.
            found[row] = (left, right)
        if self._cannot_write(TITLE, found.get(TITLE)):
            return
        self._link(found)
        if self.right[1] == "Lead":
            self.told.apart = not _together(*self._get(STAGE))

    def _again(self, number: int) -> None:
        found = {row: self._agree(row, number) for row in self._both()}
        if self._cannot_write(TITLE, found.get(TITLE)):
            return  # The record waits as a whole.
        for row, pair in found.items():
            if pair is not None:
                self._set(row, pair)
        if self.object == "account":
            return
        if self.right[1] == "Lead":
            self._company()
            self._stage()
        self._owner()

    def _cannot_write(self, row: Name, pair: Pair | None) -> bool:
        """Whether a run would have to write a field of a lead that can't be written now."""
        if self.object == "account" or self.right[1] != "Lead" or pair is None:
            return False
        return self.story.staff.locked(self.log, self.number) and pair[1] != self._get(row)[1]

    def _agree(self, row: Name, number: int) -> Pair | None:
        """Both sides of a two-way row after a run; None where a change waits for a person."""
        left, right = self._get(row)
        base = self.base[row]
        if row is EMAIL:
            waits = number not in self.log.let_go or self.touched & {"email", "Email"}
            if _same(left, right, fold=True):
                return left, right
            if waits:
                return None
        moved = not _same(left, base[0]), not _same(right, base[1])
        if _same(left, right) or not any(moved):
            return left, right
        winner = 0 if row is TITLE else 1
        if all(moved):
            value = (left, right)[winner]
            if value is None and row is not TITLE:
                value = left if right is None else right
            return value, value
        value = left if moved[0] else right
        if value is None and row is not TITLE:
            return left, right  # A blank erases nothing.
        return value, value

    def _company(self) -> None:
        left, right = self._get(COMPANY)
        if left and left != self.base[COMPANY][0]:
            right = left
        self._set(COMPANY, (left, right))

    def _owner(self) -> None:
        left, right = self._get(OWNER)
        if left and left != self.base[OWNER][0] and self.story.staff.works_here(left, self.number):
            right = left
        self._set(OWNER, (left, right))

    def _stage(self) -> None:
        left, right = self._get(STAGE)
        old = self.base[STAGE]
        moved = left != old[0], right != old[1]
        if self.told.apart and moved[1] and (left, right) == ("Replied", TO_STATUS["Replied"]):
            self.also = ["Replied", "Interested"]  # They came together, or the status was moved.
        if not _together(left, right):
            if moved[1] and right in TO_STAGE:
                left = TO_STAGE[right]
            elif moved[0] and left in TO_STATUS:
                right = TO_STATUS[left]
        self.told.apart = self.told.apart and not any(moved)
        self._set(STAGE, (left, right))

    # ---- the end

    def _tell(self) -> None:
        rows = [*self._both()]
        if self.object == "contact":
            rows += [OWNER, COMPANY, STAGE] if self.right[1] == "Lead" else [OWNER]
        for row in rows:
            left, right = self._get(row)
            heres, theres = [left], [right]
            if row is EMAIL:
                heres, theres = _cases(left), _cases(right)
            if row is STAGE:
                heres = [left, *self.also]
            if row in (OWNER, COMPANY):
                heres = [self.now[self.told.left].get(row.left)]
            self.told.values[row] = (heres, theres)


def _cases(value: Any) -> list[Any]:
    return [value, value.lower(), value.upper()] if isinstance(value, str) else [value]


def _same(left: Any, right: Any, *, fold: bool = False) -> bool:
    if fold and isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return bool(left == right)


def _together(stage: Any, status: Any) -> bool:
    return bool(TO_STATUS.get(stage) == status or TO_STAGE.get(status) == stage)

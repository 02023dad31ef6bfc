"""The tables of the state, as SQLModel classes: names, keys and indexes, and nothing else.

What the texts in them mean (bodies, bases, causes) is known to `engine/run`, not here. Statements
over them are in `statements.py`; `database.py` creates them and runs the statements.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from sqlalchemy import Index, MetaData, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import VARCHAR
from sqlmodel import Field, SQLModel

VERSION = 9
"""Of this schema; kept in `meta`. A program never works on a newer one than it knows."""

NEVER = 1e18
"""`not_before` of a mark that waits for something other than time."""

# Compared by bytes, as SQLite and Python do: an order of ids that depends on the server's locale
# would page differently, and breaks indexes when the locale's tables are updated.
_BYTES = String().with_variant(VARCHAR(collation="C"), "postgresql")

KeyText = Annotated[str, Field(sa_type=_BYTES, primary_key=True)]
KeyNumber = Annotated[int, Field(primary_key=True)]
Text = Annotated[str, Field(sa_type=_BYTES)]
MaybeText = Annotated[str | None, Field(sa_type=_BYTES, nullable=True)]

# Few rows of the journal have an edit that lost.
_LOST = text("lost <> ''")

# Few links are of records that differ in a row that is newer, which stands first in their bases.
APART = ("base_left >= '{\"?'", "base_left < '{\"@'")
_APART = text(" AND ".join(APART))

# Rows that are reached by their key lie in the key's tree itself: smaller, and fewer pages a write.
_IN_KEY = {"sqlite_with_rowid": False}


class Table(SQLModel):
    """What all tables share: the set they are created with. Every key begins with `org`."""

    metadata: ClassVar[MetaData] = MetaData()


class Meta(Table, table=True):
    """Facts about the state itself, such as the version of its schema."""

    __tablename__ = "meta"

    key: KeyText
    value: Text


class Record(Table, table=True):
    """A record as the last look left it.

    `body`: JSON array of values in the order of its layout. `run`: the run of its last change.
    `first`: the run that saw it first, 0 where the first look found it there.
    """

    __tablename__ = "records"
    __table_args__ = _IN_KEY

    org: KeyText
    system: KeyText
    object: KeyText
    id: KeyText
    layout: int
    body: Text
    stamp: Text
    life: Text = "here"
    into: Text = ""
    run: int
    first: int


class Key(Table, table=True):
    """A value by which a record can be found: a match key or a reference."""

    __tablename__ = "keys"
    __table_args__ = (Index("keys_of_record", "org", "system", "object", "id"), _IN_KEY)

    org: KeyText
    system: KeyText
    object: KeyText
    field: KeyText
    value: KeyText
    id: KeyText


class Layout(Table, table=True):
    """A list of field names, as JSON, that many bodies share.

    Each list is there once, but no index says so: PostgreSQL takes 2,704 bytes an index entry, and
    the names of a wide object are longer.
    """

    __tablename__ = "layouts"

    org: KeyText
    id: KeyNumber
    fields: Text


class Link(Table, table=True):
    """Two records that are one thing, and what each side held when they last agreed (JSON)."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("org", "flow", "right"),
        Index("links_apart", "org", "ended", "flow", sqlite_where=_APART, postgresql_where=_APART),
    )

    org: KeyText
    flow: KeyText
    left: KeyText
    right: Text
    base_left: Text
    base_right: Text
    how: Text
    run: int
    ended: Text = ""


class Dirty(Table, table=True):
    """A mark: this record is to be decided again, not before a time (seconds UTC).

    `rule` is what holds it back, `named` the rule that a person has pushed it by, "" for none.
    """

    __tablename__ = "dirty"
    __table_args__ = (Index("dirty_by_time", "org", "flow", "not_before"), _IN_KEY)

    org: KeyText
    flow: KeyText
    side: KeyText
    id: KeyText
    mark: int
    cause: Text
    rule: Text = ""
    not_before: float
    decided: int = 0
    decided_run: int = 0
    named: Text = ""


class Change(Table, table=True):
    """A row of the journal: one write, from planned to its end.

    `side` is the side written, `record` the id written ("" before a create), `left` and `right`
    the ids of the pair, "" where not known. `author` is the address of the person whose change it
    is, "" where that plays no part, `login` the name of the login it goes under, "" for the sync
    login. `before`, `after`, `agree` and `lost` are JSON; `lost` has the fields in which an edit
    loses, "" for none. `undoes` is the run that it puts back a part of, 0 for none. `sent` is when
    the request went out (seconds UTC), 0 before; `stamp` when the system says that it has changed
    the record, in its own spelling, "" where it doesn't tell.
    """

    __tablename__ = "changes"
    __table_args__ = (
        Index("changes_by_state", "org", "state", "flow"),
        Index(
            "changes_of_run",
            "org",
            "run",
            "state",
            "flow",
            "side",
            "action",
            "parent",
            "number",
        ),
        Index("changes_of_record", "org", "system", "object", "record"),
        Index("changes_of_left", "org", "flow", "left", "right"),
        Index("changes_of_right", "org", "flow", "right"),
        Index("changes_lost", "org", "run", "number", sqlite_where=_LOST, postgresql_where=_LOST),
    )

    org: KeyText
    run: KeyNumber
    number: KeyNumber
    flow: Text
    side: Text
    system: Text
    object: Text
    action: Text
    record: Text
    left: Text
    right: Text
    rule: Text
    key: Text
    before: Text
    after: Text
    agree: Text
    reason: Text
    parent: Text
    state: Text
    sent: float = 0.0
    code: Text = ""
    author: Text = ""
    login: Text = ""
    lost: Text = ""
    undoes: int = 0
    stamp: Text = ""


class Life(Table, table=True):
    """What became of a record that was known, as a run saw it: deleted, merged or converted `into`
    another, out of sight, or here again. `at` is when it was seen (seconds UTC)."""

    __tablename__ = "lives"
    __table_args__ = (Index("lives_by_id", "org", "id"),)

    org: KeyText
    system: KeyText
    object: KeyText
    id: KeyText
    run: KeyNumber
    life: KeyText
    into: Text
    at: float


class Cursor(Table, table=True):
    """How far a feed has been read, for one purpose; `at` is when (seconds UTC)."""

    __tablename__ = "cursors"

    org: KeyText
    system: KeyText
    object: KeyText
    purpose: KeyText
    cursor: MaybeText
    layout: int = 0
    number: int = 0
    at: float


class Error(Table, table=True):
    """A cause of problems that a person is told of, once however often it comes; times in seconds
    UTC.

    `field` is the one of `object` that it is about, "" for none or several. `message` is what all
    that met it were told, less what was said of one record alone. `closed` is 0 while it stands: as
    long as it has troubles.
    """

    __tablename__ = "errors"
    __table_args__ = (UniqueConstraint("org", "id"),)

    org: KeyText
    cause: KeyText
    id: int
    system: Text
    object: Text
    code: Text
    message: Text
    advice: Text
    first: float
    last: float
    count: int
    closed: float = 0.0
    field: Text = ""


class Trouble(Table, table=True):
    """A record that met the cause of an open error, "" for a problem that no single record has.

    What was tried, by which rule, and what was said to it.
    """

    __tablename__ = "troubles"
    __table_args__ = (Index("troubles_of_cause", "org", "cause"), _IN_KEY)

    org: KeyText
    flow: KeyText
    record: KeyText
    cause: KeyText
    operation: Text
    key: MaybeText
    rule: Text
    file: Text
    line: int
    message: Text
    first: float
    last: float
    count: int = 1


class Ask(Table, table=True):
    """A change of one row of two linked records that a person is asked about.

    `side` is the side that would be written, `record` its id; `row` the row's name in the bases.
    `before` and `after` are JSON. `state`: open; approved, done; replaced by another entry since
    the value changed, stale where it had been approved; gone when both sides agreed meanwhile.
    `run` is the run of the last step that a run took. `since` is in seconds UTC.
    """

    __tablename__ = "asks"
    __table_args__ = (
        Index("asks_by_state", "org", "state", "flow"),
        Index("asks_of_pair", "org", "flow", "left"),
    )

    org: KeyText
    id: KeyNumber
    flow: Text
    left: Text
    right: Text
    row: Text
    side: Text
    system: Text
    object: Text
    record: Text
    key: Text
    field: Text
    before: Text
    after: Text
    rule: Text
    file: Text
    line: int
    since: float
    run: int
    state: Text = "open"


class Rule(Table, table=True):
    """A rule as the state knows it: its fingerprint, its first run, and why it is paused."""

    __tablename__ = "rules"

    org: KeyText
    name: KeyText
    fingerprint: Text
    first_run: int
    paused: Text = ""


class Run(Table, table=True):
    """A run; `ended` 0 and `exit` -1 while it is under way. `counts` is JSON, and so is `part`:
    what a person asked an undo to put back, "" once it has begun to.
    """

    __tablename__ = "runs"

    org: KeyText
    number: KeyNumber
    verb: Text
    started: float
    ended: float = 0.0
    exit: int = -1
    counts: Text
    plan: Text
    part: Text = ""


class Lease(Table, table=True):
    """Who may write to this state now: one row per org (see `lease.py`).

    `holder` is the host's name for people, `host` its id. `started` tells one process from a later
    one with the same `pid`. `since` and `until` are seconds UTC; `fence` grows with each holder.
    """

    __tablename__ = "lease"

    org: KeyText
    holder: Text
    host: Text
    pid: int
    started: Text
    since: float
    until: float
    fence: int


class Meter(Table, table=True):
    """Calls spent of an endpoint's limit in one window, as the last reply told."""

    __tablename__ = "meters"

    org: KeyText
    system: KeyText
    endpoint: KeyText
    window: KeyText
    used: int
    limit: int | None
    at: float

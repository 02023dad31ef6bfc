"""What makes a state of an older version one of this: statements that move rows.

Which version lacks what is asked in `database.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from .drivers import Name

_MANY = "record = '' AND operation = 'map' AND closed = 0"

BEFORE_TROUBLES = "ALTER TABLE errors RENAME TO errors_before"

TROUBLES = f"""\
INSERT INTO errors
    (org, cause, id, system, object, code, message, advice, first, last, count, closed, field)
SELECT org, cause, id, system, object, code, message, advice, first, last, count,
    CASE WHEN {_MANY} THEN last ELSE closed END, ''
FROM errors_before;
INSERT INTO troubles
    (org, flow, record, cause, operation, key, rule, file, line, message, first, last, count)
SELECT org, flow, record, cause, operation, key, rule, file, line, message, first, last, count
FROM errors_before WHERE closed = 0 AND NOT ({_MANY});
INSERT INTO dirty
    (org, flow, side, id, mark, cause, rule, not_before, decided, decided_run)
SELECT org, flow, 'left', "left", 1, 'the rule changed', '', 0, 0, 0
FROM links WHERE ended = '' AND (org, flow) IN (SELECT org, flow FROM errors_before WHERE {_MANY})
ON CONFLICT DO NOTHING;
DROP TABLE errors_before""".split(";\n")
"""Up to version 4 an error was of one record; one that many had met named none of them: they are
decided again, and named."""

_NUMBER = "REPLACE(REPLACE(reason, 'run ', ''), ' is undone', '')"

UNDOES = (
    "ALTER TABLE runs ADD COLUMN part TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE changes ADD COLUMN undoes INTEGER NOT NULL DEFAULT 0",
    f"""\
UPDATE changes SET undoes = CAST({_NUMBER} AS INTEGER)
WHERE reason LIKE 'run _% is undone' AND TRIM({_NUMBER}, '0123456789') = ''""",
)
"""Up to version 5 only the reason of a change said which run it puts back: `run 12 is undone`."""

NAMED = (
    "ALTER TABLE dirty ADD COLUMN named TEXT NOT NULL DEFAULT ''",
    """\
UPDATE dirty SET named = COALESCE((
    SELECT changes.rule FROM changes
    WHERE changes.org = dirty.org AND changes.flow = dirty.flow AND changes."left" = dirty.id
        AND changes.action = 'create' AND changes.reason = 'pushed by hand'
    ORDER BY changes.run DESC, changes.number DESC LIMIT 1
), '')
WHERE side = 'left' AND cause IN ('pushed by hand', 'pushed by hand, nobody known')""",
)
"""Up to version 5 the rule that a record was pushed by was that which had last tried to make it."""

BEFORE_FIELD = "ALTER TABLE errors ADD COLUMN field TEXT NOT NULL DEFAULT ''"

_FIELD = """\
UPDATE errors SET field = COALESCE((
    SELECT SUBSTR(troubles.message, 1, {0}(troubles.message, ': ') - 1) FROM troubles
    WHERE troubles.org = errors.org AND troubles.cause = errors.cause
        AND troubles.operation = 'map' AND {0}(troubles.message, ': ') > 0
    LIMIT 1
), '')"""
FIELD: Mapping[Name, str] = {
    "sqlite": _FIELD.format("INSTR"),
    "postgresql": _FIELD.format("STRPOS"),
}
"""Up to version 7 only the text of what could not be decided named its field: `Title: ...`."""

STAMP = "ALTER TABLE changes ADD COLUMN stamp TEXT NOT NULL DEFAULT ''"
"""Up to version 8 the journal had no stamps. Those of older writes are not missed: no search is
behind them any more."""

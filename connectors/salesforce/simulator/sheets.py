"""CSV as Bulk API 2.0 takes and gives it: delimiters, line ends, quotes, and values as text.

Knows nothing of jobs (`bulk.py`) or of what a column means (`ingest.py`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .schema import Field

DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}

_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_STRAY = {"LF": re.compile(r"\r"), "CRLF": re.compile(r"(?<!\r)\n")}
"""What a file with these line ends doesn't have outside of quotes."""


class BadSheet(Exception):
    """A whole file that can't be taken; the text is the job's errorMessage."""


@dataclass(frozen=True, slots=True)
class Form:
    """How the sheets of a job are spelled, in the API's words."""

    delimiter: str = "COMMA"
    ending: str = "LF"

    def read(self, data: bytes) -> tuple[list[str], list[list[str]]]:
        """The header and the rows of a file. Blanks are data; raises `BadSheet`."""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise BadSheet("ClientInputError : The file is not UTF-8") from None
        if _STRAY[self.ending].search(_QUOTED.sub("", text)):
            setting = f"Current LineEnding setting is {self.ending}"
            raise BadSheet(f"ClientInputError : LineEnding is invalid on user data. {setting}")
        lines = csv.reader(
            io.StringIO(text, newline=""), delimiter=DELIMITERS[self.delimiter], strict=True
        )
        try:
            rows = [row for row in lines if row]
        except csv.Error as error:
            raise BadSheet(f"InvalidBatch : Failed to parse CSV: {error}") from None
        if not rows:
            raise BadSheet("InvalidBatch : The file has no header row")
        header, *rest = rows
        for place, row in enumerate(rest, 1):
            if len(row) != len(header):
                counts = f"row {place} has {len(row)} columns, the header has {len(header)}"
                raise BadSheet(f"InvalidBatch : Failed to parse CSV: {counts}")
        return header, rest

    def write(self, rows: Iterable[Sequence[str]]) -> str:
        """Rows as a file; every value is in quotes."""
        file = io.StringIO(newline="")
        writer = csv.writer(
            file,
            delimiter=DELIMITERS[self.delimiter],
            lineterminator=ENDINGS[self.ending],
            quoting=csv.QUOTE_ALL,
        )
        writer.writerows(rows)
        return file.getvalue()


def cell(field: Field, value: Any) -> str:
    """A value of a row as text; blank is empty, and moments end in Z."""
    if value is None:
        return ""
    if field.type == "datetime":
        return str(value).removesuffix("+0000") + "Z"
    return str(value).lower() if isinstance(value, bool) else str(value)

"""Rich texts: Salesforce keeps HTML in such a field, and every other system a plain text.

What people read of it is its value here; how it is laid out is Salesforce's own and stays, as long
as nobody changes what it says.
"""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

_BLOCKS = frozenset(
    {
        *("p", "div", "ul", "ol", "li", "table", "tr", "blockquote", "pre", "hr"),
        *("h1", "h2", "h3", "h4", "h5", "h6"),
    }
)
"""Elements that begin on a line of their own, and end one."""
_UNSEEN = frozenset({"script", "style", "head", "title"})


def plain(html: str) -> str:
    """What people read of a rich text, a line for each line."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.told)


def html_of(text: str) -> str:
    """A plain text as a rich one that says the same."""
    return escape(text, quote=False).replace("\n", "<br>")


class _Reader(HTMLParser):
    """Collects the words and the ends of lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.told: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "br":
            self.told.append("\n")
        elif tag in _BLOCKS:
            self._line()

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BLOCKS:
            self._line()

    def handle_data(self, data: str) -> None:
        # An end of line in the source is none to the reader.
        words = data.replace("\r\n", "\n").replace("\n", " ")
        if not self._unseen and (words.strip() or "\n" not in data):
            self.told.append(words)

    def _line(self) -> None:
        if self.told and not self.told[-1].endswith("\n"):
            self.told.append("\n")

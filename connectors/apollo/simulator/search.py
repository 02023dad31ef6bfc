"""How the simulated Apollo searches: filters, sorting, pages, and all it quietly ignores.

Knows that unknown filters narrow nothing and answer 200, that `per_page` is at most 100, and that
no search shows more than a cap. Which filters an object has is told by `Searchable`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...base.frozen import dataclass
from .replies import unprocessable
from .rows import Row, Table
from .team import Stage, Team

_TEXT_OF = ("first_name", "last_name", "title", "organization_name", "email")


@dataclass(frozen=True, slots=True)
class Params:
    """What a request asks for: `values` from query and JSON body (the body wins); `texts` are the
    names that came as text in the query."""

    values: Mapping[str, Any]
    texts: frozenset[str] = frozenset()

    def ids(self, name: str) -> list[str]:
        """A list of ids, also from a query that gives a single one."""
        raw = self.values.get(name)
        if raw is None or raw == "":
            return []
        return [str(one) for one in raw] if isinstance(raw, list) else [str(raw)]


@dataclass(frozen=True, slots=True)
class Searchable:
    """An object's search: its plural on the wire, the word its filters and sort keys begin with.

    `refuses_sort`: an unknown sort key is a 422 and not ignored.
    """

    plural: str
    word: str
    table: Table
    stages: Sequence[Stage]
    keywords: str
    refuses_sort: bool


def search(
    team: Team, what: Searchable, params: Params, shape: Callable[[Row], dict[str, Any]]
) -> dict[str, Any]:
    """The reply of a search: a page of rows in their wire shape, in Apollo's envelope."""
    page, per_page = paging(team, params)
    values = params.values
    order = str(values.get("sort_by_field") or "")
    if order not in what.table.orders:
        if order and what.refuses_sort:
            raise unprocessable("Invalid sort criteria", skip_alert_dialog=True)
        order = ""
    stages, labels = params.ids(f"{what.word}_stage_ids"), params.ids(f"{what.word}_label_ids")
    names = {one.id: one.name for one in what.stages}
    if any(one not in names for one in stages):
        raise unprocessable(
            "Your search parameters are entered incorrectly. Did you try to edit the URL directly?"
        )
    keywords = str(values.get(what.keywords) or "").strip()
    rows = _candidates(team, what, order, keywords)
    if stages:
        wanted = frozenset(stages)
        rows = [row for row in rows if row.get(f"{what.word}_stage_id") in wanted]
    if labels:
        lists = frozenset(labels)
        rows = [row for row in rows if lists & set(row.get("label_ids") or ())]
    descending = bool(order) and values.get("sort_ascending") not in (True, "true")
    total = len(rows)
    start = (page - 1) * per_page
    if descending:
        shown = rows[max(0, total - start - per_page) : max(0, total - start)][::-1]
    else:
        shown = rows[start : start + per_page]
    crumbs = [
        _crumb(f"{what.word.title()} Stage", f"{what.word}_stage_ids", one, names[one])
        for one in stages
    ]
    if keywords and what.keywords == "q_organization_name":
        crumbs.append(_crumb("Company Name", what.keywords, keywords, keywords))
    return {
        what.plural: [shape(row) for row in shown],
        "breadcrumbs": crumbs,
        "partial_results_only": False,
        "has_join": False,
        "disable_eu_prospecting": False,
        "partial_results_limit": 10_000,
        "pagination": pagination(params, page, per_page, total),
        "num_fetch_result": None,
    }


def paging(team: Team, params: Params) -> tuple[int, int]:
    """Page and records a page; raises the 422 of a page that is out of reach."""
    per_page = min(_whole(params.values.get("per_page"), 25), 100)
    page = max(_whole(params.values.get("page"), 1), 1)
    if per_page <= 0:
        raise unprocessable("An error occurred. Per page cannot be 0.")
    if page * per_page > team.cap:
        raise unprocessable(
            "Invalid parameter passed in. Page * per page number is over threshold."
        )
    return page, per_page


def pagination(params: Params, page: int, per_page: int, total: int) -> dict[str, Any]:
    """Numbers that came as text in the query go back as text."""
    return {
        "page": str(page) if "page" in params.texts else page,
        "per_page": str(per_page) if "per_page" in params.texts else per_page,
        "total_entries": total,
        "total_pages": -(-total // per_page),
    }


def _candidates(team: Team, what: Searchable, order: str, keywords: str) -> Sequence[Row]:
    """The rows that the keywords leave, ascending by `order`."""
    now = team.now()
    if not keywords:
        return what.table.searched(order, now)
    if what.keywords == "q_keywords" and re.fullmatch(r"\S+@\S+", keywords):
        key = what.table.orders.get(order, _by_creation)
        found = what.table.searched_term(f"email {keywords.casefold()}", now)
        return sorted(found, key=lambda row: (key(row), row.id))
    if what.keywords == "q_organization_name":
        part = keywords.casefold()
        rows = what.table.searched(order, now)
        return [row for row in rows if part in str(row.get("name") or "").casefold()]
    words = _words([keywords])
    return [row for row in what.table.searched(order, now) if words and words <= _row_words(row)]


def _row_words(row: Row) -> set[str]:
    return _words(str(row.get(name) or "") for name in _TEXT_OF)


def _words(texts: Iterable[str]) -> set[str]:
    """Words as the index has them: letters beyond ASCII part them, so names with diacritics are
    badly found, as at the real one."""
    return {word for one in texts for word in re.findall(r"[a-z0-9]+", one.casefold())}


def _by_creation(row: Row) -> int:
    return row.created


def _crumb(label: str, field: str, value: str, shown: str) -> dict[str, str]:
    return {"label": label, "signal_field_name": field, "value": value, "display_name": shown}


def _whole(raw: object, default: int) -> int:
    try:
        return default if raw in (None, "") else int(str(raw))
    except ValueError:
        return default

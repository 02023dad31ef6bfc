"""How far a feed is read, which its kind tells and not the look of its pages."""

from __future__ import annotations

from syncrules.tests.both import Both

RULES = """\
sync apollo with salesforce
push contact as Lead { match on email }
push task as Task when completed
map contact with Lead {
    last_name          -> LastName
    email              -> Email
    organization_name  -> Company   default "Unknown"
}
"""


def test_a_feed_that_is_read_whole_is_read_to_its_end() -> None:
    """Tasks tell no time of change and come by due date: what happened to an old one stands behind
    many pages that bring nothing new. (ACT-18)"""
    both = Both(RULES)
    contact = both.apollo.create("contact", {"last_name": "Berg", "email": "ada@berg.example"})
    plain = {"contact_id": contact, "type": "action_item"}
    old = both.apollo.create("task", {**plain, "title": "Old", "due_at": "2025-01-01"})
    for n in range(350):
        both.apollo.create("task", {**plain, "title": f"Task {n}", "due_at": "2026-02-01"})
    both.backfill("push", "contact")
    both.run()
    assert both.salesforce.rows("Task") == {}
    both.clock.sleep(900)
    both.apollo.update("task", old, {"status": "completed"})
    both.run()
    assert [one["Subject"] for one in both.salesforce.rows("Task").values()] == ["Old"]

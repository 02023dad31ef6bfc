"""Jobs of Bulk API 2.0 on the simulated org, call by call: states, sheets, results, limits.

Whole clients run jobs in `test_salesforce_clients.py`.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from syncrules.connectors.base.wire import Response
from syncrules.tests.salesforce_org import Org, error


@pytest.fixture
def org() -> Org:
    return Org()


def sheet(reply: Response) -> list[dict[str, str]]:
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "text/csv"
    return list(csv.DictReader(io.StringIO(reply.body.decode(), newline="")))


class Load:
    """An ingest job of an org, as a client takes it through its states."""

    def __init__(self, org: Org, operation: str, object: str = "Contact", **more: Any) -> None:
        self.org = org
        body = {"operation": operation, "object": object, **more}
        reply = org.call("POST", "jobs/ingest", body)
        assert reply.status == 200, reply.body
        self.made = reply.json()
        self.path = f"jobs/ingest/{self.made['id']}"

    def upload(self, text: str) -> Response:
        headers = {"content-type": "text/csv"}
        return self.org.call("PUT", f"{self.path}/batches", text.encode(), headers)

    def close(self) -> Response:
        return self.org.call("PATCH", self.path, {"state": "UploadComplete"})

    def run(self, text: str) -> dict[str, Any]:
        """Uploads, closes, and gives what the job is then."""
        assert (self.upload(text).status, self.close().status) == (201, 200)
        return self.info()

    def info(self) -> dict[str, Any]:
        return dict(self.org.call("GET", self.path).json())

    def results(self, word: str) -> list[dict[str, str]]:
        return sheet(self.org.call("GET", f"{self.path}/{word}"))


def test_a_job_goes_from_open_to_complete(org: Org) -> None:
    """Created, uploaded, closed and asked for: each reply has the keys that clients read."""
    load = Load(org, "insert")
    assert load.made["state"] == "Open"
    assert load.made["contentUrl"] == f"services/data/v59.0/{load.path}/batches"
    assert (load.made["apiVersion"], load.made["lineEnding"]) == (59.0, "LF")
    assert load.upload("LastName,Email\nBerg,ida@berg.example\n").body == b""
    assert load.close().json()["state"] == "UploadComplete"
    info = load.info()
    assert (info["state"], info["jobType"]) == ("JobComplete", "V2Ingest")
    assert (info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (1, 0)
    [done] = load.results("successfulResults")
    assert list(done) == ["sf__Id", "sf__Created", "LastName", "Email"]
    assert done["sf__Created"] == "true"
    assert org.sim.rows("Contact")[done["sf__Id"]]["Email"] == "ida@berg.example"
    assert load.results("failedResults") == load.results("unprocessedrecords") == []


def test_a_row_that_is_refused_does_not_fail_the_job(org: Org) -> None:
    """JobComplete with failures is normal: code, message and fields stand beside the row."""
    load = Load(org, "insert")
    info = load.run("LastName,Email\nBerg,no address\nBorg,b@borg.example\n,c@borg.example\n")
    assert (info["state"], info["numberRecordsProcessed"]) == ("JobComplete", 3)
    assert info["numberRecordsFailed"] == 2
    failed = {one["Email"]: one["sf__Error"] for one in load.results("failedResults")}
    assert failed == {
        "no address": "INVALID_EMAIL_ADDRESS:Email: invalid email address: no address:Email --",
        "c@borg.example": (
            "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"
        ),
    }


def test_results_do_not_come_in_the_order_of_the_rows(org: Org) -> None:
    """Who reads them by position is wrong here, as with Salesforce."""
    load = Load(org, "insert")
    load.run("LastName\n" + "\n".join(f"Person {n}" for n in range(50)) + "\n")
    names = [one["LastName"] for one in load.results("successfulResults")]
    assert sorted(names) == sorted(f"Person {n}" for n in range(50))
    assert names != [f"Person {n}" for n in range(50)]


def test_an_empty_value_leaves_a_field_alone_and_na_clears_it(org: Org) -> None:
    """The other way round than in JSON, where an empty text clears."""
    id = org.make("Contact", LastName="Berg", Title="CTO", Phone="1")
    Load(org, "update").run(f"id,TITLE,Phone\n{id},,#N/A\n")
    row = org.sim.rows("Contact")[id]
    assert (row["Title"], row.get("Phone")) == ("CTO", None)


def test_an_upsert_goes_by_the_external_id(org: Org) -> None:
    """The first time it makes the row, then it finds it; a key that comes twice is refused."""
    text = "Apollo_Id__c,LastName\n64f0,{}\n"
    for name, created in (("Berg", "true"), ("Borg", "false")):
        load = Load(org, "upsert", externalIdFieldName="Apollo_Id__c")
        assert load.made["externalIdFieldName"] == "Apollo_Id__c"
        load.run(text.format(name))
        [done] = load.results("successfulResults")
        assert done["sf__Created"] == created
    assert org.sim.rows("Contact")[done["sf__Id"]]["LastName"] == "Borg"
    twice = Load(org, "upsert", externalIdFieldName="Apollo_Id__c")
    twice.run(text.format("A") + "64f0,B\n,C\n")
    codes = sorted(one["sf__Error"].partition(":")[0] for one in twice.results("failedResults"))
    assert codes == ["DUPLICATE_VALUE", "MISSING_ARGUMENT"]


def test_deletes_go_to_the_bin_and_hard_ones_past_it(org: Org) -> None:
    """hardDelete needs a right; what it deletes, queryAll doesn't know any more."""
    soft, hard = (org.make("Contact", LastName=name) for name in ("A", "B"))
    assert Load(org, "delete").run(f"Id\n{soft}\n")["numberRecordsFailed"] == 0
    body = {"operation": "hardDelete", "object": "Contact"}
    assert error(org.call("POST", "jobs/ingest", body))[:2] == (400, "FEATURENOTENABLED")
    org.sim.bulk.hard_delete = True
    assert Load(org, "hardDelete").run(f"Id\n{hard}\n")["numberRecordsFailed"] == 0
    text = f"SELECT Id FROM Contact WHERE Id IN ('{soft}', '{hard}')"
    assert [one["Id"] for one in org.query(text, "queryAll")["records"]] == [soft]
    gone = Load(org, "delete")
    gone.run(f"Id\n{hard}\n\n{soft}\n")
    failed = {one["sf__Id"]: one["sf__Error"] for one in gone.results("failedResults")}
    assert failed[soft].startswith("ENTITY_IS_DELETED")
    assert failed[hard].startswith("INVALID_CROSS_REFERENCE_KEY")


def test_a_reference_may_be_named_by_the_others_key(org: Org) -> None:
    """`Account.Key__c`; one that points to several objects says which."""
    org.sim.org.schema.add_field("Account", "Key__c string 32 CUNX", org.clock.now())
    account = org.make("Account", Name="Acme", Key__c="a1")
    lead = org.make("Lead", LastName="L", Company="C", Apollo_Id__c="l1")
    load = Load(org, "insert")
    load.run("LastName,Account.Key__c\nBerg,a1\nBorg,a2\n")
    [done] = load.results("successfulResults")
    assert org.sim.rows("Contact")[done["sf__Id"]]["AccountId"] == account
    [failed] = load.results("failedResults")
    assert failed["sf__Error"].startswith("INVALID_FIELD:Foreign key external ID: a2 not found")
    task = Load(org, "insert", "Task")
    task.run("Subject,Lead:Who.Apollo_Id__c\nCall,l1\n")
    [done] = task.results("successfulResults")
    assert org.sim.rows("Task")[done["sf__Id"]]["WhoId"] == lead


def test_values_are_read_by_the_type_of_their_field(org: Org) -> None:
    """Numbers, days and a yes in six spellings; what is none names the field."""
    load = Load(org, "insert", "Opportunity")
    load.run(
        "Name,StageName,CloseDate,Amount\n"
        "A,Prospecting,2026-02-01,1200.50\n"
        "B,Prospecting,soon,1\n"
        "C,Prospecting,2026-02-01,much\n"
    )
    [done] = load.results("successfulResults")
    assert org.sim.rows("Opportunity")[done["sf__Id"]]["Amount"] == 1200.5
    failed = {one["Name"]: one["sf__Error"] for one in load.results("failedResults")}
    wrong = "INVALID_TYPE_ON_FIELD_IN_RECORD:{0}: value not of required type: {1}:{2} --"
    assert failed == {
        "B": wrong.format("Close Date", "soon", "CloseDate"),
        "C": wrong.format("Amount", "much", "Amount"),
    }
    lead = org.make("Lead", LastName="A", Company="B")
    for text, unread in (("Yes", True), ("0", False)):
        Load(org, "update", "Lead").run(f"Id,IsUnreadByOwner\n{lead},{text}\n")
        assert org.sim.rows("Lead")[lead].get("IsUnreadByOwner", False) is unread


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("LastName,Shoe__c\nBerg,42\n", "InvalidBatch : Field name not found : Shoe__c"),
        ("LastName,Account.Shoe__c\nBerg,4\n", "InvalidBatch : Field name not found : Account."),
        ("LastName\r\nBerg\r\n", "LineEnding is invalid on user data. Current LineEnding setting"),
        ('LastName,Title\n"Berg" ,x\n', "InvalidBatch : Failed to parse CSV"),
        ("LastName,Title\nBerg\n", "InvalidBatch : Failed to parse CSV: row 1 has 1 columns"),
        ("", "InvalidBatch : The file has no header row"),
    ],
)
def test_a_bad_sheet_fails_the_job_and_saves_nothing(org: Org, text: str, problem: str) -> None:
    """The job says what is wrong with its data, once it is closed."""
    before = org.sim.rows("Contact")
    info = Load(org, "insert").run(text)
    assert info["state"] == "Failed" and problem in info["errorMessage"]
    assert org.sim.rows("Contact") == before


def test_a_sheet_may_be_spelled_otherwise(org: Org) -> None:
    """Delimiter and line ends of the job count; quotes hold both, and blanks are data."""
    load = Load(org, "insert", columnDelimiter="SEMICOLON", lineEnding="CRLF")
    load.run('LastName;Description\r\nBerg;"a;b\r\n ""c"""\r\n')
    reply = org.call("GET", f"{load.path}/successfulResults")
    assert b'"LastName";"Description"\r\n' in reply.body
    [row] = [one for one in org.sim.rows("Contact").values() if one["LastName"] == "Berg"]
    assert row["Description"] == 'a;b\r\n "c"'


def test_the_empty_id_column_of_an_insert_is_let_be(org: Org) -> None:
    """jsforce sends one; an id in it is refused, and an update without the column fails."""
    empty = Load(org, "insert")
    assert empty.run("Id,LastName\n,Berg\n")["numberRecordsFailed"] == 0
    full = Load(org, "insert")
    full.run("Id,LastName\n003000000000001,Berg\n")
    [failed] = full.results("failedResults")
    assert "cannot specify Id in an insert call" in failed["sf__Error"]
    info = Load(org, "update").run("LastName\nBerg\n")
    assert info["errorMessage"] == "InvalidBatch : Field name not found : Id"


def test_each_state_allows_its_own_calls(org: Org) -> None:
    """One upload, before the job is closed; results and deletion when it has ended."""
    load = Load(org, "insert")
    for word in ("successfulResults", "failedResults", "unprocessedRecords"):
        assert error(org.call("GET", f"{load.path}/{word}"))[:2] == (400, "INVALIDJOBSTATE")
    assert error(org.call("DELETE", load.path))[1] == "INVALIDJOBSTATE"
    load.upload("LastName\nBerg\n")
    assert error(load.upload("LastName\nBorg\n"))[1] == "INVALIDJOBSTATE"
    load.close()
    assert error(load.upload("LastName\nBorg\n"))[1] == "INVALIDJOBSTATE"
    assert error(load.close())[1] == "INVALIDJOBSTATE"
    listed = org.call("GET", "jobs/ingest").json()
    assert [one["id"] for one in listed["records"]] == [load.made["id"]] and listed["done"]
    assert org.call("DELETE", load.path).status == 204
    assert error(org.call("GET", load.path))[:2] == (404, "NOT_FOUND")


def test_a_job_may_take_its_time_and_be_aborted_in_the_middle(org: Org) -> None:
    """What was saved stays saved, the rest is among the unprocessed."""
    org.sim.bulk.seconds = 60
    load = Load(org, "insert")
    text = "LastName\n" + "\n".join(f"Bulk {n}" for n in range(1000)) + "\n"
    assert load.run(text)["state"] == "UploadComplete"
    org.clock.sleep(30)
    half = load.info()
    assert (half["state"], half["numberRecordsProcessed"]) == ("InProgress", 400)
    aborted = org.call("PATCH", load.path, {"state": "Aborted"}).json()
    assert aborted["state"] == "Aborted"
    org.clock.sleep(60)
    made = [one for one in org.sim.rows("Contact").values() if one["LastName"].startswith("Bulk")]
    assert len(made) == len(load.results("successfulResults")) == 400
    rest = [one["LastName"] for one in load.results("unprocessedRecords")]
    assert rest == [f"Bulk {n}" for n in range(400, 1000)]


def test_a_job_that_nobody_asks_for_is_done_all_the_same(org: Org) -> None:
    """Its rows are there when their time has come, for whoever looks."""
    org.sim.bulk.seconds = 60
    Load(org, "insert").run("LastName\nUnasked\n")
    text = "SELECT Id FROM Contact WHERE LastName = 'Unasked'"
    assert org.ids(text) == []
    org.clock.sleep(61)
    assert len(org.ids(text)) == 1


def test_a_job_has_the_rights_of_who_made_it(org: Org) -> None:
    """Also when it is carried out later: a right that was taken meanwhile counts."""
    org.sim.bulk.seconds = 60
    load = Load(org, "insert")
    load.upload("LastName\nBerg\n")
    load.close()
    org.sim.org.schema.rights.take("create", "Contact")
    org.clock.sleep(60)
    [failed] = load.results("failedResults")
    assert failed["sf__Error"].startswith("INSUFFICIENT_ACCESS")


def test_assignment_rules_run_only_where_the_job_names_one(org: Org) -> None:
    """Over REST they run unless a header says no."""
    other = sorted(org.sim.rows("User"))[1]
    org.sim.org.lead_owner = other
    owners = []
    for more in ({}, {"assignmentRuleId": "01Q000000000001"}):
        load = Load(org, "insert", "Lead", **more)
        load.run("LastName,Company\nBerg,Berg AB\n")
        [done] = load.results("successfulResults")
        owners.append(org.sim.rows("Lead")[done["sf__Id"]]["OwnerId"])
    assert owners[0] != other and owners[1] == other


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"operation": "dance"}, "INVALIDOPERATION"),
        ({"object": "Nothing"}, "INVALIDENTITY"),
        ({"object": "TaskStatus"}, "INVALIDENTITY"),
        ({"operation": "upsert"}, "INVALIDJOB"),
        ({"operation": "upsert", "externalIdFieldName": "Title"}, "INVALIDJOB"),
        ({"contentType": "JSON"}, "INVALIDJOB"),
        ({"columnDelimiter": "SPACE"}, "INVALIDJOB"),
    ],
)
def test_a_job_that_makes_no_sense_is_not_made(org: Org, change: dict[str, str], code: str) -> None:
    """The code says which part is wrong."""
    body = {"operation": "insert", "object": "Contact", **change}
    assert error(org.call("POST", "jobs/ingest", body))[:2] == (400, code)
    assert org.call("GET", "jobs/ingest").json()["records"] == []


# ---- queries -------------------------------------------------------------------------------


def asked(org: Org, text: str, operation: str = "query", **more: str) -> str:
    """The path of a query job."""
    reply = org.call("POST", "jobs/query", {"operation": operation, "query": text, **more})
    assert reply.status == 200, reply.body
    assert reply.json()["state"] == "UploadComplete"
    return f"jobs/query/{reply.json()['id']}"


def test_a_query_job_gives_a_sheet(org: Org) -> None:
    """Blank is empty, moments end in Z, parents have their path as header."""
    account = org.make("Account", Name="Acme")
    id = org.make("Contact", LastName="Berg", AccountId=account)
    select = "SELECT id, Title, account.name, IsDeleted, CreatedDate FROM Contact"
    path = asked(org, f"{select} WHERE Id = '{id}'")
    info = org.call("GET", path).json()
    assert (info["state"], info["object"], info["jobType"]) == ("JobComplete", "Contact", "V2Query")
    assert info["numberRecordsProcessed"] == 1
    reply = org.call("GET", f"{path}/results")
    assert sheet(reply) == [
        {
            "Id": id,
            "Title": "",
            "Account.Name": "Acme",
            "IsDeleted": "false",
            "CreatedDate": "2026-01-05T08:00:00.000Z",
        }
    ]
    assert reply.headers["sforce-locator"] == "null"
    assert reply.headers["sforce-numberofrecords"] == "1"


def test_a_large_answer_comes_in_pages(org: Org) -> None:
    """Each page repeats the header and names the next; the answer is of when it was found."""
    path = asked(org, "SELECT Id FROM Contact")
    wanted = sorted(org.sim.rows("Contact"))
    org.sim.delete("Contact", wanted[0])
    found: list[str] = []
    locator, pages = "", 0
    while locator != "null":
        more = f"&locator={locator}" if locator else ""
        reply = org.call("GET", f"{path}/results?maxRecords=10{more}")
        found += [one["Id"] for one in sheet(reply)]
        locator, pages = reply.headers["sforce-locator"], pages + 1
    assert sorted(found) == wanted and pages == -(-len(wanted) // 10)
    for query in ("maxRecords=0", "maxRecords=x", "locator=x"):
        assert org.call("GET", f"{path}/results?{query}").status == 400


def test_query_all_tells_of_the_deleted(org: Org) -> None:
    """And query doesn't."""
    id = org.make("Contact", LastName="Berg")
    org.sim.delete("Contact", id)
    text = f"SELECT Id FROM Contact WHERE Id = '{id}'"
    found = [
        len(sheet(org.call("GET", f"{asked(org, text, one)}/results")))
        for one in ("query", "queryAll")
    ]
    assert found == [0, 1]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Id FORM Contact", "MALFORMED_QUERY"),
        ("SELECT Shoe__c FROM Contact", "INVALID_FIELD"),
        ("SELECT COUNT() FROM Contact", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id FROM Contact LIMIT 5 OFFSET 5", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT MailingAddress FROM Contact", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id FROM TaskStatus", "INVALIDENTITY"),
    ],
)
def test_what_bulk_queries_cannot_is_told_at_once(org: Org, text: str, code: str) -> None:
    """No job is made of them."""
    reply = org.call("POST", "jobs/query", {"operation": "query", "query": text})
    assert error(reply)[:2] == (400, code)
    assert org.call("GET", "jobs/query").json()["records"] == []


def test_a_query_job_is_waited_for_aborted_and_deleted(org: Org) -> None:
    """Results are there when it has ended, and it can't be closed."""
    org.sim.bulk.seconds = 60
    path = asked(org, "SELECT Id FROM Contact")
    assert error(org.call("GET", f"{path}/results"))[1] == "INVALIDJOBSTATE"
    org.clock.sleep(30)
    assert org.call("GET", path).json()["state"] == "InProgress"
    assert error(org.call("DELETE", path))[1] == "INVALIDJOBSTATE"
    assert error(org.call("PATCH", path, {"state": "UploadComplete"}))[0] == 400
    assert org.call("PATCH", path, {"state": "Aborted"}).json()["state"] == "Aborted"
    assert org.call("DELETE", path).status == 204
    assert org.call("GET", path).status == 404


def test_jobs_are_kept_for_a_week(org: Org) -> None:
    """Then they are gone with their results."""
    path = asked(org, "SELECT Id FROM Contact")
    org.clock.sleep(7 * 24 * 3600 - 1)
    assert org.call("GET", path).status == 200
    org.clock.sleep(2)
    assert org.call("GET", path).status == 404


def test_allowances_of_a_day_are_told_and_kept(org: Org) -> None:
    """Batches of 10,000 rows and query jobs; calls count as any other."""
    org.sim.bulk.batches = org.sim.bulk.queries = 1
    asked(org, "SELECT Id FROM Contact")
    reply = org.call("POST", "jobs/query", {"operation": "query", "query": "SELECT Id FROM Lead"})
    assert error(reply)[1] == "EXCEEDEDQUOTA"
    assert Load(org, "insert").run("LastName\nA\n")["state"] == "JobComplete"
    assert "ExceededQuota" in Load(org, "insert").run("LastName\nB\n")["errorMessage"]
    limits = org.call("GET", "limits").json()
    assert limits["DailyBulkV2QueryJobs"] == {"Max": 1, "Remaining": 0}
    assert limits["DailyBulkApiBatches"] == {"Max": 1, "Remaining": 0}
    assert limits["DailyApiRequests"]["Max"] - limits["DailyApiRequests"]["Remaining"] == 11
    org.clock.sleep(24 * 3600 + 1)
    asked(org, "SELECT Id FROM Contact")


def test_knobs_of_jobs_can_be_set_over_http(org: Org) -> None:
    """And their calls are counted by kind."""
    org.call("POST", "/__sim__/knobs", {"bulk_seconds": 5, "hard_delete": True})
    assert (org.sim.bulk.seconds, org.sim.bulk.hard_delete) == (5.0, True)
    Load(org, "insert").run("LastName\nA\n")
    assert org.sim.counts["PUT jobs/ingest/{id}/batches"] == 1
    assert org.sim.counts["GET jobs/ingest/{id}"] == 1

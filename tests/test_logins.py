"""People sign in at the command line; who is signed in, where it is kept, and when it ends.

Browser, loopback, vault and lock are the real ones; Salesforce is simulated behind real HTTP. In
whose name a run then writes is `test_whose_name.py`.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.engine.simulate import Serving
from syncrules.engine.systems import kind
from syncrules.tests.signed_in import ANN, BEN, OPS, Team, files_below, secrets_of, team


@pytest.fixture
def here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Team]:
    with team(tmp_path, capsys, monkeypatch) as made:
        yield made


def test_a_sign_in_in_the_browser_is_all_it_takes(here: Team) -> None:
    """A refresh token is stored and used; the page tells the person where to go on. (CON-2)"""
    shown = here.folder / "shown"
    here.patch.setenv("SHOWN_IN", str(shown))
    ended = here.connect(OPS)
    assert (ended.code, ended.out) == (0, f"signed in to salesforce as {OPS}\n")
    asked = parse_qs(urlsplit(ended.err.split()[-1]).query)
    assert (asked["code_challenge_method"], len(asked["code_challenge"][0])) == (["S256"], 43)
    assert "Signed in" in shown.read_text(encoding="utf-8")
    here.good("schema", "pull")
    before = here.salesforce.sign_ins.counts["refresh_token"]
    here.salesforce.sign_ins.expire()
    here.good("schema", "pull")
    assert here.salesforce.sign_ins.counts["refresh_token"] == before + 1


def test_a_made_up_system_says_as_whom_to_try_it(here: Team) -> None:
    """What `simulate` prints is enough to sign in by hand."""
    options = SimulatorOptions(records=0)
    given = here.salesforce.sign_in("http://there")
    last = Serving(kind("salesforce"), "http://there", given, options).as_text().splitlines()[-1]
    name, password = last.removeprefix("# ").split(" with the password ")
    here.patch.setenv("SIGN_IN_AS", f"{name} {password}")
    assert here.good("connect", "salesforce").out == f"signed in to salesforce as {name}\n"


def test_no_secret_is_anywhere_but_sealed(here: Team) -> None:
    """Not in output, the project, the state, the book or a log; nor after things went wrong.
    (CON-2)"""
    here.connect(OPS)
    here.connect(ANN, "--as", ANN)
    here.good("logins", "use", "salesforce", OPS)
    here.good("schema", "pull")
    here.contact(ANN, "x@some.example")
    here.good("run")
    here.salesforce.sign_ins.expire()
    here.good("run")
    here.salesforce.sign_ins.revoke(here.salesforce.user(OPS))
    assert here.type("run").code == 4
    here.type("logins", "--format", "json")
    here.type("disconnect", "salesforce", ANN)
    (here.folder / "apollo.key").rename(here.folder.parent / "apollo.key")
    said = "".join(here.said).encode()
    texts = [said, *files_below(here.folder).values()]
    assert len(secrets_of(here)) > 8
    for secret in secrets_of(here):
        assert not any(secret.encode() in text for text in texts)


def test_the_book_and_its_key_are_for_this_user_alone(here: Team) -> None:
    """Both are 0600, and the key lies outside of the project."""
    here.connect(OPS)
    book = here.folder / ".syncrules" / "logins.json"
    key = Path(os.environ["XDG_CONFIG_HOME"]) / "syncrules" / "key"
    assert [stat.S_IMODE(one.stat().st_mode) for one in (book, key)] == [0o600, 0o600]
    key.chmod(0o644)
    ended = here.type("schema", "pull", "salesforce")
    assert ended.code == 2
    assert "can be read by others" in ended.err


def test_a_server_has_its_key_in_the_environment(here: Team) -> None:
    """Sealed with the variable's key, opened with no other, and no file of a key is made."""
    here.patch.setenv("SYNCRULES_KEY", "A" * 43 + "=")
    here.connect(OPS)
    assert not Path(os.environ["XDG_CONFIG_HOME"]).exists()
    here.good("schema", "pull", "salesforce")
    here.patch.setenv("SYNCRULES_KEY", "B" * 42 + "A=")
    ended = here.type("schema", "pull", "salesforce")
    assert ended.code == 2
    assert "sealed with another key" in ended.err
    here.patch.setenv("SYNCRULES_KEY", "short")
    assert "holds no key" in here.type("schema", "pull", "salesforce").err


def test_where_a_keyring_works_it_holds_the_secret(here: Team) -> None:
    """The book only tells where; disconnecting takes it out of the keyring, too."""
    ring = here.folder.parent / "ring.keyring"
    here.patch.setenv("TEST_KEYRING", str(ring))
    keyring_of_this_test(here)
    here.connect(OPS)
    assert len(json.loads(ring.read_bytes())) == 1
    assert "keyring:" in (here.folder / ".syncrules" / "logins.json").read_text("utf-8")
    here.good("schema", "pull", "salesforce")
    here.good("disconnect", "salesforce")
    assert json.loads(ring.read_bytes()) == {}


def keyring_of_this_test(here: Team) -> None:
    import keyring
    from syncrules.tests.keyring_file import FileKeyring

    before = keyring.get_keyring()
    here.patch.setattr("keyring.core._keyring_backend", FileKeyring())  # type: ignore[no-untyped-call]
    assert keyring.get_keyring() is not before


def test_a_setting_may_point_into_the_keyring(here: Team) -> None:
    """`keyring:NAME` is read, and `connect` puts there what it asked for; without a keyring it
    says so."""
    text = here.file.read_text("utf-8").replace("file:apollo.key", "keyring:apollo-key")
    here.file.write_text(text, "utf-8")
    ended = here.type("schema", "pull", "apollo")
    assert (ended.code, "none that works here" in ended.err) == (2, True)
    here.patch.setenv("TEST_KEYRING", str(here.folder.parent / "ring.keyring"))
    keyring_of_this_test(here)
    assert "keyring set syncrules apollo-key" in here.type("schema", "pull", "apollo").err
    here.patch.setattr("sys.stdin", (here.folder / "apollo.key").open(encoding="utf-8"))
    here.good("connect", "apollo")
    here.good("schema", "pull", "apollo")


def test_a_key_is_asked_for_and_proved(here: Team) -> None:
    """`connect apollo` takes the key from stdin, and a wrong one is not kept."""
    text = here.file.read_text("utf-8").replace('key = "file:apollo.key"\n', "")
    here.file.write_text(text, "utf-8")
    assert "syncrules connect apollo" in here.type("schema", "pull", "apollo").err
    wrong = here.folder / "wrong.key"
    wrong.write_text("not-a-key", "utf-8")
    here.patch.setattr("sys.stdin", wrong.open(encoding="utf-8"))
    ended = here.type("connect", "apollo")
    assert ended.code == 4
    assert "not-a-key" not in ended.err
    here.patch.setattr("sys.stdin", (here.folder / "apollo.key").open(encoding="utf-8"))
    assert here.good("connect", "apollo").out.startswith("signed in to apollo as ")
    here.good("schema", "pull", "apollo")


def test_what_the_login_may_not_is_found_before_a_record_moves(here: Team) -> None:
    """A create right, a field's edit right and a field's read right that are missing are three
    findings, each with object, field and login; `run` doesn't start. (CON-7)"""
    here.connect(OPS)
    here.salesforce.take("create", "Lead", user=OPS)
    here.salesforce.take("edit", "Lead", "Title", user=OPS)
    here.salesforce.take("read", "Lead", "FirstName", user=OPS)
    here.good("schema", "pull")
    found = here.type("check", "--format", "json").json()["findings"]
    assert sorted((one["code"], one["line"], one["message"]) for one in found) == [
        ("read-only-field", 4, f"the login {OPS} can't create records of `Lead`"),
        ("read-only-field", 10, f"`Lead.Title` can't be written by the login {OPS}"),
        ("unknown-field", 7, "`Lead` has no field `FirstName`"),
    ]
    unseen = f"the field doesn't exist, or is not visible to the login {OPS}"
    assert unseen in here.type("check").out
    before = len(here.salesforce.requests)
    assert here.type("run").code == 1
    assert len(here.salesforce.requests) == before

    here.salesforce.take("edit", "Lead", user=OPS)
    here.salesforce.give("create", "Lead", user=OPS)
    here.salesforce.give("edit", "Lead", "Title", user=OPS)
    here.salesforce.give("read", "Lead", "FirstName", user=OPS)
    here.good("schema", "pull")
    [edit] = here.type("check", "--format", "json").json()["findings"]
    assert edit["message"] == f"the login {OPS} can create a `Lead` and can't change one"
    here.salesforce.take("read", "Lead", user=OPS)
    here.good("schema", "pull")
    assert f"or is not visible to the login {OPS}" in here.type("check").out


def test_a_login_without_rights_is_known_by_name_on_a_server_too(here: Team) -> None:
    """Client credentials sign in without anybody; the schema names the user they run as. (CON-7)"""
    here.setting('client_secret = "file:client.secret"')
    (here.folder / "client.secret").write_text(here.salesforce.sign_ins.client_secret, "utf-8")
    here.good("schema", "pull")
    stored = json.loads((here.folder / "schema" / "salesforce.json").read_bytes())
    assert stored["login"] == "sync@heron-trading.example"
    here.good("check")
    here.connect(ANN, "--as", ANN)
    assert "sync login, by `client_secret` of syncrules.toml" in here.good("logins").out
    here.good("check")
    here.contact(ANN, "x@some.example")
    here.good("run")


def test_who_says_no_is_told_so(here: Team) -> None:
    """Exit code 4, the system's reason, and nothing is linked."""
    here.patch.setenv("SIGN_IN_AS", "deny")
    ended = here.type("connect", "salesforce")
    assert ended.code == 4
    assert "end-user denied authorization" in ended.err
    assert here.good("logins", "--format", "json").json()["logins"] == []


def test_a_code_is_entered_on_another_machine(here: Team) -> None:
    """The device flow, for a machine without a browser."""
    consent = here.salesforce.sign_ins.consent
    asked = consent.device

    def entered(base: str) -> dict[str, object]:
        told = asked(base)
        password = here.salesforce.sign_ins.passwords[OPS]
        form = {"user_code": told["user_code"], "username": OPS, "password": password}
        consent.connect("POST", form)
        return {**told, "interval": 0.01}

    here.patch.setattr(consent, "device", entered)
    ended = here.good("connect", "salesforce", "--device")
    assert "enter the code" in ended.err
    assert ended.out == f"signed in to salesforce as {OPS}\n"


def test_a_port_in_use_is_said_plainly(here: Team) -> None:
    port = here.file.read_text("utf-8").partition("localhost:")[2].partition("/")[0]
    with Server(here.apollo, int(port)):
        ended = here.connect(OPS)
    assert ended.code == 2
    assert f"port {port} of this machine can't be used" in ended.err


def test_two_logins_and_no_choice_stop_everything(here: Team) -> None:
    """`check` and `run` refuse and name the candidates, until one is chosen. (CON-4)"""
    here.connect(OPS)
    here.good("schema", "pull")
    here.good("check")
    assert "logins use salesforce" in here.connect(ANN, "--as", ANN).out
    for verb in ("check", "run", "preview"):
        ended = here.type(verb)
        assert ended.code == 2
        assert f"2 logins are linked: {OPS} and {ANN}" in ended.err
        assert f"syncrules logins use salesforce {OPS}" in ended.err
    here.good("logins", "use", "salesforce", ANN)
    for verb in ("check", "run", "preview"):
        here.good(verb)


def test_the_choice_is_a_line_of_the_project_file(here: Team) -> None:
    """Chosen again, the line changes; comments and all other lines stay. (CON-4)"""
    here.connect(OPS)
    here.connect(ANN, "--as", ANN)
    before = here.file.read_text("utf-8")
    here.good("logins", "use", "salesforce", OPS)
    line = f'sync_login = "{OPS}"\n'
    with_line = here.file.read_text("utf-8")
    assert with_line.replace(line, "") == before
    assert with_line.index(line) < with_line.index("[state]")
    here.file.write_text(with_line.replace(line, f"{line[:-1]}  # the team's\n"), "utf-8")
    here.good("logins", "use", "salesforce", ANN)
    assert f'sync_login = "{ANN}"  # the team\'s\n' in here.file.read_text("utf-8")
    ended = here.type("logins", "use", "salesforce", "nobody@some.example")
    assert ended.code == 2
    assert f"linked are: {OPS}, {ANN}" in ended.err


def test_a_chosen_login_that_is_not_here_is_told(here: Team) -> None:
    """Rules can be checked on a machine where nobody has signed in; a run can't start. (CON-4)"""
    here.connect(OPS)
    here.good("schema", "pull")
    here.setting('sync_login = "other@some.example"')
    here.good("check")
    ended = here.type("run")
    assert ended.code == 2
    assert "other@some.example of salesforce is not linked here" in ended.err


def test_linking_touches_nothing_of_the_team(here: Team) -> None:
    """Somebody who may only read the project links their own login; rules and project file are as
    they were, and can't be told from before. (USR-1)"""
    here.connect(OPS)
    here.good("logins", "use", "salesforce", OPS)
    here.good("schema", "pull")
    kept = {
        path: text
        for path, text in files_below(here.folder).items()
        if ".syncrules" not in path.parts
    }
    for path in kept:
        path.chmod(0o444)
    ended = here.connect(ANN, "--as", ANN)
    assert ended.out == f"signed in to salesforce as {ANN}, for {ANN}\n"
    assert {path: path.read_bytes() for path in kept} == kept
    here.good("check")


def test_one_user_stands_for_one_person(here: Team) -> None:
    """The same Salesforce user for two people is refused with a reason, and the first stays; a
    person has one login, too. (USR-3)"""
    here.connect(ANN, "--as", ANN)
    ended = here.connect(ANN, "--as", BEN)
    assert ended.code == 2
    assert f"{ANN} is the login of {ANN} already" in ended.err
    assert "can't stand for two people" in ended.err
    assert BEN not in here.good("logins").out
    ended = here.connect(BEN, "--as", ANN)
    assert ended.code == 2
    assert f"{ANN} has linked {ANN} already" in ended.err
    assert here.connect(ANN, "--as", ANN).code == 0


def test_logins_tell_who_is_who(here: Team) -> None:
    """The sync login, one's own, and one that has ended, which makes the exit code 1. (USR-4)"""
    here.connect(OPS)
    here.connect(ANN, "--as", ANN)
    here.good("logins", "use", "salesforce", OPS)
    told = here.good("logins", "--format", "json").json()["logins"]
    assert [(one["login"], one["person"], one["sync_login"]) for one in told] == [
        (OPS, None, True),
        (ANN, ANN, False),
    ]
    here.salesforce.sign_ins.revoke(here.salesforce.user(OPS))
    assert here.type("schema", "pull", "salesforce").code == 4
    ended = here.type("logins")
    assert ended.code == 1
    assert "sync login, ended: invalid_grant" in ended.out
    here.connect(OPS)
    assert "ended" not in here.good("logins").out


def test_a_login_that_has_ended_says_who_must_sign_in(here: Team) -> None:
    """Exit code 4, the login, why, and the command."""
    here.connect(OPS)
    here.salesforce.sign_ins.revoke(here.salesforce.user(OPS))
    ended = here.type("schema", "pull", "salesforce")
    assert ended.code == 4
    assert f"the login {OPS} of salesforce has ended" in ended.err
    assert "expired access/refresh token" in ended.err
    assert "sign in again: `syncrules connect salesforce`" in ended.err


def test_disconnecting_ends_it_on_both_sides(here: Team) -> None:
    """Revoked at Salesforce, gone here; where Salesforce can't be told, that is said."""
    here.connect(OPS)
    here.connect(ANN, "--as", ANN)
    ended = here.good("disconnect", "salesforce", ANN)
    assert ended.out == f"forgot the login {ANN} of salesforce\n"
    assert here.salesforce.requests[-1].path.endswith("/revoke")
    assert ANN not in here.good("logins").out
    text = here.file.read_text("utf-8")
    url = text.partition('login_url = "')[2].partition('"')[0]
    here.file.write_text(text.replace(url, "http://elsewhere.example"), "utf-8")
    ended = here.type("disconnect", "salesforce")
    assert ended.code == 1
    assert f"end the sign-in of {OPS} there, too" in ended.err
    assert here.good("logins", "--format", "json").json()["logins"] == []


def test_a_strange_request_to_loopback_is_not_taken_for_the_person(here: Team) -> None:
    """A page that sends the browser to our port with a code of its own gets nowhere. (CON-2)"""
    from urllib.error import HTTPError
    from urllib.request import urlopen

    from syncrules.connectors.base.world import MachineClock
    from syncrules.engine.browser import Listener
    from syncrules.tests.signed_in import free_port

    clock, port = MachineClock(), free_port()
    at = f"http://127.0.0.1:{port}/OauthRedirect"
    with Listener(at, "right") as listener:
        for wrong in (
            f"{at}?code=evil",
            f"{at}?code=evil&state=wrong",
            f"http://127.0.0.1:{port}/",
        ):
            with pytest.raises(HTTPError):
                urlopen(wrong)
        with urlopen(f"{at}?code=good&state=right") as reply:
            assert b"Signed in" in reply.read()
        assert listener.wait(clock, clock.now() + 5)["code"] == "good"

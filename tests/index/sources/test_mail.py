import mailbox
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.index.errors import SourceError
from footnote_qa.index.parsing import mbox
from footnote_qa.index.sources import Argument, SourceSpec, open_connector
from footnote_qa.index.sources.sync import Item
from tests.fakes.services.mail import a_mail
from tests.fakes.services.syncing import Syncing
from tests.index.sources.contract.worlds import TOKEN, world_of
from tests.index.sources.contract.worlds_of_news import MailWorld

QUESTION = a_mail("Parking", "What does it cost?\n\nFrom Monday on?", id_="<q@x>")
ANSWER = a_mail("AW: Parking", "Three euros.", id_="<a@x>", answers="<q@x>", day=2)
THANKS = a_mail("Re: AW: Parking", "Thanks.", id_="<t@x>", answers="<a@x>", day=3)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailWorld]:
    with world_of("mail") as found:
        assert isinstance(found, MailWorld)
        monkeypatch.setenv(TOKEN, found.service.token)
        yield found


def in_files(folder: Path, **more: Argument) -> SourceSpec:
    arguments: dict[str, Argument] = {"path": str(folder), "permissions": "settings"}
    return SourceSpec(kind="mail", path="mail", arguments=arguments | more)


def test_a_thread_is_one_document_in_the_order_of_its_mails(
    world: MailWorld, tmp_path: Path
) -> None:
    for mail in (THANKS, QUESTION, ANSWER):
        world.mail.put(mail)

    docs = Syncing(world.spec, tmp_path).sync()

    doc = docs["INBOX/2026-03-01 Parking.mbox"]
    assert doc.title == "Parking"
    assert doc.url == "https://mail.test/q%40x"
    text = mbox.parse((doc.text or "").encode()).text
    assert [text.index(one) for one in ("What does", "From Monday", "Three euros", "Thanks.")] == (
        sorted(text.index(one) for one in ("What does", "From Monday", "Three euros", "Thanks."))
    )


def test_answers_to_a_mail_that_is_not_there_are_one_thread(
    world: MailWorld, tmp_path: Path
) -> None:
    world.mail.put(ANSWER)
    world.mail.put(a_mail("Re: Parking", "Five.", id_="<b@x>", answers="<q@x>", day=4))

    docs = Syncing(world.spec, tmp_path).sync()

    assert docs.keys() == {"INBOX/2026-03-02 Parking.mbox"}


def test_a_new_answer_fetches_its_thread_alone(world: MailWorld, tmp_path: Path) -> None:
    world.mail.put(QUESTION)
    world.add("Leave", "Twenty days.")
    syncing = Syncing(world.spec, tmp_path)
    syncing.sync()
    world.mail.forget()
    world.mail.put(ANSWER)

    syncing.sync()

    assert len(world.mail.bodies) == 2
    assert syncing.note.fetched == 1


def test_mails_that_the_server_numbers_again_are_not_mixed_up(
    world: MailWorld, tmp_path: Path
) -> None:
    world.add("Leave", "Twenty days.")
    syncing = Syncing(world.spec, tmp_path)
    syncing.sync()
    world.mail.validity += 1
    (uid,) = world.mail.folders["INBOX"]
    world.mail.folders["INBOX"][uid] = a_mail("Leave", "Other text.", id_="<1@x>").as_bytes()

    docs = syncing.sync()

    assert ["Other text." in (doc.text or "") for doc in docs.values()] == [True]


def test_attached_files_come_along(tmp_path: Path) -> None:
    mail = a_mail("Plan", "See the file.", id_="<p@x>")
    mail.add_attachment(b"Grow.", maintype="text", subtype="plain", filename="plan.txt")
    box = mailbox.mbox(tmp_path / "team.mbox")
    box.add(mail)
    box.close()

    docs = Syncing(in_files(tmp_path), tmp_path / "work").sync()

    (doc,) = docs.values()
    assert [one.name for one in mbox.attachments((doc.text or "").encode())] == ["plan.txt"]


def test_mailboxes_on_disk_are_folders_and_deletions_are_noticed(tmp_path: Path) -> None:
    boxes = tmp_path / "boxes"
    (boxes / "2026").mkdir(parents=True)
    box = mailbox.mbox(boxes / "2026" / "team.mbox")
    for mail in (QUESTION, ANSWER, a_mail("Leave", "Twenty days.", id_="<l@x>")):
        box.add(mail)
    box.flush()
    syncing = Syncing(in_files(boxes), tmp_path / "work")
    before = syncing.sync()
    box.remove(list(box.keys())[2])
    box.close()

    after = syncing.sync()

    folder = "2026/team.mbox/2026-03-01"
    assert before.keys() == {f"{folder} Parking.mbox", f"{folder} Leave.mbox"}
    assert after.keys() == {f"{folder} Parking.mbox"}
    assert "Three euros." in (after[f"{folder} Parking.mbox"].text or "")


def test_a_thread_that_is_too_large_is_a_problem_and_is_not_fetched(
    world: MailWorld, tmp_path: Path
) -> None:
    world.mail.put(a_mail("Long", "x\n" * 600_000, id_="<l@x>"))

    docs = Syncing(world.spec, tmp_path).sync()

    assert ["split it or raise the limit" in doc.reason for doc in docs.values()] == [True]
    assert world.mail.bodies == []


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({}, "needs either host"),
        ({"host": "imap.x.test", "path": "/mails"}, "needs either host"),
        ({"host": "imap.x.test"}, "needs the variable MAIL_PASSWORD"),
    ],
)
def test_settings_that_lead_nowhere_are_refused(
    monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Argument], fault: str
) -> None:
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)
    spec = SourceSpec(kind="mail", arguments=arguments | {"permissions": "settings"})

    with pytest.raises(SourceError, match=fault):
        open_connector(spec, max_file_bytes=1)


@pytest.mark.parametrize(("name", "fault"), [("none", "no folder"), ("", r"ends in \.mbox")])
def test_a_folder_without_mailboxes_is_a_fault(tmp_path: Path, name: str, fault: str) -> None:
    connector = open_connector(in_files(tmp_path / name), max_file_bytes=1)

    with pytest.raises(SourceError, match=fault):
        connector.check()


def test_only_recent_mails_are_asked_for(world: MailWorld) -> None:
    spec = replace(world.spec, arguments={**world.spec.arguments, "days": 30})
    world.add("Leave", "Twenty days.")

    events = list(open_connector(spec, max_file_bytes=1).changes(None))

    assert len([one for one in events if isinstance(one, Item)]) == 1
    assert [one.path[:6] for one in world.mail.asked if one.method == "SEARCH"] == ["SINCE "]

"""Files attached to mails are documents of their own, under the mail."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.plan import Action
from footnote_qa.index.parsing.child import ParserPool
from footnote_qa.index.sources import SourceSpec
from footnote_qa.index.types import ProblemKind
from tests.fakes.building import found, specs
from tests.index.parsing.compound import outlook


def mail(*files: tuple[str, bytes], text: str = "See the file.") -> bytes:
    message = EmailMessage()
    message["Subject"] = "Harbour"
    message["From"] = "ada@example.org"
    message.set_content(text)
    for name, content in files:
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return message.as_bytes()


def rows(builder: Builder) -> dict[str, tuple[str, ProblemKind | None]]:
    generation = builder.directory.open()
    return {row.document: (row.status, row.kind) for row in generation.passages.rows()}


RULES = b"# Rules\n\nZebras moor slowly at the third jetty.\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.eml", mail(("rules.md", RULES))),
        ("a.msg", outlook({"0037": "Harbour", "1000": "See."}, {"rules.md": RULES.ljust(5_000)})),
        ("a.mbox", b"From ada@example.org Fri May  1 10:00:00 2026\n" + mail(("rules.md", RULES))),
    ],
)
def test_an_attached_file_is_found_under_its_mail(
    builder: Builder, documents: Path, name: str, content: bytes
) -> None:
    (documents / name).write_bytes(content)

    result = builder.build(specs(documents))

    assert result.problems == ()
    assert rows(builder)[f"{name}/rules.md"] == ("indexed", None)
    assert found(builder.directory.root, "zebras jetty")[0][0] == f"{name}/rules.md"
    assert result.actions[Action.ADDED] == 5


def test_an_unchanged_mail_is_not_opened_again_and_nothing_is_lost(
    builder: Builder, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (documents / "a.eml").write_bytes(mail(("rules.md", RULES)))
    first = builder.build(specs(documents))
    (documents / "new.md").write_text("# New\n")

    def fail(*_: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(ParserPool, "attachments", fail)
    second = builder.build(specs(documents))

    assert second.generation != first.generation
    assert second.actions[Action.UNCHANGED] == 5
    assert "a.eml/rules.md" in rows(builder)


def test_a_changed_mail_loses_the_files_it_no_longer_has(builder: Builder, documents: Path) -> None:
    path = documents / "a.eml"
    path.write_bytes(mail(("rules.md", RULES), ("old.md", b"# Old\n\nGone soon.")))
    builder.build(specs(documents))
    path.write_bytes(mail(("rules.md", RULES), text="Changed."))

    result = builder.build(specs(documents))

    assert result.actions[Action.REMOVED] == 1
    assert result.actions[Action.CHANGED] == 1
    assert "a.eml/old.md" not in rows(builder)


def test_a_broken_attached_file_is_a_problem_of_its_own(builder: Builder, documents: Path) -> None:
    (documents / "a.eml").write_bytes(mail(("a.docx", b"PK broken"), ("rules.md", RULES)))

    result = builder.build(specs(documents))

    assert [one.document for one in result.problems] == ["a.eml/a.docx"]
    assert rows(builder)["a.eml/rules.md"] == ("indexed", None)


def test_attached_files_are_seen_by_the_readers_of_their_mail_alone(
    builder: Builder, documents: Path
) -> None:
    (documents / "a.eml").write_bytes(mail(("rules.md", RULES)))

    builder.build([SourceSpec(path=str(documents), audience=("hr",))])
    row = {row.document: row for row in builder.directory.open().passages.rows()}["a.eml/rules.md"]

    assert row.audience == ("hr",)

"""A parser of another package: its files become documents that are found and cited."""

import json
import os
import sys
from pathlib import Path

import pytest

from footnote_qa import Footnote, SettingsError
from footnote_qa.bot.cli import main
from footnote_qa.plugins.registry import code_digest
from tests.fakes import fork_server
from tests.plugins.conftest import Install

CALENDAR = """BEGIN:VCALENDAR\r
X-WR-CALNAME:Team calendar\r
BEGIN:VEVENT\r
DTSTART;TZID=Europe/Berlin:20260612T180000\r
SUMMARY:Summer party\r
LOCATION:the old brewery\r
DESCRIPTION:Bring a friend\\, and a\r
  salad.\r
END:VEVENT\r
END:VCALENDAR\r
"""
PARSER = """
from footnote_qa.plugins import CONTRACT, Parsed, Heading
class Parser:
    contract = CONTRACT
    def parse(self, content, *, name):
        {body}
"""
pytestmark = pytest.mark.usefixtures("small_model")


def documents(folder: Path, **files: str) -> Path:
    (folder / "docs").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "docs" / name.replace("_", ".")).write_text(text, newline="")
    return folder / "docs"


@pytest.mark.usefixtures("examples")
def test_example_reads_calendars_and_their_events_are_cited(tmp_path: Path) -> None:
    docs = documents(tmp_path, team_ics=CALENDAR, broken_ics="nonsense", other_md="# Other\n\nHi.")

    with Footnote(data_dir=tmp_path / "data") as bot:
        result = bot.build(docs)
        answer = bot.ask("When does the summer party begin?")

    assert [(one.document, one.reason) for one in result.problems] == [
        ("broken.ics", "broken.ics is no calendar; export it again as .ics")
    ]
    assert answer.text.startswith("Summer party begins on 12 June 2026 at 18:00 in the old brewery")
    [citation] = answer.citations
    assert (citation.document, citation.title) == ("team.ics", "Team calendar")
    assert citation.heading[-1] == "Summer party"


def test_without_the_package_its_files_are_a_problem_and_with_it_they_are_read(
    tmp_path: Path, install: Install
) -> None:
    docs = documents(tmp_path, a_foo="The bus leaves at nine.", b_md="# B\n\nText.\n")

    with Footnote(data_dir=tmp_path / "data") as bot:
        before = bot.build(docs)
        body = "return Parsed(text=content.decode() + ' Really.')"
        install("foo_plugin", PARSER.format(body=body), parsers={"foo": "foo_plugin:Parser"})
        after = bot.build()
        again = bot.build()

    assert [one.document for one in before.problems] == ["a.foo"]
    assert after.problems == ()
    assert after.generation == again.generation != before.generation


def test_other_code_of_a_parser_reads_its_files_again(tmp_path: Path, install: Install) -> None:
    docs = documents(tmp_path, a_foo="The bus leaves at nine.")
    body = "return Parsed(text=content.decode() + ' Really.')"
    folder = install("foo_plugin", PARSER.format(body=body), parsers={"foo": "foo_plugin:Parser"})

    with Footnote(data_dir=tmp_path / "data") as bot:
        bot.build(docs)
        before = bot.read_document("a.foo").text
        code = (folder / "foo_plugin.py").read_text()
        (folder / "foo_plugin.py").write_text(code.replace("Really", "Truly"))
        code_digest.cache_clear()
        bot.build()
        after = bot.read_document("a.foo").text

    assert before == "The bus leaves at nine. Really."
    assert after == "The bus leaves at nine. Truly."


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise ValueError('secret')", r"the parser foo_plugin:Parser failed (ValueError)"),
        ("raise SystemExit(1)", r"the parser foo_plugin:Parser failed (SystemExit)"),
        ("return 'text'", "returned str, not Parsed"),
        ("return Parsed(text=5)", "returned Parsed, not Parsed with a text"),
        ("return Parsed(text=' ')", "there is no text in it"),
        ("return Parsed(text='a\\ud800')", "returned a text with half characters"),
        (
            "return Parsed(text='ab', headings=(Heading(start=9, level=1, text='x'),))",
            "returned headings that are not in the text",
        ),
        ("return Parsed(text='ab', pages=(2, 1))", "returned pages that are not in the text"),
        ("return Parsed(text='ab', wanted=(1,))", "returned pages for text recognition"),
        ("import os; os._exit(9)", "ended its process with status 9"),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "failed (PermissionError)"),
    ],
)
def test_a_faulty_parser_costs_its_own_files_alone(
    tmp_path: Path, install: Install, body: str, reason: str
) -> None:
    docs = documents(tmp_path, a_foo="content", b_md="# Bus\n\nThe bus leaves at nine.\n")
    install("foo_plugin", PARSER.format(body=body), parsers={"foo": "foo_plugin:Parser"})

    with Footnote(data_dir=tmp_path / "data") as bot:
        result = bot.build(docs)
        answer = bot.ask("When does the bus leave?")

    [problem] = result.problems
    assert problem.document == "a.foo"
    assert "secret" not in problem.reason
    assert reason in problem.reason
    assert "nine" in answer.text


def test_a_parser_writes_no_file(tmp_path: Path, install: Install) -> None:
    docs, escaped = documents(tmp_path, a_foo="content"), tmp_path / "escaped"
    body = f"open({str(escaped)!r}, 'w').write('x' * 9999); return Parsed(text='x')"
    install("foo_plugin", PARSER.format(body=body), parsers={"foo": "foo_plugin:Parser"})

    with Footnote(data_dir=tmp_path / "data") as bot:
        result = bot.build(docs)

    assert [one.document for one in result.problems] == ["a.foo"]
    assert not escaped.exists() or not escaped.read_text()


def test_a_parser_sees_no_secrets_and_is_not_imported_here(
    tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVIDER_KEY", "sk-12345")
    docs = documents(tmp_path, a_foo="content")
    body = "import os; return Parsed(text=repr(sorted(os.environ)) + ' is all there is.')"
    install("foo_plugin", PARSER.format(body=body), parsers={"foo": "foo_plugin:Parser"})

    with Footnote(data_dir=tmp_path / "data") as bot:
        bot.build(docs)
        text = bot.read_document("a.foo").text

    assert "PYTHONPATH" in text
    assert "PROVIDER_KEY" not in text
    assert "foo_plugin" not in sys.modules


def test_settings_choose_the_parser_of_a_suffix_also_over_our_own(
    tmp_path: Path, install: Install
) -> None:
    docs = documents(tmp_path, a_md="# Ours", b_foo="content")
    for name in ("one", "two"):
        body = f"return Parsed(text='read by {name}')"
        install(
            f"{name}_plugin", PARSER.format(body=body), parsers={"foo": f"{name}_plugin:Parser"}
        )
    parsers = {".md": "two_plugin:Parser", ".foo": "two_plugin:Parser"}

    def texts(**settings: object) -> list[str]:
        with Footnote(data_dir=tmp_path / "data", documents=settings) as bot:
            bot.build(docs)
            return [bot.read_document(row.document).text for row in bot.documents()]

    assert texts() == ["# Ours", "read by one"]
    assert texts(parsers=parsers) == ["read by two", "read by two"]
    assert texts(parsers={".foo": ""}) == ["# Ours"]


@pytest.mark.parametrize(
    ("parsers", "message"),
    [
        ({"ics": "a:b"}, "begin a suffix with a dot"),
        ({".ics": "nonsense"}, "write plugin:NAME or module:Class"),
    ],
)
def test_settings_that_name_no_parser_are_an_error(parsers: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Footnote(documents={"parsers": parsers})


def test_the_command_lists_each_plugin_with_its_package_and_its_fault(
    tmp_path: Path, install: Install
) -> None:
    body = "return Parsed(text='x')"
    install(
        "good_plugin",
        PARSER.format(body=body),
        version="2.1",
        parsers={"foo": "good_plugin:Parser"},
    )
    folder = install("bad_plugin", "import no_such_module", parsers={"bar": "bad_plugin:Parser"})
    (tmp_path / "footnote.toml").write_text(
        '[documents.parsers]\n".md" = "good_plugin:Parser"\n".x" = "plugin:none"\n'
    )
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path}
    listed = fork_server.run("plugins", "--json", cwd=tmp_path, env=environment, target=COMMAND)
    shown = fork_server.run("plugins", cwd=tmp_path, env=environment, target=COMMAND)

    rows = {row["name"]: row for row in json.loads(listed.stdout)["plugins"]}
    assert listed.returncode == shown.returncode == 1
    assert (rows["foo"]["distribution"], rows["foo"]["version"]) == ("good_plugin", "2.1")
    assert rows["foo"]["fault"] == ""
    assert "no_such_module" in rows["bar"]["fault"]
    assert rows["good_plugin:Parser"]["setting"] == 'documents.parsers.".md"'
    assert "no installed package" in rows["plugin:none"]["fault"]
    assert "good_plugin 2.1" in shown.stdout


COMMAND = "tests.plugins.test_parsers:main_with_the_path"


def main_with_the_path() -> None:
    """Run the command with the PYTHONPATH that a fork was given: its interpreter has started."""
    sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
    main()

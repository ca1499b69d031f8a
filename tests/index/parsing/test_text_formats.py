"""Source code, SQL, settings files, XML, logs, transcripts, AsciiDoc, Org, MDX and mailboxes."""

# ruff: noqa: E501, ISC004  documents and what is expected of them stay in one line

import time
from itertools import pairwise

import pytest

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import attachments, parse
from footnote_qa.index.types import ProblemKind


def read(name: str, text: str) -> str:
    return parse(text.encode(), name=name).text


def headings(name: str, text: str) -> list[tuple[int, str]]:
    return [(one.level, one.text) for one in parse(text.encode(), name=name).headings]


PYTHON = '''"""Fees."""
RATE = 19


# What a guest pays
@cache
def pay(nights):
    return nights * RATE


class Berth:
    """A place."""

    async def free(self):
        def inner(): ...
'''


def test_python_is_cut_at_functions_and_classes_with_their_comments() -> None:
    parsed = parse(PYTHON.encode(), name="fees.py")

    assert headings("fees.py", PYTHON) == [(1, "pay"), (1, "Berth"), (2, "Berth.free")]
    assert "# pay\n\n```python\n# What a guest pays\n@cache\ndef pay(nights):\n" in parsed.text
    assert parsed.text.startswith('```python\n"""Fees."""\nRATE = 19\n```')


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.java",
            "package x;\n/** A berth. */\npublic class Berth {\n    int n;\n    /** Pays. */\n"
            "    public int pay(int n) {\n        if (n > 2) {\n        }\n    }\n}\n",
            [(1, "Berth"), (2, "Berth.pay")],
        ),
        (
            "a.go",
            "package main\nfunc (b *Berth) Pay(n int) int {\n\treturn n\n}\ntype Berth struct {\n}\n",
            [(1, "Pay"), (1, "Berth")],
        ),
        (
            "a.ts",
            "export const pay = async (n: number) => {\n  return n\n}\nexport class Berth {\n"
            "  async free(a: string): Promise<void> {\n    while (a) {\n    }\n  }\n}\n",
            [(1, "pay"), (1, "Berth"), (2, "Berth.free")],
        ),
        ("a.c", "/* pays */\nstatic int\npay(int n)\n{\n  return n;\n}\nint x;\n", [(1, "pay")]),
        (
            "a.rs",
            "impl Berth {\n    pub fn pay(&self) -> u8 { 1 }\n}\n",
            [(1, "Berth"), (2, "Berth.pay")],
        ),
        (
            "a.rb",
            "module Harbour\n  class Berth\n    def pay\n    end\n  end\nend\n",
            [(1, "Harbour"), (2, "Harbour.Berth"), (3, "Harbour.Berth.pay")],
        ),
        ("a.sh", "#!/bin/sh\ninstall_it() {\n  echo hi\n}\ninstall_it\n", [(1, "install_it")]),
        ("Makefile", "all: build\n\techo x\nbuild:\n\techo y\n", [(1, "all"), (1, "build")]),
        ("a.php", "<?php\nfunction pay($n) {\n  return $n;\n}\n", [(1, "pay")]),
        ("broken.py", "def pay(:\n  x\nclass Berth:\n  y\n", [(1, "pay"), (1, "Berth")]),
    ],
)
def test_other_languages_are_cut_at_definitions(
    name: str, text: str, expected: list[tuple[int, str]]
) -> None:
    assert headings(name, text) == expected
    kept = read(name, text)
    assert all(line.strip() in kept for line in text.split("\n"))


SQL = """-- who works here
CREATE TABLE IF NOT EXISTS hr.staff (id int, name text DEFAULT 'a;b');
INSERT INTO staff VALUES (1, 'Ada');
INSERT INTO staff VALUES (2, 'O''Neil; Bo');
CREATE OR REPLACE FUNCTION pay() RETURNS int AS $$
BEGIN
  UPDATE staff SET id = 1; RETURN 1;
END;
$$ LANGUAGE plpgsql;
BEGIN TRANSACTION;
DROP VIEW old_staff;
"""


def test_sql_is_cut_at_statements() -> None:
    text = read("a.sql", SQL)

    assert headings("a.sql", SQL) == [
        (1, "CREATE TABLE hr.staff"),
        (1, "INSERT INTO staff"),
        (1, "CREATE FUNCTION pay"),
        (1, "DROP VIEW old_staff"),
    ]
    assert "# CREATE TABLE hr.staff\n\n```sql\n-- who works here\nCREATE TABLE" in text
    assert text.count("INSERT INTO staff VALUES") == 2
    assert "END;\n$$ LANGUAGE plpgsql;" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END //\nDELIMITER ;\nSELECT 3;\n",
            [(1, "CREATE PROCEDURE p")],
        ),
        (
            "CREATE TABLE a (x int)\nGO\nCREATE TABLE b (y int)\nGO\n",
            [(1, "CREATE TABLE a"), (1, "CREATE TABLE b")],
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET x = CASE WHEN 1 THEN 2 END; END;\n"
            "CREATE INDEX i ON a (x);",
            [(1, "CREATE TRIGGER t"), (1, "CREATE INDEX i")],
        ),
        ("CREATE TABLE never_closed (x 'text", [(1, "CREATE TABLE never_closed")]),
    ],
)
def test_sql_of_other_systems_is_cut_at_statements(
    text: str, expected: list[tuple[int, str]]
) -> None:
    assert headings("a.sql", text) == expected


def test_values_of_yaml_have_their_paths_and_comments() -> None:
    text = (
        "# The server\nserver:\n  port: 8080  # public\n  tls: {on: yes}\nusers:\n"
        "  - name: Ada\n    role: admin\n  - name: Bo\nmotd: |\n  Hello\n  # no comment\n# the end\n"
    )

    parsed = read("a.yaml", text)

    for line in ("The server", "public\nport: 8080", "tls.on: yes", "name: Ada\nrole: admin"):
        assert line in parsed
    assert "# no comment" in parsed
    assert parsed.endswith("the end")
    assert headings("a.yaml", text) == [(1, "server"), (1, "users")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n---\nb: 2\n", ["a: 1", "b: 2"]),
        ("- one\n- two\n", ["one, two"]),
        ("image: {{ .Tag }}\nspec:\n  a: [1\n", ["# image", "image: {{ .Tag }}", "a: [1"]),
        ("a: &x\n  b: 1\nc: *x\n", ["b: 1"]),
        ("version: 1.10\nsince: 2026-05-01\n", ["version: 1.10", "since: 2026-05-01"]),
    ],
)
def test_other_yaml_is_kept(text: str, expected: list[str]) -> None:
    parsed = read("a.yml", text)

    assert all(words in parsed for words in expected)


def test_a_yaml_bomb_is_kept_as_it_is() -> None:
    names = "abcdefghi"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise(names)]

    parsed = read("bomb.yaml", "\n".join(lines))

    assert "b: &b [*a, *a" in parsed
    assert len(parsed) < 5_000


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.toml",
            '# The tool\ntitle = "Harbour"\n[server.http]\nnames = [\n  "a",\n  "b",\n]\n[[user]]\nname = \'Ada\'\n',
            ["The tool\ntitle: Harbour", 'server.http.names: [ "a", "b", ]', "user.name: Ada"],
        ),
        ("a.toml", 'text = """\nlong\ntext"""\n', ["text: long text"]),
        ("a.ini", "; main\n[mail]\nhost = mx.example.org\nport: 25\n", ["main", "mail.port: 25"]),
        ("a.properties", "! old\na.b=one \\\n  two\n", ["old", "a.b: one two"]),
        ("a.cfg", "[metadata]\nname = x\n\n[options]\nzip_safe = no\n", ["options.zip_safe: no"]),
        ("nginx.conf", "server {\n  listen 80;\n}\n", ["listen 80;"]),
    ],
)
def test_sections_of_settings_files_are_read(name: str, text: str, expected: list[str]) -> None:
    parsed = read(name, text)

    assert all(words in parsed for words in expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '<c><server port="8080"><host>a</host></server><user><name>Ada</name><role>boss</role></user>'
            "<user><name>Bo</name><role>guest</role></user></c>",
            [
                "server.port: 8080\nserver.host: a",
                "user.name: Ada\nuser.role: boss\n\nuser.name: Bo",
            ],
        ),
        (
            "<book><title>Guide</title><chapter><title>Fees</title><para>They <b>rise</b>.</para>"
            "<programlisting>x = 1\n</programlisting></chapter></book>",
            ["# Guide\n\n## Fees\n\nThey rise.\n\n```\nx = 1\n```"],
        ),
        (
            "<rss><channel><title>News</title><item><title>Open</title><description>&lt;p&gt;We "
            "&lt;b&gt;open&lt;/b&gt;.&lt;/p&gt;</description></item></channel></rss>",
            ["# News", "We open."],
        ),
        ("<t><row><a>1</a></row><!-- no --><row><a>2</a></row></t>", ["row.a: 1\n\nrow.a: 2"]),
    ],
)
def test_xml_becomes_headings_paragraphs_and_values(text: str, expected: list[str]) -> None:
    parsed = read("a.xml", text)

    assert all(words in parsed for words in expected)
    assert "no -->" not in parsed


def test_entities_of_xml_open_no_file_and_are_not_expanded() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY b "bb">]><r><a>&f;x&b;</a></r>'

    assert read("a.xml", bomb) == "a: x"


@pytest.mark.parametrize("text", ["<a><b></a>", "no xml", "<a>&undefined;</a>"])
def test_broken_xml_is_a_problem(text: str) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        read("a.xml", text)

    assert caught.value.kind is ProblemKind.BROKEN


@pytest.mark.parametrize(
    ("text", "days"),
    [
        (
            "2026-05-01 10:00 ERROR x\nTraceback:\n  File y\n2026-05-02 08:00 INFO ok\n",
            ["2026-05-01", "2026-05-02"],
        ),
        ('1.2.3.4 - - [01/May/2026:10:00:00] "GET / HTTP"\n', ["01/May/2026"]),
        ("May  1 10:00:00 host sshd: x\nMay  2 10:00:00 host sshd: y\n", ["May  1", "May  2"]),
        ("no time at all\nin this one\n", []),
    ],
)
def test_a_log_has_a_heading_for_each_day(text: str, days: list[str]) -> None:
    assert [title for _, title in headings("a.log", text)] == [
        " ".join(day.split()) for day in days
    ]
    assert all(line in read("a.log", text) for line in text.split("\n"))


def test_colours_of_a_log_are_left_out() -> None:
    assert "ERROR failed" in read("a.log", "\x1b[31mERROR\x1b[0m failed\n")


VTT = "WEBVTT - Team meeting\n\nNOTE x\n\n1\n00:00:01.000 --> 00:00:04.000\n"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.vtt",
            VTT
            + "<v Ada Berg>We <i>begin</i>.</v>\n\n00:00:05.000 --> 00:00:07.000\n<v Ada Berg>Fees &amp; dues.</v>\n\n"
            "01:01:05.000 --> 01:01:09.000\n<v Bo>How much?</v>\n",
            "Ada Berg (0:00:01): We begin. Fees & dues.\n\nBo (1:01:05): How much?",
        ),
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:04,000\nADA: We begin.\n\n2\n00:00:05,000 --> 00:00:06,000\nNow.\n",
            "ADA (0:00:01): We begin. Now.",
        ),
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:04,000\n- Yes?\n- No.\n",
            "(0:00:01) Yes?\n\n(0:00:01) No.",
        ),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nNo names here\n", "(0:00:01) No names here"),
    ],
)
def test_a_transcript_says_who_speaks_and_when(name: str, text: str, expected: str) -> None:
    assert read(name, text) == expected


@pytest.mark.parametrize("text", ["WEBVTT\n", "Just some words\n"])
def test_a_transcript_without_times_is_a_problem(text: str) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        read("a.vtt", text)

    assert caught.value.kind is ProblemKind.BROKEN


ADOC = """= Harbour Guide
Ada Writer <ada@example.org>
:club: Lake Club

The {club} has *forty* berths. See <<fees,the fees>> and https://example.org/x[our page].

[NOTE]
====
Dogs on a leash.
====

== Fees

.Fees by length
[cols="1,2",options="header"]
|===
| Length | Fee

| up to 8 m
| 12 euro
|===

// a comment
WARNING: Do not swim.

* first
** nested

Crane:: lifts boats

[source,python]
----
print("x")
----
include::other.adoc[]
"""


def test_asciidoc_becomes_markdown() -> None:
    parsed = parse(ADOC.encode(), name="a.adoc")

    assert parsed.title == "Harbour Guide"
    for words in (
        "The Lake Club has forty berths. See the fees and our page.",
        "Note:\n\nDogs on a leash.",
        "Fees by length\n\n| Length | Fee |\n| --- | --- |\n| up to 8 m | 12 euro |",
        "Warning: Do not swim.",
        "- first\n  - nested",
        "- Crane: lifts boats",
        '```python\nprint("x")\n```',
    ):
        assert words in parsed.text
    for hidden in ("ada@example.org", "a comment", "include::", "cols="):
        assert hidden not in parsed.text
    assert [(one.level, one.text) for one in parsed.headings] == [(1, "Harbour Guide"), (2, "Fees")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("----\nnever closed\n", "```\nnever closed\n```"),
        ("|===\n|a |b\n|c |d\n", "| a | b |\n| --- | --- |\n| c | d |"),
        ("====\n" * 40 + "deep", "deep"),
        (". one\n. two\n+\n----\nx\n----\n", "1. one\n1. two\n\n```\nx\n```"),
    ],
)
def test_odd_asciidoc_is_read(text: str, expected: str) -> None:
    assert read("a.asciidoc", text) == expected


ORG = """#+TITLE: Harbour Notes
* TODO Fees                       :money:
:PROPERTIES:
:ID: 1234
:END:
The fee is *nineteen* euro, see [[https://example.org][our page]] and =code_x=.
| Length | Fee |
|--------+-----|
| 8 m    | 12  |
** Crane
- lifts :: boats of 10 t
# comment
#+BEGIN_SRC sh
berth install
#+END_SRC
"""


def test_org_becomes_markdown() -> None:
    parsed = parse(ORG.encode(), name="a.org")

    assert parsed.title == "Harbour Notes"
    assert parsed.text == (
        "# Fees\n\nThe fee is nineteen euro, see our page and `code_x`.\n\n| Length | Fee |\n"
        "| --- | --- |\n| 8 m | 12 |\n\n## Crane\n\n- lifts: boats of 10 t\n\n```sh\nberth install\n```"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#+begin_quote\nWise words.\n#+end_quote\n", "Wise words."),
        ("#+begin_src\nnever closed", "```\nnever closed\n```"),
        (": fixed\n: text\n", "```\nfixed\ntext\n```"),
        (":PROPERTIES:\n* Head\nText\n", "# Head\n\nText"),
    ],
)
def test_odd_org_is_read(text: str, expected: str) -> None:
    assert read("a.org", text) == expected


def test_code_of_mdx_is_left_out_and_fences_stay() -> None:
    text = (
        "---\ntitle: Set up\n---\nimport Tabs from 'x';\nimport {\n  A,\n} from './a'\n"
        "export const meta = {\n  hidden: 'value',\n}\n\n# Set up\n\n{/* not shown */}\nUse npm.\n\n"
        "```js\nexport const shown = 1\n```\n"
    )

    parsed = parse(text.encode(), name="a.mdx")

    assert parsed.title == "Set up"
    assert "Use npm." in parsed.text
    assert "export const shown = 1" in parsed.text
    assert not any(words in parsed.text for words in ("hidden", "not shown", "./a"))


MBOX = """From ada@example.org Fri May  1 10:00:00 2026
From: Ada <ada@example.org>
Subject: Fees

The fee is nineteen.
>From now on.

From bo@example.org Fri May  1 11:00:00 2026
From: Bo <bo@example.org>
Subject: Re: Fees
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain

Thanks.
--x
Content-Type: text/csv
Content-Disposition: attachment; filename=plan.csv

a,b
1,2
--x--
"""


def test_a_mailbox_has_each_mail_under_its_subject() -> None:
    parsed = parse(MBOX.encode(), name="a.mbox")

    assert headings("a.mbox", MBOX) == [(1, "Fees"), (1, "Re: Fees")]
    assert "The fee is nineteen.\nFrom now on." in parsed.text
    assert "Attachments: plan.csv" in parsed.text
    assert [one.name for one in attachments(MBOX.encode(), name="a.mbox")] == ["plan.csv"]


def test_a_mailbox_with_windows_newlines_is_read() -> None:
    assert headings("a.mbox", MBOX.replace("\n", "\r\n")) == [(1, "Fees"), (1, "Re: Fees")]


def test_a_mailbox_without_mails_is_a_problem() -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        read("a.mbox", "only words")

    assert caught.value.kind is ProblemKind.BROKEN


TEXTUAL = ["py", "js", "java", "sql", "yaml", "toml", "ini", "log", "adoc", "org", "mdx"]


@pytest.mark.parametrize("suffix", TEXTUAL)
def test_text_in_another_encoding_is_read(suffix: str) -> None:
    line = "Die Kündigungsfrist beträgt für Führungskräfte sechs Monate: schön\n"

    parsed = parse((line * 3).encode("cp1252"), name=f"a.{suffix}")

    assert "Kündigungsfrist beträgt für Führungskräfte" in parsed.text


@pytest.mark.parametrize("suffix", [*TEXTUAL, "xml", "vtt", "mbox"])
@pytest.mark.parametrize("content", [b"", b" \n ", b"\x00\x01\x02" * 50, b"PK\x03\x04 cut"])
def test_bad_files_are_problems(suffix: str, content: bytes) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(content, name=f"a.{suffix}")

    assert caught.value.kind in {ProblemKind.EMPTY, ProblemKind.BROKEN}


@pytest.mark.parametrize("suffix", TEXTUAL)
def test_a_huge_file_is_read_in_seconds(suffix: str) -> None:
    line = {"sql": "INSERT INTO a VALUES (1, 'x');", "org": "- item one", "mdx": "Some words."}
    content = f"{line.get(suffix, 'key = value')}\n" * 60_000

    assert len(read(f"a.{suffix}", content)) >= 300_000


@pytest.mark.parametrize("name", ["README", "LICENSE", "changelog"])
def test_a_text_that_everybody_knows_by_its_name_is_read(name: str) -> None:
    assert read(name, "Twenty days.") == "Twenty days."


@pytest.mark.parametrize(
    ("name", "part"),
    [
        *[
            ("a.adoc", part)
            for part in ("= a" + " " * 999, "<<a", "link:a[", "image:x[", "((a", "*a ")
        ],
        *[("a.org", part) for part in (" /a", "[[a]", "- a :: ")],
        *[("a.ini", part) for part in ("a" + " " * 999, "[a")],
        *[("a.sql", part) for part in ("'a", "$a$", "/*", "BEGIN ")],
        *[("a.vtt", part) for part in ("<v a", "A a")],
        *[("a.java", part) for part in ("a (", "a<", "static ")],
    ],
)
def test_a_line_that_repeats_an_opening_mark_is_read_in_seconds(name: str, part: str) -> None:
    before = "00:00:01.000 --> 00:00:02.000\n" if name == "a.vtt" else ""
    content = before + (part * (60_000 // len(part)))
    started = time.process_time()

    assert parse(content.encode(), name=name).text

    assert time.process_time() - started < 10

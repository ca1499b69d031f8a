"""Each spelling of a word, a name, a date or a number finds the others."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from footnote_qa.index.storage.lexical import LexicalIndex, LexicalRow, write_lexical
from footnote_qa.index.storage.spellings import FormReader

OTHERS = [
    "Lunch is served at noon in the canteen.",
    "The garden is open to visitors on Sundays.",
    "Keys are returned to the front desk.",
]


def index_of(folder: Path, texts: Sequence[str], language: str = "en") -> LexicalIndex:
    rows = [
        LexicalRow(id=at, words=text, audience=(), language=language)
        for at, text in enumerate([*texts, *OTHERS])
    ]
    write_lexical(folder, rows)
    return LexicalIndex(folder)


def first(index: LexicalIndex, question: str, groups: Sequence[str] | None = None) -> int | None:
    return next((id_ for id_, _ in index.search(question, 5, groups=groups)), None)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Money goes into the 401(k) each month.", "401K"),
        ("Money goes into the 401K each month.", "401(k)"),
        ("Send an e-mail to the office.", "email"),
        ("Send an email to the office.", "e-mail"),
        ("Send an email to the office.", "e mail"),
        ("The Wi-Fi is down.", "wifi"),
        ("The wifi is down.", "Wi-Fi"),
        ("The WiFi is down.", "wi fi"),
        ("How to set up the printer.", "setup"),
        ("The setup of the printer.", "set up"),
        ("The setup of the printer.", "set-up"),
        ("Log in with a card.", "login"),
        ("The login needs a card.", "log in"),
        ("A check-in takes a minute.", "checkin"),
        ("Full-time staff.", "fulltime"),
        ("Fulltime staff.", "full-time"),
        ("Ask the employee(s).", "employees"),
        ("The Q&A is on Friday.", "QA"),
        ("All of the policies.", "policy"),
        ("Two PIVs were lost.", "PIV"),
        ("Call it with --with and a name.", "--with"),
        ("Call it with --dry-run first.", "dry run"),
        ("Call it with --dry-run first.", "dryrun"),
        ("Set max_file_mb to ten.", "max_file_mb"),
        ("Set max_file_mb to ten.", "maxFileMb"),
        ("Set maxFileMb to ten.", "max file"),
        ("It raises HttpTimeoutError.", "timeout"),
        ("It raises HttpTimeoutError.", "httptimeouterror"),
        ("Release 3.11.2 is out, and so is 3.1.12.", "v3.11.2"),
        ("The error ERR-1042 means no paper.", "ERR1042"),
        ("The error ERR1042 means no paper.", "err-1042"),
        ("The error 0x80070005 means no access.", "0x80070005"),
        ("Written in C++ for speed.", "C++"),
        ("Written in .NET for work.", "dotnet"),
    ],
)
def test_each_spelling_finds_the_other(tmp_path: Path, text: str, question: str) -> None:
    assert first(index_of(tmp_path, [text]), f"what about {question}?") == 0


DATES = ["20260531", "31 May 2026", "31.5.26", "2026-05-31", "May 31, 2026", "5/31/2026"]
DATES += ["31st of May 2026", "31. Mai 2026", "31/05/2026", "31.05.2026"]


@pytest.mark.parametrize("written", DATES)
@pytest.mark.parametrize("asked", DATES)
def test_a_date_in_one_form_is_found_by_any_other(tmp_path: Path, written: str, asked: str) -> None:
    texts = ["The report of 31 March 2026 is late.", f"The report of {written} is late."]
    texts += ["The report of May 2025 is late.", "The report of 2026-05-30 is late, 31 pages."]

    assert first(index_of(tmp_path, texts), f"report of {asked}") == 1


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("1,000", "1000"),
        ("1000", "1.000"),
        ("1'250'000", "1,250,000"),
        ("twelve", "12"),
        ("12", "twelve"),
        ("zwölf", "12"),
        ("2.5", "2,5"),
    ],
)
def test_a_number_in_one_form_is_found_by_another(tmp_path: Path, written: str, asked: str) -> None:
    texts = ["It costs 7 euros.", f"It costs {written} euros.", "It costs 9999 euros."]

    assert first(index_of(tmp_path, texts), f"costs {asked} euros") == 1


def test_a_word_is_not_read_as_two_that_nowhere_follow_each_other(tmp_path: Path) -> None:
    index = index_of(tmp_path, ["A man has a date.", "The mandate ended."])

    assert first(index, "mandate") == 1
    assert [id_ for id_, _ in index.search("mandate", 5, groups=None)] == [1]


ACRONYMS = [
    "Ask the Technology Transformation Services (TTS) for help.",
    "TTS approves new tools.",
    "Technology is transformed by services of all kinds.",
]


def test_an_acronym_finds_what_it_stands_for(tmp_path: Path) -> None:
    index = index_of(tmp_path, [*ACRONYMS, "Technology Transformation Services has a budget."])

    found = [id_ for id_, _ in index.search("budget of TTS", 5, groups=None)]

    assert found[0] == 3


def test_what_an_acronym_stands_for_finds_the_acronym(tmp_path: Path) -> None:
    index = index_of(tmp_path, ACRONYMS)

    found = [id_ for id_, _ in index.search("technology transformation services", 5, groups=None)]

    assert set(found) == {0, 1, 2}


@pytest.mark.parametrize(
    "entry",
    [
        "PIV: Personal Identity Verification card",
        "**PIV** - Personal Identity Verification",
        "| PIV | Personal Identity Verification |",
        "PIV (Personal Identity Verification) is needed.",
        "PIV stands for Personal Identity Verification.",
    ],
)
def test_acronyms_are_learnt_from_glossaries_too(tmp_path: Path, entry: str) -> None:
    index = index_of(tmp_path, [entry, "Personal identity verification takes a week."])

    assert 1 in [id_ for id_, _ in index.search("piv", 5, groups=None)]


def test_an_acronym_of_a_document_that_nobody_here_may_see_is_not_used(tmp_path: Path) -> None:
    rows = [
        LexicalRow(id=0, words="The Secret Merger Plan (SMP) is near.", audience=("board",)),
        LexicalRow(id=1, words="A secret merger plan is a kind of plan.", audience=()),
    ]
    write_lexical(tmp_path, rows)
    index = LexicalIndex(tmp_path)

    assert index.search("SMP", 5, groups=[]) == []
    assert [id_ for id_, _ in index.search("SMP", 5, groups=["board"])] == [0, 1]


@pytest.mark.parametrize(
    ("language", "text", "question"),
    [
        ("de", "Der Urlaubsanspruch der Angestellten ist geregelt.", "Angestellte"),
        ("de", "Die Verträge werden jährlich geprüft.", "Wann wird ein Vertrag geprüft?"),
        ("es", "Los empleados trabajan cuarenta horas.", "¿Cuánto trabaja un empleado?"),
        ("ru", "Сотрудники получают отпуск.", "сотрудник"),
        ("fr", "Les employés travaillaient le dimanche.", "travailler"),
    ],
)
def test_other_languages_are_stemmed_by_their_own_rules(
    tmp_path: Path, language: str, text: str, question: str
) -> None:
    assert first(index_of(tmp_path, [text], language), question) == 0


def test_an_index_in_two_languages_is_searched_in_both(tmp_path: Path) -> None:
    rows = [
        LexicalRow(id=0, words="Verträge prüft die Rechtsabteilung.", audience=(), language="de"),
        LexicalRow(id=1, words="Contracts are checked by lawyers.", audience=(), language="en"),
    ]
    write_lexical(tmp_path, rows)
    index = LexicalIndex(tmp_path)

    assert first(index, "Vertrag") == 0
    assert first(index, "contract") == 1


def test_the_word_that_was_meant_is_one_that_the_person_may_see(tmp_path: Path) -> None:
    rows = [
        LexicalRow(id=0, words="The reorganisation is secret.", audience=("board",)),
        LexicalRow(id=1, words="The vacation is paid.", audience=()),
    ]
    write_lexical(tmp_path, rows)
    index = LexicalIndex(tmp_path)

    assert index.meant("vaction", groups=[]) == "vacation"
    assert index.meant("reorganisatoin", groups=["board"]) == "reorganisation"
    assert index.meant("reorganisatoin", groups=[]) is None
    assert index.meant("xqzwv", groups=None) is None


@pytest.mark.parametrize(
    ("token", "forms"),
    [
        ("C++", ["cplusplus"]),
        ("C#,", ["csharp"]),
        ("-v", ["optv", "v"]),
        ("--with", ["optwith", "with"]),
        (".NET", ["dotnet"]),
        ("(twelve)", ["12"]),
        ("word.", []),
        ("Word", []),
        ("(word),", []),
    ],
)
def test_forms_of_a_token(token: str, forms: list[str]) -> None:
    assert FormReader().forms(token, {token}) == forms

import pytest

from footnote_qa.bot.citations.comparing import order_changed, relations_exchanged

REVIEW = (
    "If the request is rejected, it goes back for more documentation. "
    "If the request is approved, the office marks it as done."
)
LEGAL_FIRST = "Before a copy goes out, the legal team checks it."
PARTS = "One part runs in Python in the server, and parts that run in JavaScript are in the lab."


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        (
            "If sessions fail, the hub is not affected.",
            "If the hub fails, sessions are not affected.",
        ),
        ("A part runs in JavaScript in the server, and parts run in Python in the lab.", PARTS),
        ("Each level maps to a tag.", "Each tag maps to a type, which then maps to a level."),
        ("The server starts the spawner.", "The spawner picks a name when it starts the server."),
        ("The owner asks the engineer.", "The engineer opens a ticket and asks the owner."),
        ("It moves from the spare to the main site.", "It moves from the main to the spare site."),
        ("Since 1.4 it is done by the server.", "Prior to 1.4 it was done by the server."),
        ("It is quiet between 8:00 and 20:00.", "It is quiet between 20:00 and 8:00."),
        ("It is quiet from 8 am to 8 pm.", "It is quiet from 8 pm to 8 am."),
    ],
)
def test_words_that_belong_to_each_others_words_are_exchanged(
    statement: str, evidence: str
) -> None:
    assert relations_exchanged(statement, evidence)
    assert not relations_exchanged(evidence, evidence)


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        (
            "Sessions are not affected if the hub fails.",
            "If the hub fails, sessions are not affected.",
        ),
        ("A level is what a tag maps to.", "Each tag maps to a level."),
        ("The level is mapped to by each tag.", "Each tag maps to a level."),
        ("In the lab, parts run in JavaScript; in the server a part runs in Python.", PARTS),
        ("Visitors who register can park for free.", "Visitors park free if they register."),
        ("The team meets the board.", "The board meets the team."),
        ("It is quiet between 8 pm and 8 am.", "It is quiet between 20:00 and 8:00."),
        ("Up to 1.4 the server did it.", "Prior to 1.4 it was done by the server."),
    ],
)
def test_other_words_for_the_same_are_not(statement: str, evidence: str) -> None:
    assert not relations_exchanged(statement, evidence)


@pytest.mark.parametrize(
    ("statement", "evidence", "changed"),
    [
        ("It is sent before it is checked.", "Once it is checked, it is sent.", True),
        ("It is checked after it is mailed.", "It is checked before the office mails it.", True),
        (
            "You return before the site is restored.",
            "If needed, when the site is restored, you return.",
            True,
        ),
        ("It is checked before it is sent.", "Once it is checked, it is sent.", False),
        (LEGAL_FIRST, "The legal team checks a copy before the other team sends it.", False),
        ("Hand it in before the end of May.", "Hand it in by the end of May.", False),
        (
            "After 30 days you may delete it.",
            "It may be deleted after 30 days if it is known elsewhere.",
            False,
        ),
        ("It is moved before it is encrypted.", "It is encrypted and moved.", None),
        ("It is encrypted.", "It is encrypted and moved.", False),
        (
            "Use it by May of the following year.",
            "It may be used until May of the next year.",
            False,
        ),
    ],
)
def test_what_comes_first_has_to_come_first(
    statement: str, evidence: str, changed: bool | None
) -> None:
    assert order_changed(statement, evidence) is changed

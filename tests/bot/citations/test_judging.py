"""Statements beside their evidence: what is removed, what is kept, and what is marked."""

import pytest

from footnote_qa.bot.citations import Checked, check
from footnote_qa.bot.engine import ReplyReader, show
from tests.fakes.searcher import a_passage

MUSEUM = "The museum closes at 18:00 on weekdays and admission is free for pupils."
LEASE = "The lease for the warehouse ends in June and may be extended by the tenant in writing."
TRAIN = "Travel by train is booked in second class through the travel desk."
BACKUP = "Backups of the order database are kept for ninety days in the second data centre."
GUESTS = "Visitors may use the guest network during their stay."
PUMP = "The pump is serviced before each season by the supplier."
REVIEW = (
    "If the request is rejected, it goes back for more documentation. "
    "If the request is approved, IT marks it as done."
)
RIGHTS = "Users of a server may end all security for their own server."


def checked(reply: str, *texts: str) -> Checked:
    shown = show([a_passage(text, id=at, rank=at) for at, text in enumerate(texts, 1)])
    reader = ReplyReader(len(shown))
    return check([*reader.feed(reply), *reader.end()], shown)


def is_plain(result: Checked) -> bool:
    return bool(result.text) and not any(part.marked for part in result.parts)


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (MUSEUM, "The museum closes at 18:00 on weekdays, and dogs are welcome."),
        (REVIEW, "If the request is approved, it goes back for more documentation."),
        (REVIEW, "The request goes back for more documentation before it is rejected."),
        (RIGHTS, "They may end all security for every server."),
        (MUSEUM, "The museum closes at 18:00 on weekdays, and tickets include a drink."),
        (MUSEUM, "Admission is free for pupils, but cameras cost extra."),
        (MUSEUM, "Admission is free for pupils, which the city finances."),
        (LEASE, "The lease may be extended by the tenant in writing or by telephone."),
        (LEASE, "The lease may be extended in writing or orally."),
        (LEASE, "The lease ends in June or whenever the owner wishes."),
        (TRAIN, "Travel by train is booked in second class unless the journey takes a day."),
        (TRAIN, "Travel by train is booked through the travel desk, except at weekends."),
        (TRAIN, "Train travel is in second class unless a director agrees."),
        (BACKUP, "Backups of the order database are kept for ninety days because auditors ask."),
        (BACKUP, "Backups are kept for ninety days, since disks are cheap."),
        (BACKUP, "Backups are kept in the second data centre because of fire insurance."),
        (GUESTS, "Visitors must use the guest network during their stay."),
        (GUESTS, "Visitors have to use the guest network."),
        (GUESTS, "Use of the guest network is mandatory, so visitors must use it."),
        (GUESTS, "Only visitors may use the guest network during their stay."),
        (GUESTS, "Visitors may use the guest network exclusively."),
        (PUMP, "Only the supplier services the pump before each season."),
        (PUMP, "The pump is serviced after each season by the supplier."),
        (PUMP, "After each season, the supplier services the pump."),
        (PUMP, "The supplier services the pump following each season."),
        (PUMP, "The supplier is serviced before each season by the pump."),
        (LEASE, "The landlord may extend the lease in writing."),
        (BACKUP, "Backups are kept for ninety hours in the second data centre."),
        (BACKUP, "Backups are always kept for ninety days."),
        (MUSEUM, "The museum closes at 6 am on weekdays."),
        (MUSEUM, "Admission is not free for pupils."),
    ],
)
def test_wrong_statement_is_never_shown_as_checked(evidence: str, said: str) -> None:
    assert not is_plain(checked(f"{said} [1]", evidence))


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (PUMP, "Before each season the supplier services the pump."),
        (GUESTS, "During their stay visitors may use the guest network."),
        (GUESTS, "Yes, visitors can use the guest network while they stay."),
        (BACKUP, "The order database's backups are kept for 90 days in the second data centre."),
        (MUSEUM, "On weekdays the museum closes at 6 pm."),
        ("Vacation is 13 days a year.", "You have 104 hours of vacation a year."),
        ("Reports are due every two weeks.", "Reports are due biweekly."),
        ("Entry is 5 euros and parking 3 euros.", "Entry and parking are 8 euros in total."),
        ("There is no maximum amount of leave you can accrue.", "There's no cap on leave."),
        ("Ask HR's desk in Oslo.", "Contact HR in Oslo."),
        ("The deadline is 2026-03-31.", "The deadline is 31 March 2026."),
        ("The European Union pays.", "The EU pays."),
    ],
)
def test_right_statement_is_shown_unmarked(evidence: str, said: str) -> None:
    assert is_plain(checked(f"{said} [1]", evidence))


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (MUSEUM, "Pupils needn't buy a ticket, and the doors shut at six during the week."),
        (TRAIN, "If you go by rail, you can't sit in first class; the desk for travel orders it."),
        (REVIEW, "When they say no to you, more documentation is what you have to bring."),
    ],
)
def test_free_wording_is_not_removed_for_a_fault_of_single_words(evidence: str, said: str) -> None:
    assert checked(f"{said} [1]", evidence).text


def test_what_cannot_be_decided_is_shown_with_the_words_of_the_source() -> None:
    result = checked("The pump is inspected thoroughly before each season [1].", PUMP)

    assert [part.marked for part in result.parts] == [True]
    assert result.text.endswith(
        "[1]. Please check: the source says “The pump is serviced before each season by the "
        "supplier”."
    )


def test_lead_in_with_a_negation_is_part_of_each_item() -> None:
    text = "Dogs are welcome in the garden.\n\nBicycles are not allowed in the hall."

    result = checked("These are not allowed:\n\n- dogs in the garden [1]\n- bicycles [1]", text)

    assert "dogs" not in result.text
    assert "- bicycles" in result.text


def test_heading_lives_by_what_follows_it() -> None:
    result = checked("## Pump\n\nIt is blue.\n\n## Guests\n\n" + GUESTS + " [1]", GUESTS)

    assert result.text == "## Guests\n\n" + GUESTS.replace(".", " [1].")


def test_code_is_shown_only_if_each_line_is_in_the_passage() -> None:
    passage = "Restore with:\n\n```\nrestore.sh --date DATE\nstatus.sh\n```\n"
    good = "Run:\n\n```\nrestore.sh --date DATE\n```"
    bad = "Run:\n\n```\nrestore.sh --date DATE\nrm -rf /\n```"

    assert checked(good, passage).text == "Run [1]:\n\n```\nrestore.sh --date DATE\n```"
    assert checked(bad, passage).text == ""


def test_row_is_checked_by_itself_and_a_wrong_one_left_out() -> None:
    passage = "| Plan | Price |\n|---|---|\n| Basic | 3 euros |\n| Team | 5 euros |\n"

    result = checked(
        "| Plan | Price |\n|---|---|\n| Basic | 3 euros [1] |\n| Team | 7 euros [1] |", passage
    )

    assert result.text == "| Plan | Price |\n| --- | --- |\n| Basic | 3 euros [1] |"


def test_step_that_is_left_out_leaves_its_number_out() -> None:
    passage = "1. Open the portal.\n2. Choose a form.\n3. Send it to HR.\n"

    result = checked("1. Open the portal.\n2. Pay 9 euros.\n3. Send it to HR.", passage)

    assert result.text == "1. Open the portal [1].\n3. Send it to HR [2]."

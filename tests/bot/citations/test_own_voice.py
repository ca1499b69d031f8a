"""A right statement in own words stays; its wrong sibling goes, or is marked."""

import pytest

from footnote_qa.bot.citations import Checked, check
from footnote_qa.bot.engine import ReplyReader, show
from tests.fakes.searcher import a_passage

BOATS = """## Boats

Before you ask for a boat, read the rules of the harbour.

1. Enter your name in the list at the quay.
2. Return the boat when a crew member rings the bell. Tie it to the green ring.

The following skippers may lend boats: Tom and Ida. After a trip, rinse the boat. The desk keeps a \
public list of all trips.

If you are a club member, you can borrow up to two boats. There is a limit of 6 hours for each \
trip. Borrowing starts after your first lesson. The lesson takes 90 minutes, and 30 minutes of \
it are on the water.

If you are not using a life jacket, stay in the inner harbour. Next, you will be asked for a phone \
number for emergencies. Boats are lent for 3 hours or longer, such as for trips by canoe.
"""
TRIPS = """## Trips

Feel free to bring friends, even if they are not in the club.

Click `I do not know my berth`, and then enter your name. The TripDesk sheet shows the free \
berths. The card asks for a name, a berth and a date.

| Boat | Seats |
|---|---|
| Otter | 4 |
| Heron | 2 |
"""


def checked(reply: str) -> Checked:
    texts = (BOATS, TRIPS)
    shown = show([a_passage(text, id=at, rank=at) for at, text in enumerate(texts, 1)])
    reader = ReplyReader(len(shown))
    return check([*reader.feed(reply), *reader.end()], shown)


@pytest.mark.parametrize(
    "reply",
    [
        # Words that exclude each other, but are about something else
        "Put your name on the list before you get the boat [1].",
        "Your trips are not kept private: the desk has a list of all of them that is public [1].",
        # The reader is "you" in one and a member in the other
        "Club members can borrow two boats at most [1].",
        # "Only" of an upper bound, and of a time
        "A trip takes only 6 hours at the longest [1].",
        "You can only start borrowing after your first lesson [1].",
        # One sentence out of two that are next to each other
        "Return the boat at the sound of the bell and tie it to the green ring [1].",
        "The lesson takes 90 minutes, a third of it on the water, which is 30 minutes [1].",
        "Without a life jacket, stay in the inner harbour; you'll be asked for a phone number [1].",
        # "Or more" adds no clause
        "Boats can be had for 3 hours or more [1].",
        # Words that a model is may not say elsewhere
        "You're welcome to bring friends who are not in the club [2].",
        "Click `I do not know my berth` and enter your name [2].",
        # Names that are written together
        "The Trip Desk sheet has the berths that are free [2].",
        # A number that the answer itself counts
        "The card asks for three things:\n\n- a name [2]\n- a berth [2]\n- a date [2]",
        "The card asks for three things [2]:\n\n- a name [2]\n- a berth [2]\n- a date [2]",
        "The card has three points to fill in: a name, a berth and a date [2].",
        # A sentence about a complete table
        "The Otter has 4 seats, the Heron 2 [2].",
        "The Heron is smaller than the Otter: it has 2 seats instead of 4 [2].",
    ],
)
def test_what_is_right_in_own_words_stays(reply: str) -> None:
    result = checked(reply)

    assert [one.sentence.text for one in result.removed] == []


@pytest.mark.parametrize(
    "reply",
    [
        "Rinse the boat before a trip [1].",
        "The desk keeps a private list of all trips [1].",
        "Tom and Ida lend boats to the desk only [1].",
        "Club members can borrow three boats at most [1].",
        "Only skippers can borrow two boats [1].",
        "A trip takes at least 6 hours [1].",
        "Borrowing starts before your first lesson [1].",
        "Return the boat at the sound of the bell and tie it to the red ring [1].",
        "The lesson takes 90 minutes, and 45 minutes of it are on the water [1].",
        "Without a life jacket, leave the inner harbour [1].",
        "Boats are lent for 3 hours or for a complete week [1].",
        "The Trap Desk sheet has the berths that are free [2].",
        "The card asks for a name, a berth and a password [2].",
        "The Otter has 2 seats, the Heron 4 [2].",
    ],
)
def test_what_is_wrong_is_not_shown_as_checked(reply: str) -> None:
    result = checked(reply)

    assert all(part.marked for part in result.parts if part.labels)

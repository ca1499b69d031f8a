"""Words that exclude each other: before and after, Monday and Tuesday, manager and director."""

import re
from collections.abc import Collection, Iterator
from functools import cache

from footnote_qa.bot.citations.comparing.meanings import is_known
from footnote_qa.index.chunking import STOPWORDS, listed

# Words that exclude each other: the statement has one, its evidence only the other
_OPPOSITES = """
before / after afterwards following
earlier / later
until / from since
above over exceed exceeding / below under
more greater higher / less fewer lower
increase increases increased raise raised rise / decrease decreases decreased reduce reduced lower
first / last
minimum least / maximum most
start starts begin begins beginning / end ends expire expires finish
open opens opened / close closes closed shut
internal internally / external externally
include includes included including / exclude excludes excluded excluding except
allow allowed allows permit permitted welcome / forbid forbidden prohibited banned
accept accepted accepts / reject rejected rejects declined
approve approved approves / deny denied refuse refused reject rejected
paid / unpaid
full-time / part-time
upload uploads / download downloads
arrive arrives arrival / depart departs departure
left / right
north northern / south southern
east eastern / west western
morning / evening afternoon
morning / afternoon
weekday weekdays / weekend weekends
day daytime / night nighttime
summer / winter
mandatory compulsory required / optional voluntary
public / private confidential
gross / net
domestic national / international abroad
old / new
same / different
same / before previous prior
hot warm / cold
high / low
enable enables enabled / disable disables disabled
lock locks locked / unlock unlocks unlocked
encrypted / unencrypted
add adds added / remove removes removed delete deletes deleted
succeed succeeds success / fail fails failure
hire hired / fire fired dismissed
credit / debit
online / offline
free / paid
temporary temporarily / permanent permanently
direct directly / indirect indirectly
indoor indoors / outdoor outdoors
male / female
senior / junior
upper / lower
front / back
inside / outside
employer / employee employees
tenant tenants / landlord
sender senders / recipient recipients receiver
payer / payee
buyer / seller
lender / borrower
teacher / student
mentor / mentee
interviewer / interviewee
read / write
import / export
single / double
quick quickly fast / slow slowly
best / worst
legal / illegal
possible / impossible
valid / invalid
safe / unsafe
""".strip()  # fmt: skip
# Of these a statement may have only what its evidence has
_CLASSES = """
monday mondays / tuesday tuesdays / wednesday wednesdays / thursday thursdays /
  friday fridays / saturday saturdays / sunday sundays
january / february / march / april / june / july / august / september / october / november /
  december
spring / summer / autumn fall / winter
red / blue / green / yellow / black / white / orange / purple / grey gray / brown / pink
ground / basement / attic / roof
car cars / bus buses / train trains / bike bikes bicycle bicycles / taxi taxis /
  plane planes flight flights / ferry
breakfast / lunch / dinner
email emails e-mail / phone telephone / letter fax / sms text / chat slack
manager managers supervisor supervisors / director directors / ceo / cfo / president /
  hr payroll / finance accounting / legal / reception / security / facilities
contractor contractors freelancer freelancers / employee employees /
  visitor visitors guest guests / intern interns apprentice apprentices /
  customer customers client clients / volunteer volunteers / student students /
  pensioner pensioners retiree retirees / supplier suppliers vendor vendors /
  director directors / manager managers
dog dogs / cat cats / bird birds
mother mothers maternity / father fathers paternity
windows / macos mac / linux
german / english / french / spanish
coffee / tea / water / beer / wine
laptop laptops / phone phones / monitor monitors / keyboard keyboards / headset headsets /
  desk desks / chair chairs
vacation annual / sick / parental / bereavement / jury / military / study
second / third / fourth / fifth / sixth / seventh / eighth / ninth / tenth
""".strip()


@cache
def class_members() -> frozenset[str]:
    """Return all words of which a statement may have only what its evidence has."""
    return frozenset(word for members in _classes() for member in members for word in member)


@cache
def _opposites() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    pairs = []
    for line in _OPPOSITES.splitlines():
        one, other = (listed(side) for side in line.split("/"))
        pairs += [(one, other), (other, one)]
    return tuple(pairs)


@cache
def _classes() -> tuple[tuple[frozenset[str], ...], ...]:
    return tuple(
        tuple(listed(member) for member in line.split("/"))
        for line in _CLASSES.replace("/\n", "/").splitlines()
    )


def exchanged_words(
    statement: Collection[str], evidence: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield (said, known) where the statement has a word that excludes one of the evidence.

    Args:
        statement: Its words in lower case.
        evidence: The words of the evidence.

    >>> list(exchanged_words(["after", "lunch"], ["before", "lunch"]))
    [('after', 'before')]
    """
    said, known = frozenset(statement), frozenset(evidence)
    for one, other in _opposites():
        mine, theirs = said & one - known, known & other
        if mine and theirs and said.isdisjoint(other) and known.isdisjoint(one):
            yield min(mine), min(theirs)
    for members in _classes():
        ours = [member for member in members if said & member]
        theirs_in = [member for member in members if known & member]
        added = [member for member in ours if member not in theirs_in]
        left = [member for member in theirs_in if member not in ours]
        if added and left:
            yield min(said & added[0]), min(known & left[0])


def have_opposites(some: Collection[str], others: Collection[str]) -> bool:
    """Return whether one of the words excludes one of the others.

    >>> have_opposites(["kept", "private"], ["public"]), have_opposites(["kept"], ["lists"])
    (True, False)
    """
    said, known = frozenset(some), frozenset(others)
    return any(said & one and known & other for one, other in _opposites())


_AROUND = 4
_THE_FOLLOWING = re.compile(r"\bthe following\b", re.IGNORECASE)
_DENIAL = re.compile(
    r"\b(?:not|no|never|neither|nor|none|nothing|nobody|cannot|nicht|nichts|kein\w*)\b|n['’]t\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://\S+|\{%.*?%\}")


def are_about_the_same(pair: tuple[str, str], statement: str, evidence: str) -> bool:
    """Return whether two words that exclude each other are beside the same word in both texts.

    If they are not, or if the statement denies its word, both texts may be true.

    >>> told = "The form is due after the move. Keep it until May."
    >>> are_about_the_same(("before", "after"), "It is due before the move.", told)
    True
    >>> are_about_the_same(("before", "after"), "Before you keep it, read it.", told)
    False
    """
    said, known = pair
    if any(_DENIAL.search(clause) for clause in _clauses_with(said, statement)):
        return False
    told = _THE_FOLLOWING.sub(" ", _ADDRESS.sub(" ", evidence))
    mine, theirs = _beside(said, statement), _beside(known, told)
    return any(is_known(word, theirs) for word in mine)


def _clauses_with(word: str, text: str) -> Iterator[str]:
    for clause in re.split(r"[.;:!?\n]", text.lower()):
        if word in re.findall(r"[\w-]+", clause):
            yield clause


def _beside(word: str, text: str) -> frozenset[str]:
    """Return the content words and numbers that are close to a word of *text*."""
    found: set[str] = set()
    for sentence in re.split(r"[.;!?\n]", text.lower()):
        tokens = re.findall(r"[\w-]+", sentence)
        for at, token in enumerate(tokens):
            if token == word:
                found |= {*tokens[max(0, at - _AROUND) : at], *tokens[at + 1 : at + 1 + _AROUND]}
    return frozenset(found - STOPWORDS - {word})

"""Who does what to whom: parties of a statement that change places."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

from footnote_qa.bot.citations.comparing.meanings import is_known
from footnote_qa.bot.citations.comparing.opposites import class_members
from footnote_qa.bot.citations.comparing.quantities import quantities_in
from footnote_qa.bot.citations.comparing.word_forms import base
from footnote_qa.index.chunking import STOPWORDS, listed

_SINGLE = re.compile(r"(?<=[aeiou])([bdgmnprt])\1$")  # "running" is a form of "run"
_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[.;:!?,]")
_PREPOSITIONS = listed(
    "by to from of with for at in on into onto before after until since under over than via about "
    "against through towards toward per without behind outside inside beside"
)
_BE = listed("is are was were be been being gets get")
_AUXILIARIES = listed(
    "is are was were be been being has have had do does did can could may might must shall should "
    "will would to not never also then usually always only just automatically need needs"
)
_BEFORE_NOUN = listed(
    "other own same a an the this that these those his her its their our your my each every all "
    "both any"
)
_PARTIES = listed(
    "you we i they he she employee staff worker colleague manager supervisor boss director head "
    "department team council board company employer organisation organization agency government "
    "office desk reception finance payroll hr legal accounting security administrator admin user "
    "customer client guest visitor host contractor supplier vendor tenant landlord buyer seller "
    "owner bank fund insurer doctor nurse patient teacher student parent child caretaker operator "
    "applicant candidate recruiter interviewer mentor mentee trainer trainee sender recipient "
    "lender borrower payer payee partner member volunteer driver passenger author reviewer editor "
    "court judge lawyer police officer bot program server provider model asker helper leader lead "
    "chief president ceo cfo people person somebody someone nobody anyone everyone"
)
_ALLOWING = ("permit", "allow", "grant", "give", "open", "available", "offer")
_PRONOUNS = listed("it they he she i")
_SPEAKERS = listed("you we")
_STOPS = frozenset(".;:!?,")
_FUNCTION = STOPWORDS - listed("tell know need want let give get gets got please")
_SAME_PARTY = (
    listed("we company employer organisation organization"),
    listed("you employee staff worker colleague i people person everyone everybody member"),
)


@dataclass(frozen=True, slots=True)
class _Party:
    name: str
    at: int
    role: str  # the preposition before it; "" for none


def are_exchanged(statement: str, evidence: str) -> bool:
    """Return whether parties of *statement* have other parts in *evidence*.

    >>> are_exchanged("The landlord pays the tenant.", "The tenant pays the landlord.")
    True
    >>> are_exchanged("Before each season the supplier services the pump.",
    ...               "The pump is serviced before each season by the supplier.")
    False
    >>> are_exchanged("Finance decides, then the manager approves.",
    ...               "The manager decides, and finance approves.")
    True
    """
    ours, theirs = _tokens(statement), _tokens(evidence)
    named = _names(ours) | _names(theirs)
    mine, known = [*_parties(ours, named)], [*_parties(theirs, named)]
    names = {one.name for one in known}
    shared = [one for one in mine if one.name in names]
    if not shared:
        return False
    said, told = _parts(ours, mine), _parts(theirs, known)
    if any(_is_other_part(part, told, names) for part in said):
        return True
    return _change_prepositions(mine, known)


def _is_other_part(
    part: tuple[str, str, str], told: set[tuple[str, str, str]], names: set[str]
) -> bool:
    """Return whether the evidence gives this part of a deed to another, or another part to it."""
    name, verb, place = part
    others = {one for one in told if one[1] == verb}
    is_got = place == "does" and any(one[1] == _verb("receive") for one in told)
    # What you get from her she gives, and what is allowed to her she does
    is_allowed = any((name, _verb(word), "to") in told for word in _ALLOWING)
    same = {"by": "does", "does": "from" if is_got else "to" if is_allowed else ""}
    if part in told or not others or (name, verb, same.get(place, "")) in told:
        return False
    has_it = {one[0] for one in others if one[2] == place}
    if has_it & _PRONOUNS and name not in _SPEAKERS:
        return False  # who "they" are is elsewhere
    if any(name in group and has_it & group for group in _SAME_PARTY):
        return False  # a handbook calls its reader "you" and "an employee"
    if name in names:
        return any(one[0] == name for one in others) or bool(has_it and name not in has_it)
    sides = [at for at, group in enumerate(_SAME_PARTY) if name in group]
    theirs = [at for at, group in enumerate(_SAME_PARTY) if has_it and has_it <= group]
    if sides and theirs:
        return sides != theirs
    return place in {"by", "of"} and bool(has_it) and not is_known(name, has_it)


def _parts(tokens: list[str], parties: list[_Party]) -> set[tuple[str, str, str]]:
    """Return (party, verb, "does" or "bears") as far as the order of the words shows it."""
    taken = {one.at for one in parties}
    return {
        (one.name, verb, place)
        for one in parties
        if one.at + 1 not in taken  # "HR's Lisbon desk": the last one acts
        for verb, place in _deeds(tokens, one, taken)
        if verb
    }


def _deeds(tokens: list[str], one: _Party, taken: set[int]) -> Iterator[tuple[str, str]]:
    """Yield (verb, place) of what a party does, bears, gets or has; the verb may be ""."""
    if one.role == "by":
        verb = _before(tokens, one.at, taken)
        yield from ((verb, "does"), (verb, "by"))
    elif one.role == "of":
        yield _head(tokens, one.at), "of"
    elif one.role in {"to", "from"}:
        place = next((at for at in range(one.at, -1, -1) if tokens[at] == one.role), one.at)
        for verb in _of_clause(tokens, place, taken):
            yield verb, one.role
    elif not one.role and not tokens[one.at].endswith(("'s", "s'")):
        verb, is_passive = _after(tokens, one.at, taken)
        if one.name not in _PARTIES | _PRONOUNS | _SPEAKERS and _is_compound(tokens, one.at):
            verb = ""
        yield verb, "bears" if is_passive else "does"
        yield _before(tokens, one.at, taken, direct=True), "bears"


def _of_clause(tokens: list[str], at: int, taken: set[int]) -> Iterator[str]:
    """Yield the words of the clause before a party that may be its verb."""
    for place in range(at - 1, max(-1, at - 10), -1):
        token = tokens[place]
        if token in _STOPS:
            return
        is_noun = place > 0 and tokens[place - 1] in _BEFORE_NOUN
        if not is_noun and place not in taken and token not in _FUNCTION | _PREPOSITIONS:
            yield _verb(token)


def _head(tokens: list[str], at: int) -> str:
    """Return the noun before "of" and a party: the approval of the team."""
    for place in range(at - 1, max(-1, at - 5), -1):
        if tokens[place] == "of":
            head = tokens[place - 1] if place else ""
            return "" if head in _FUNCTION or head in _STOPS else _verb(head)
    return ""


def _verb(word: str) -> str:
    """Return the common part of the forms of a verb."""
    word = base(word)
    for ending, instead in (
        ("ies", "y"),
        ("ied", "y"),
        ("ing", ""),
        ("ed", ""),
        ("es", ""),
        ("s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) > 2:  # noqa: PLR2004
            return _SINGLE.sub(r"\1", word.removesuffix(ending) + instead).rstrip("e")
    return word.rstrip("e")


def amounts_exchanged(statement: str, evidence: str) -> bool:
    """Return whether two amounts of *statement* belong to each other's words in *evidence*.

    >>> told = "Staff pay 6 euros, guests 9."
    >>> amounts_exchanged("It is 9 euros for staff and 6 for guests.", told)
    True
    """
    ours, theirs = _nearest(statement), _nearest(evidence)
    shared = [word for word in ours if word in theirs]
    return any(
        ours[one] != ours[other] and (ours[one], ours[other]) == (theirs[other], theirs[one])
        for one, other in combinations(shared, 2)
    )


def _nearest(text: str) -> dict[str, str]:
    """Return the amount that is nearest to each word, for the words that are once."""
    amounts = [
        (match.span(), str(found.value))
        for found in quantities_in(text)
        for match in [re.search(re.escape(found.written), text)]
        if match and not found.unit.startswith("nth")
    ]
    classed = [
        (match.span(), match.group().lower())
        for match in re.finditer(r"[^\W\d_]+", text)
        if match.group().lower() in class_members() and not is_party(match.group().lower())
    ]
    is_classed = len({value for _, value in classed}) > 1
    amounts = classed if is_classed else amounts
    if len({value for _, value in amounts}) < 2:  # noqa: PLR2004 - two to exchange
        return {}
    near: dict[str, str] = {}
    for match in re.finditer(r"[^\W\d_]{3,}", text):
        word = match.group().lower()
        is_near = re.search(r"\b(?:for|in|per|at)\s$", text[: match.start()])
        told = word not in class_members() if is_classed else is_party(word) or bool(is_near)
        if word not in STOPWORDS and told:
            value = min(amounts, key=lambda one: _distance(one[0], match.span(), text))[1]
            near[_verb(word)] = value if near.get(_verb(word), value) == value else ""
    return {word: value for word, value in near.items() if value}


def _distance(amount: tuple[int, int], word: tuple[int, int], text: str) -> int:
    """Return how far a word is from an amount; a joint between them counts as far."""
    between = text[amount[1] : word[0]] if amount[0] < word[0] else text[word[1] : amount[0]]
    return len(between) + (100 if re.search(r"[,;.:]|\b(?:and|but|or)\b", between) else 0)


def _after(tokens: list[str], at: int, taken: set[int]) -> tuple[str, bool]:
    """Return the verb after a party, and whether it is in the passive."""
    is_passive = False
    start = at + 1
    if tokens[start : start + 1] == ["of"]:  # "staff of other institutes need"
        start += 3 if tokens[start + 1 : start + 2] and tokens[start + 1] in _BEFORE_NOUN else 2
    for place in range(start, min(start + 5, len(tokens))):
        token = tokens[place]
        if token in _AUXILIARIES:
            is_passive = is_passive or token in _BE
        elif token in _STOPS or token in _FUNCTION or token in _PREPOSITIONS or place in taken:
            return "", False
        else:
            return _verb(token), is_passive and token.endswith(("ed", "en", "id", "ld", "nt", "pt"))
    return "", False


def _is_compound(tokens: list[str], at: int) -> bool:
    """Return whether the word after a name is rather a noun than a verb: the Trip Request form."""
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    return after not in _AUXILIARIES and not after.endswith(("s", "ed"))


def _before(tokens: list[str], at: int, taken: set[int], *, direct: bool = False) -> str:
    """Return the verb before a party: directly before its article, or somewhere before its "by"."""
    at = next(place for place in range(at, -1, -1) if place - 1 not in taken)  # of its group
    for place in range(at - 1, max(-1, at - (4 if direct else 9)), -1):
        token = tokens[place]
        if token in _STOPS and direct:
            return ""
        if token in _BEFORE_NOUN or (not direct and (token in _FUNCTION or token in _PREPOSITIONS)):
            continue
        if token in _AUXILIARIES or token in _FUNCTION or token in _PREPOSITIONS or place in taken:
            return ""
        if direct and (place == 0 or tokens[place - 1] not in _BEFORE_NOUN):
            return _verb(token)
        if not direct and token.endswith(("ed", "en", "id", "ld", "nt", "pt", "wn", "ne")):
            return _verb(token)
        if direct and (place == 0 or tokens[place - 1] not in _BEFORE_NOUN):
            return ""
    return ""


def _change_prepositions(mine: list[_Party], known: list[_Party]) -> bool:
    """Return whether two parties have each other's preposition: "A invests in B", "B in A"."""
    for one, other in combinations(mine, 2):
        if one.name == other.name or one.role == other.role or "by" in {one.role, other.role}:
            continue
        pairs = [
            (first.role, second.role)
            for first in known
            for second in known
            if (first.name, second.name) == (one.name, other.name)
        ]
        if (other.role, one.role) in pairs and (one.role, other.role) not in pairs:
            return True
    return False


def _tokens(text: str) -> list[str]:
    return [match.group().replace("’", "'") for match in _TOKEN.finditer(text)]


def _names(tokens: list[str]) -> frozenset[str]:
    """Return the words that are written as a name inside a sentence, in lower case."""
    return frozenset(
        one.lower()
        for before, one in pairwise(["", *tokens])
        if one[0].isupper()
        and (one.lower() not in _FUNCTION or (one.isupper() and len(one) > 1))
        and (before not in {"", ".", "!", "?", ":"} or not one[1:].islower())
    )


def _parties(tokens: list[str], named: frozenset[str] = frozenset()) -> Iterator[_Party]:
    """Yield the parties with the preposition of their group, and put the tokens in lower case."""
    role = ""
    for at, written in enumerate(list(tokens)):
        token = written.lower()
        is_name = written[0].isupper() and token in named
        if is_name and token in _FUNCTION:  # IT is no "it"
            is_name = written.isupper()
            token = f"@{token}" if is_name else token
        tokens[at] = token
        if token in _PREPOSITIONS:
            role = token
        elif token in _BEFORE_NOUN:
            continue
        elif token in _STOPS or token in _AUXILIARIES:
            role = ""
        elif is_name or is_party(token):
            yield _Party(_name(token), at, role)
        elif token in _FUNCTION:
            role = ""


def is_party(token: str) -> bool:
    """Return whether a word in lower case names somebody who can act.

    >>> is_party("managers"), is_party("filters")
    (True, False)
    """
    return _name(token) in _PARTIES


def _name(token: str) -> str:
    word = token.removesuffix("'s").removesuffix("s'")
    if word in _PARTIES or len(word) < 4:  # noqa: PLR2004
        return word
    single = f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")
    return single if single in _PARTIES else word

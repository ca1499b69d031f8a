"""Examine one part of a draft: find its evidence in the passages, and judge it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footnote_qa.bot.citations.clauses import independent
from footnote_qa.bot.citations.code_blocks import code_evidence
from footnote_qa.bot.citations.comparing import is_known, language
from footnote_qa.bot.citations.evidence import Found, Passages, content_words
from footnote_qa.bot.citations.inert import inert
from footnote_qa.bot.citations.judging import PROVEN, Reason, Verdict, judge, uncounted
from footnote_qa.bot.citations.quotes import fold
from footnote_qa.bot.citations.remarks import claim, is_absence, is_remark
from footnote_qa.bot.types import Evidence, PartKind, Sentence
from footnote_qa.index.chunking import marked_block, plain_block, stems_of, words

Proves = Callable[[str, str], float]
"""How likely it is, from 0 to 1, that the second text, evidence, supports the first."""

UNLIKELY = 0.03
"""Below this likelihood the scale removes what the words leave open. It approves nothing: it does
not see a "third" in place of a "second"."""
_MOST_CLAUSES = 4
_AS_GOOD = 0.15  # how much smaller the share of known words of a quote as good as the best one is
_MOST_PAIRS = 2
_MOST_SUBJECT = 3  # of its first words, one has to be in each quote of a statement
_FEWEST_WORDS = 4  # of a clause that may be proven by another quote than the rest
_DENIED = 0.6  # share of the words that a denial must have
_CONTRADICTS = {Reason.NEGATION, Reason.EXCHANGED, Reason.SCOPE, Reason.MODAL}
_FIGURES = {Reason.NUMBER, Reason.DATE}
_SURE = _FIGURES | {Reason.NEGATION}
_NUMBERING = re.compile(r"^[ ]*\d{1,3}[.)](?=[ ])", re.MULTILINE)
# A lead-in with one of these is part of what each item under it says
_BINDING = re.compile(
    r"\b(?:not|no|never|without|cannot|except|unless|only|must|may|should|required|optional|"
    r"forbidden|prohibited|allowed|excluded|nicht|kein\w*|nur|muss|darf)\b|n['’]t\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A statement that its evidence may or may not prove.

    Attributes:
        statement: What it claims, with the headings above it.
        evidence: The words that come nearest.
    """

    statement: str
    evidence: str


@dataclass(slots=True)
class Entry:
    """A part that passed, or may pass once its verdict is there.

    Attributes:
        part: The part, with its text as it is shown.
        found: Its evidence.
        question: What has to be decided; None if nothing.
        is_marked: Whether it is shown although nobody could decide.
    """

    part: Sentence
    found: list[Found]
    question: Undecided | None = None
    is_marked: bool = False


class Examiner:
    """Examines parts one by one.

    Args:
        passages: What the answerer saw.
        proves: Compares meanings; None leaves open what the words leave open.
        asked: The question.
    """

    def __init__(self, passages: Passages, proves: Proves | None, asked: str = "") -> None:
        self._passages = passages
        self._asked = asked
        self._proves = proves

    def examined(self, part: Sentence, lead: str = "") -> Entry | Reason:
        """Return the part with its evidence, or the reason to remove it.

        Args:
            part: The part.
            lead: Headings and lead-ins above it in the reply.
        """
        if not re.search(r"\w", part.text):
            return Reason.EMPTY
        if part.kind is PartKind.CODE:
            found = code_evidence(part.text, self._passages.shown, _ids(part.evidence))
            return Entry(part, [found]) if found else Reason.CODE
        quoted = [one for one in part.evidence if one.quote]
        if quoted:
            return self._with_quotes(part, quoted, lead=lead)
        said = claim(part.text)
        if own := self._passages.verbatim(said, _ids(part.evidence)):
            return Entry(part, [own])
        if is_absence(part.text) or is_remark(part.text):
            return Reason.ABSENT if is_absence(part.text) else Reason.REMARK
        return self._with_search(part, lead=lead)

    def _with_quotes(
        self, part: Sentence, evidence: Sequence[Evidence], *, lead: str
    ) -> Entry | Reason:
        """Examine a part whose answerer has copied its evidence."""
        places = [self._passages.locate(one) for one in evidence]
        held = [one for one in places if isinstance(one, Found)]
        if not held:
            reason = next((one for one in places if isinstance(one, str)), Reason.QUOTE_NOT_FOUND)
            return Reason(reason)
        if _are_own_words(part.text, held):
            whole = [one for one in held if _are_own_words(part.text, [one])]
            return Entry(part, whole[:1] or held)
        verdict, kept = self._judged(part, held, lead=lead)
        if verdict.is_proven:
            return Entry(part, kept)
        other = self._with_search(part, lead=lead)
        if isinstance(other, Entry) and (other.question is None or verdict.reason is not None):
            return other
        if verdict.is_open:
            return self._left_open(part, kept, lead=lead)
        return verdict.reason or Reason.NOT_PROVEN

    @staticmethod
    def _judged(part: Sentence, held: list[Found], *, lead: str) -> tuple[Verdict, list[Found]]:
        """Return the verdict on all quotes, or on one of them that is enough by itself."""
        said = _statement(part, lead)
        verdict = judge(said, held, lead=lead)
        if verdict.is_proven or len(held) == 1:
            return verdict, held
        alone = next((one for one in held if judge(said, [one], lead=lead).is_proven), None)
        return (verdict, held) if alone is None else (PROVEN, [alone])

    def _with_search(self, part: Sentence, *, lead: str) -> Entry | Reason:
        """Examine a part for which the program looks for the evidence."""
        ids, said = _ids(part.evidence), _statement(part, lead)
        near = self._passages.best(said, ids)
        if not near and (abroad := self._abroad(part, ids)):
            near = [(1.0, abroad)]
        if not near:
            return Reason.NO_EVIDENCE
        shares = {id(unit): share for share, unit in near}
        verdicts = [(judge(said, [unit], lead=lead, asked=self._asked), unit) for _, unit in near]
        proven = next((unit for verdict, unit in verdicts if verdict.is_proven), None)
        if proven is not None:
            return _denied(said, verdicts, proven) or Entry(part, [proven])
        less = 0.0 if verdicts[0][0].reason in _CONTRADICTS | _FIGURES else _AS_GOOD
        others = [one for one in verdicts if shares[id(one[1])] >= near[0][0] - less]
        return self._joined(part, verdicts, others, lead=lead)

    def _joined(
        self,
        part: Sentence,
        verdicts: Sequence[tuple[Verdict, Found]],
        as_good: Sequence[tuple[Verdict, Found]],
        *,
        lead: str,
    ) -> Entry | Reason:
        """Examine a part that no single quote proves.

        Args:
            part: The part.
            verdicts: On each quote, best first.
            as_good: Those of them that have about as many of its words as the best one.
            lead: Headings and lead-ins above the part.
        """
        said, units = _statement(part, lead), [unit for _, unit in verdicts]
        ids = _ids(part.evidence)
        by_clause = _by_clause(said, units, lead=lead)
        if by_clause and judge(said, by_clause, lead=lead).is_proven:
            return Entry(part, by_clause)
        across = self._passages.best_of_each(said, ids)
        is_apart = verdicts[0][0].reason in _FIGURES and units[0] not in across
        if (
            len(across) > 1
            and not is_apart
            and judge(said, across, lead=lead, asked=self._asked).reason is None
        ):
            # Words of several passages may be put together wrongly, so this is never proven here
            return self._left_open(part, across, lead=lead)
        if fault := _fault_of_clause(said, units, lead=lead):
            return fault
        if unit := next((unit for verdict, unit in as_good if verdict.is_open), None):
            return self._left_open(part, [unit], lead=lead)
        nearby = self._passages.with_neighbours(units, ids)
        is_gap = verdicts[0][0].reason is Reason.NOT_PROVEN
        if verdicts[0][0].reason in _CONTRADICTS | _FIGURES:
            together = [_by_clause(said, nearby, lead=lead, is_open=True)]
        else:
            some = [*nearby, *units] if is_gap else nearby
            together = [by_clause, _pair(said, some, lead=lead)]
        tables = (self._passages.table_of(one) for one in nearby)
        together.append(next(filter(None, tables), []))
        for quotes in filter(None, together):
            if judge(said, quotes, lead=lead).reason is None:
                return self._left_open(part, quotes, lead=lead)
        return verdicts[0][0].reason or Reason.NOT_PROVEN

    def _abroad(self, part: Sentence, ids: frozenset[str]) -> Found | None:
        """Return the evidence of a sentence in another language than the passages."""
        spoken = language(part.text)
        if not ids or not spoken or spoken == self._passages.language:
            return None
        return self._passages.first_unit(ids)

    def _left_open(self, part: Sentence, found: list[Found], *, lead: str) -> Entry | Reason:
        """Remove what the scale is sure about; else the part waits."""
        statement = _plainly(f"{lead}\n{claim(part.text)}")
        evidence = "\n".join(f"{one.lead}\n{one.quote}".strip() for one in found)
        likely = None if self._proves is None else self._proves(claim(part.text), evidence)
        if likely is not None and likely <= UNLIKELY:
            return Reason.NOT_PROVEN
        return Entry(part, found, Undecided(statement=statement, evidence=evidence))


def _statement(part: Sentence, lead: str) -> str:
    """Return what a part claims, with the lead-in that is a part of its claim."""
    above = lead.rsplit("\n", 1)[-1]
    said = claim(part.text)
    if above.rstrip(" *_").endswith(":") and _BINDING.search(above):
        return f"{above.rstrip(' :*_')} {said}"
    return said


def _by_clause(
    said: str, units: Sequence[Found], *, lead: str, is_open: bool = False
) -> list[Found]:
    """Return a quote for each clause, from one section and about the same; empty if one lacks.

    Args:
        said: A statement.
        units: Best first.
        lead: Headings and lead-ins above it.
        is_open: Whether it is enough that nothing speaks against a clause.
    """
    parts = [*independent(said)]
    if not 1 < len(parts) <= _MOST_CLAUSES or not units:
        return []
    about = content_words(said)[:_MOST_SUBJECT]
    same = [
        one
        for one in units
        if one.section is units[0].section and any(is_known(word, one.words) for word in about)
    ]
    chosen = [_for_clause(part, same, lead=lead, is_open=is_open) for part in parts]
    if not all(chosen):
        return []
    return list({(one.start, one.end): one for one in chosen if one}.values())


def _fault_of_clause(said: str, units: Sequence[Found], *, lead: str) -> Reason | None:
    """Return what is surely wrong with one of several clauses, by the words nearest to it."""
    parts = [*independent(uncounted(said))]
    units = [one for one in units if not one.is_row]  # rows are compared
    for part in parts if len(parts) > 1 and units else []:
        about = content_words(part)
        if len(words(part)) >= _FEWEST_WORDS:
            near = max(units, key=lambda one: sum(is_known(word, one.words) for word in about))
            reason = judge(part, [near], lead=lead).reason
            known = sum(is_known(word, near.words) for word in about)
            is_same = known == len(about)
            if (reason is Reason.NAME and 2 * known >= len(about)) or (is_same and reason in _SURE):
                return reason
    return None


def _for_clause(clause: str, units: Sequence[Found], *, lead: str, is_open: bool) -> Found | None:
    if len(words(clause)) < _FEWEST_WORDS:
        units = units[:1]  # so little is found anywhere
    verdicts = [(judge(clause, [one], lead=lead), one) for one in units]
    proven = next((one for verdict, one in verdicts if verdict.is_proven), None)
    if proven is not None or not is_open:
        return proven
    return next((one for verdict, one in verdicts if verdict.reason is None), None)


def _pair(said: str, units: Sequence[Found], *, lead: str) -> list[Found]:
    """Return two quotes of one section against which nothing speaks; empty if there are none."""
    return next(
        (
            [one, other]
            for one in units[:_MOST_PAIRS]
            for other in units
            if other is not one
            and other.section is one.section
            and judge(said, [one, other], lead=lead).reason is None
        ),
        [],
    )


def _denied(said: str, verdicts: Sequence[tuple[Verdict, Found]], proven: Found) -> Reason | None:
    """Return how a passage denies the statement in more of its words than the proof has."""
    stems = stems_of(said)

    def share(unit: Found) -> float:
        known = set(stems_of(unit.quote))
        return sum(stem in known for stem in stems) / max(1, len(stems))

    return next(
        (
            verdict.reason
            for verdict, unit in verdicts
            if verdict.reason in {Reason.NEGATION, Reason.EXCHANGED}
            and share(unit) > max(share(proven), _DENIED)
        ),
        None,
    )


def _ids(evidence: Sequence[Evidence]) -> frozenset[str]:
    return frozenset(one.passage_id for one in evidence)


def _plainly(text: str) -> str:
    return " ".join(re.sub(r"[*_`#]", "", text).split())


def _are_own_words(text: str, found: Sequence[Found]) -> bool:
    """Return whether every line of *text* is in one of its quotes, word for word.

    Headings and lead-ins above a quote may be lines too. With several quotes, a line may be two of
    them with a colon between: the key of a row first.
    """
    known = [_closed_up(made) for one in found for made in _spellings(one)]
    every = re.split(r"\n|:[ ]" if len(found) > 1 else r"\n", _NUMBERING.sub("", text))
    lines = [line for one in every if (line := _closed_up(one).strip(" .:;"))]
    above = {_closed_up(line).strip(" .:;") for one in found for line in one.beside.split("\n")}
    said = [line for line in lines if line not in above]
    return bool(said) and all(any(line in quote for quote in known) for line in said)


def _spellings(found: Found) -> tuple[str, ...]:
    """Return a quote as it is stored, without what a chat acts on, and as a reader sees it."""
    masked = found.section.masked[found.start : found.end]
    return (
        found.quote,
        inert(found.quote),
        *(
            made(line)
            for line in (*masked.split("\n"), masked)
            for made in (plain_block, marked_block)
        ),
    )


def _closed_up(text: str) -> str:
    """Return *text* folded, without the spaces before its punctuation, which nobody is shown."""
    return re.sub(r"\s+(?=[,;:.!?])", "", fold(text).text)

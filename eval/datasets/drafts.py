"""Draft questions from an index, for a person to accept, edit or reject."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from footnote_qa.eval.datasets.json_lines import CaseLine, PlaceLine
from footnote_qa.eval.errors import EvalError, JudgementError, RunError
from footnote_qa.eval.types import Complete
from footnote_qa.index.chunking import split_sentences
from footnote_qa.index.types import Chunk
from footnote_qa.prompts import load

_MOST_CHARS = 320
_DEFINITION = re.compile(
    r"(?P<article>An?|The)?\s?(?P<what>[A-Z]?[\w’'-]+(?: [\w’'-]+){0,4}) (?P<is>is|are)"
    r" (?P<rest>(?:an?|the|any|every|one of)\b.{12,})",
    re.DOTALL,
)
_FACT = re.compile(
    r"(?:[$€£]\s?)?\b\d+(?:[.,:]\d+)*(?:\s?(?:%|percent|days?|weeks?|months?|years?|hours?|"
    r"minutes?|seconds?|euros?|dollars?|million|billion|MB|GB|km))?"
)
_NOT_A_TERM = frozenset(
    {"it", "this", "that", "these", "those", "there", "here", "he", "she", "we", "you", "they"}
    | {"i", "which", "what", "who", "such", "one"}
)
_WORD = re.compile(r"\w+")
# A list of changes names many numbers that nobody asks for
_CHANGES = re.compile(r"change[-_ ]?log|release[-_ ]?notes|what.?s[-_ ]new", re.IGNORECASE)
_CHANGES_FILE = re.compile(rf"(?:{_CHANGES.pattern}|changes|history|releases|news)", re.IGNORECASE)
_VERSION = re.compile(
    r"\[?(?:unreleased|v?\d+\.\d+\.\d+)\]?(?:[\s–(-]+\d{4}[-./]\d.*)?", re.IGNORECASE
)
_LINK = re.compile(r"\]\(|://|www\.|\[\w+\]:")


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence of a chunk, as an exact slice of the document's text."""

    chunk: Chunk
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.chunk.text[self.start - self.chunk.start : self.end - self.chunk.start]


def draft_questions(chunks: Iterable[Chunk], *, limit: int) -> list[CaseLine]:
    """Draft up to *limit* questions without a model: from headings, definitions and facts.

    Lists of changes and sentences with links are left out.

    The drafts are spread over the documents: one from each document, then a second from each.
    """
    by_document: dict[str, list[CaseLine]] = {}
    met: set[str] = set()
    for chunk in chunks:
        for draft in _drafts_of(chunk):
            if draft.question.lower() not in met:
                met.add(draft.question.lower())
                by_document.setdefault(chunk.document, []).append(draft)
    return _spread(by_document, limit)


async def draft_questions_by_model(
    chunks: Sequence[Chunk], complete: Complete, *, limit: int
) -> list[CaseLine]:
    """Let a model draft one question per chunk; drafts whose quote is not in the chunk are dropped.

    Raises:
        RunError: It drafted nothing usable.
    """
    chunks = [chunk for chunk in chunks if not _is_list_of_changes(chunk)]
    step = max(1, len(chunks) // max(1, limit))
    made: list[CaseLine] = []
    reason = "no reply was a draft with a quote of its passage"
    prompt = load("draft-question")
    for chunk in chunks[::step]:
        shown = json.dumps(chunk.text, ensure_ascii=False)
        try:
            reply = await complete(prompt.render(passage=shown, title=chunk.title))
        except JudgementError as error:  # the next passage may work
            reason = str(error)
            continue
        draft = read_draft(reply, chunk)
        made += [draft] if draft else []
        if len(made) == limit:
            break
    if not made:
        raise RunError(f"the model drafted nothing from {len(chunks)} passages: {reason}")
    return made


def read_draft(reply: str, chunk: Chunk) -> CaseLine | None:
    """Read a model's draft; None if it does not have the required form."""
    try:
        said = json.loads(reply)
    except ValueError:
        return None
    if not isinstance(said, dict) or said.keys() != {"question", "answer", "quote"}:
        return None
    texts = [said["question"], said["answer"], said["quote"]]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        return None
    question, answer, quote = texts
    at = chunk.text.find(quote)
    if at < 0:
        return None
    said_at = _Said(chunk, chunk.start + at, chunk.start + at + len(quote))
    return _draft(said_at, question.strip(), answer.strip(), kind="model")


def _is_list_of_changes(chunk: Chunk) -> bool:
    """Return whether a chunk is of a changelog, by its document's name or its headings."""
    stem = chunk.document.rpartition("/")[2].partition(".")[0]
    headings = [one.strip() for one in (chunk.title, *chunk.heading)]
    return bool(_CHANGES_FILE.fullmatch(stem)) or any(
        _CHANGES.fullmatch(one) or _VERSION.fullmatch(one) for one in headings
    )


def _drafts_of(chunk: Chunk) -> Iterator[CaseLine]:
    if _is_list_of_changes(chunk):
        return
    slices = [
        _Said(chunk, chunk.start + start, chunk.start + end)
        for start, end in split_sentences(chunk.text)
    ]
    prose = [one for one in slices if _is_prose(one.text)]
    if chunk.heading and chunk.heading[-1].endswith("?") and prose:
        yield _draft(prose[0], chunk.heading[-1], prose[0].text, kind="heading")
    for said in prose:
        yield from _from_sentence(said)


def _from_sentence(said: _Said) -> Iterator[CaseLine]:
    definition = _DEFINITION.match(said.text)
    if definition and _is_term(definition["what"]):
        article = f"{definition['article'].lower()} " if definition["article"] else ""
        question = f"What {definition['is']} {article}{definition['what']}?"
        yield _draft(said, question, definition["rest"].rstrip(" ."), kind="definition")
        return
    facts = _FACT.findall(said.text)
    if len(facts) == 1:
        # A gap, because only a person can turn a statement into a natural question.
        gap = said.text.replace(facts[0], "…", 1)
        yield _draft(said, f"What belongs in the gap: {gap}", facts[0], kind="fact")


def _draft(said: _Said, question: str, answer: str, *, kind: str) -> CaseLine:
    chunk = said.chunk
    seed = f"{chunk.document}\n{said.start}\n{question}"
    return CaseLine(
        id=f"draft-{hashlib.sha256(seed.encode()).hexdigest()[:10]}",
        question=" ".join(question.split()),
        answers=(" ".join(answer.split()),),
        relevant=(
            PlaceLine(
                document=chunk.document,
                page=chunk.page,
                heading=chunk.heading,
                quote=said.text,
                start=said.start,
                end=said.end,
            ),
        ),
        tags=("draft", kind),
        reviewed=False,
    )


def _is_prose(text: str) -> bool:
    return (
        text.endswith(".")
        and len(text) <= _MOST_CHARS
        and len(_WORD.findall(text)) > 5  # noqa: PLR2004 - shorter ones say too little
        and not text.lstrip().startswith(("#", "|", "-", "*", "`", ">"))
        and not _LINK.search(text)
    )


def _is_term(what: str) -> bool:
    words = [word.lower() for word in what.split()]
    return not _NOT_A_TERM & set(words)


def _spread(by_document: dict[str, list[CaseLine]], limit: int) -> list[CaseLine]:
    rounds = zip_longest(*by_document.values())
    return [draft for turn in rounds for draft in turn if draft is not None][:limit]


class Verdict(StrEnum):
    """A person's decision about a draft."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNANSWERABLE = "unanswerable"
    SKIP = "skip"
    QUIT = "quit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The decision about one draft, with edits.

    Attributes:
        verdict: The decision.
        question: Replaces the drafted question; None keeps it.
        answers: Replace the drafted answers; None keeps them.
    """

    verdict: Verdict
    question: str | None = None
    answers: tuple[str, ...] | None = None


Decide = Callable[[CaseLine], Decision]
Save = Callable[[Sequence[CaseLine]], None]


def review(lines: Sequence[CaseLine], decide: Decide, save: Save) -> list[CaseLine]:
    """Go through the drafts; each decision is saved before the next draft is shown.

    Args:
        lines: The complete set, drafts included.
        decide: Called for each draft.
        save: Called with the complete set after each decision.

    Returns:
        The set with all decisions.
    """
    current = list(lines)
    for draft in [line for line in lines if not line.reviewed]:
        decision = decide(draft)
        if decision.verdict is Verdict.QUIT:
            break
        if decision.verdict is Verdict.SKIP:
            continue
        at = current.index(draft)
        current[at : at + 1] = _decided(draft, decision)
        save(current)
    return current


def decide_by_ids(
    lines: Sequence[CaseLine], *, accept: Sequence[str], reject: Sequence[str]
) -> Decide:
    """Return prepared decisions by id; all other drafts are skipped.

    Raises:
        EvalError: An id is not that of a draft, or is both accepted and rejected.
    """
    drafts = {line.id for line in lines if not line.reviewed}
    wrong = sorted(({*accept, *reject} - drafts) | ({*accept} & {*reject}))
    if wrong:
        raise EvalError(f"not a draft, or decided twice: {', '.join(wrong)}")

    def decide(draft: CaseLine) -> Decision:
        if draft.id in accept:
            return Decision(verdict=Verdict.ACCEPT)
        return Decision(verdict=Verdict.REJECT if draft.id in reject else Verdict.SKIP)

    return decide


def _decided(draft: CaseLine, decision: Decision) -> list[CaseLine]:
    if decision.verdict is Verdict.REJECT:
        return []
    changed: dict[str, object] = {"reviewed": True}
    changed["tags"] = tuple(tag for tag in draft.tags if tag != "draft")
    if decision.question is not None:
        changed["question"] = decision.question
    if decision.answers is not None:
        changed["answers"] = decision.answers
    if decision.verdict is Verdict.UNANSWERABLE:
        changed |= {"answerable": False, "answers": (), "relevant": ()}
    return [CaseLine.model_validate({**dict(draft), **changed})]

"""Make the pictures of docs/slack.md, one for every kind of message (`make pictures`)."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from shots import shoot  # beside this file, wherever it is run

from footnote_qa.bot.slack.documents import Excerpt, Facts
from footnote_qa.bot.slack.messages import elements, texts, views
from footnote_qa.bot.slack.messages.blocks import Frame, Message, answer_message, note
from footnote_qa.bot.slack.messages.elements import rich_text_block, section, words
from footnote_qa.bot.state.answers import StoredAnswer
from footnote_qa.bot.state.channel_settings import ChannelRules
from footnote_qa.bot.types import Answer, Citation, Status, Usage
from footnote_qa.index.types import Chunk, Passage

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
FRAME = Frame(now=NOW, question_id="q1", helper=True, stale="3 files changed")
QUOTE = "75% of its computing capacity is planned to come from Project Stargate by 2030."


def citation(label: int, title: str, quote: str, **changes: object) -> Citation:
    """Return a citation."""
    fields: dict[str, object] = {
        "label": label,
        "document": "briefings/capacity.pdf",
        "title": title,
        "page": None,
        "heading": (),
        "start": 400,
        "end": 400 + len(quote),
        "quote": quote,
        "url": "https://wiki.example/docs",
        "modified_at": NOW - timedelta(days=12),
    }
    return Citation(**(fields | changes))  # type: ignore[arg-type]  # a mixed bag of fields


def answer(text: str, *citations: Citation, **changes: object) -> Answer:
    """Return an answer of the offline answerer."""
    fields: dict[str, object] = {
        "status": Status.ANSWERED,
        "text": text,
        "citations": citations,
        "nearest": (),
        "message": "",
        "reference": "",
        "generation": "gen-000042",
        "indexed_at": NOW - timedelta(hours=2),
        "answerer": "offline",
        "usage": Usage(),
        "ms": 41.0,
    }
    return Answer(**(fields | changes))  # type: ignore[arg-type]  # a mixed bag of fields


ANSWERED = answer(
    "OpenAI plans to draw 75% of its computing capacity from Project Stargate by 2030 [1]."
    " Today nearly all of it comes from one provider [2].",
    citation(1, "Capacity and dates", QUOTE, page=2, heading=("Timeline",)),
    citation(2, "Why diversify suppliers", "Everything hangs on one provider today."),
)
MARKDOWN = answer(
    "The three ways to install it are [1]:\n\n- with `pip`, for **one** machine\n"
    "- as a service, with *systemd*\n- in a container\n\n"
    "| Way | Port | Restarts by itself |\n|---|---|---|\n| pip | none | no |\n"
    "| systemd | 8080 | yes |\n\nThe unit begins so [2]:\n\n"
    "```\n[Service]\nExecStart=/opt/footnote/.venv/bin/footnote slack run\nRestart=on-failure\n```",
    citation(1, "Running Footnote", "There are three ways to install it.", heading=("Install",)),
    citation(2, "Running Footnote", "[Service]", heading=("Install", "As a service")),
)
WORLD = answer(
    "Der Urlaub beträgt 30 Tage im Jahr [1]. Отпуск составляет 28 дней в году [2]. "
    "تبلغ الإجازة السنوية 21 يوما [3].",
    citation(1, "Urlaubsregelung", "Der Urlaub beträgt 30 Tage im Jahr."),
    citation(2, "Правила отпуска", "Отпуск составляет 28 дней в году."),
    citation(3, "سياسة الإجازات", "تبلغ الإجازة السنوية 21 يوما."),
)


def passage(title: str, text: str) -> Passage:
    """Return a passage that is near, and no answer."""
    chunk = Chunk(
        id=1,
        document="briefings/money.docx",
        title=title,
        start=0,
        end=len(text),
        text=text,
        heading=("Funding",),
        page=None,
        url=None,
        modified_at=NOW - timedelta(days=40),
        audience=(),
    )
    return Passage(chunk=chunk, rank=1, fused=0.4, cosine=None, bm25=None)


NOT_FOUND = answer(
    "",
    status=Status.NOT_FOUND,
    message="The documents don't say.",
    nearest=(
        passage("Money", "SoftBank carries the financial responsibility for the project."),
        passage("Money", "The first $100 billion are to be spent at once."),
    ),
)
KEPT = StoredAnswer(
    id="q1",
    team="T",
    channel="C",
    thread_ts="1.0",
    user="U",
    question="How much of its capacity will OpenAI get from Stargate?",
    answer=ANSWERED,
    at=(NOW - timedelta(hours=1)).timestamp(),
)
FACTS = Facts(
    generation="gen-000042",
    created_at=NOW - timedelta(hours=2),
    titles=("Capacity and dates", "Handbook: asking questions", "Money", "Why diversify suppliers"),
    failed=1,
    stale="3 files changed",
)


def opened(message: Message) -> Message:
    """Return *message* as it looks after a click on its sources."""
    blocks = [
        block | ({"default_collapsed": False} if block["type"] == "container" else {})
        for block in message.blocks
    ]
    return replace(message, blocks=tuple(blocks))


def messages() -> Mapping[str, Sequence[Message]]:
    """Return what the bot says, by the picture it goes into."""
    asks = section({"type": "text", "text": "@Ada ", "style": {"bold": True}})
    call = rich_text_block([asks, section(words(texts.HANDED_OFF))])
    private = answer_message(ANSWERED, replace(FRAME, is_private=True))
    return {
        "answer": [answer_message(ANSWERED, FRAME)],
        "sources": [opened(answer_message(ANSWERED, FRAME))],
        "markdown": [answer_message(MARKDOWN, FRAME)],
        "world": [answer_message(WORLD, FRAME)],
        "not-found": [
            answer_message(NOT_FOUND, FRAME),
            Message(text="", blocks=(call, elements.resolved("q1"))),
        ],
        "private": [private],
        "notes": [
            note(texts.BUSY, again="q1"),
            note(texts.INTERRUPTED, again="q1"),
            note(texts.UNCERTAIN, again="q1"),
            note(texts.FAILED.format(reference="8c9dd3a29ef24e2e"), again="q1"),
        ],
    }


def windows() -> Mapping[str, Mapping[str, object]]:
    """Return what opens over a conversation, and the app's own page."""
    excerpt = Excerpt(
        before="Until then its computing power came from one partner. ",
        quote=QUOTE,
        after=" The move is meant to lower the dependence on a single supplier.",
    )
    return {
        "reason": views.reason_view("q1"),
        "quote": views.quote_view(ANSWERED.citations[0], excerpt),
        "rules": views.rules_view(
            "C1", ChannelRules(follow_ups=True, audience=frozenset({"hr"}), language="German")
        ),
        "approve": views.approve_view(
            "{}",
            question="What will SoftBank pay for one GPU?",
            answer="That is not settled: the contracts are being negotiated.",
        ),
        "home": views.home_view(
            FACTS,
            [KEPT],
            now=NOW,
            admin=views.admin_blocks(
                status=[
                    "In work: 2, waiting: 0",
                    "Handed to a person, still open: 1",
                    "Running for 75 h 12 min",
                    "Spent today, all: $1.2840 of $20.00",
                ],
                failing=[replace(KEPT, question="Who is paid what?", answer=NOT_FOUND)],
                now=NOW,
            ),
        ),
    }


def main() -> None:
    """Make all of them, or those that are named."""
    wanted = set(sys.argv[1:]) or {*messages(), *windows()}
    for name, said in messages().items():
        if name not in wanted:
            continue
        blocks = [list(m.blocks) or [rich_text_block([section(words(m.text))])] for m in said]
        shoot(f"slack-{name}", [{"name": "Footnote", "blocks": each} for each in blocks])
    for name, view in windows().items():
        if name not in wanted:
            continue
        shoot(f"slack-{name}", [{"view": view}])


if __name__ == "__main__":
    main()

"""Slack dialogs and the App Home page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from footnote_qa.bot.ages import ago
from footnote_qa.bot.languages import N_, ngettext, remark, tr
from footnote_qa.bot.safe_text import clean, safe_url, shorten
from footnote_qa.bot.slack.documents import Excerpt, Facts
from footnote_qa.bot.slack.messages import elements, texts
from footnote_qa.bot.slack.messages.elements import Block, link, rich_text_block, section, words
from footnote_qa.bot.slack.messages.source_list import title_of
from footnote_qa.bot.state import ChannelRules, StoredAnswer
from footnote_qa.bot.types import Citation
from footnote_qa.index.chunking import plain as unmarked

REASON: Final = "feedback_reason"
RULES: Final = "channel_rules"
APPROVE: Final = "approve_answer"
QUOTE: Final = "quote_in_context"
TOPICS: Final = "channel_topics"

REASONS: Final = {
    "wrong": N_("It is wrong"),
    "incomplete": N_("Something is missing"),
    "outdated": N_("It is outdated"),
    "wrong_source": N_("The source does not say that"),
    "should_know": N_("The documents do say it"),
    "other": N_("Something else"),
}
TITLES_SHOWN: Final = 12
MAX_INPUT_CHARS: Final = 3000
MAX_TOPIC_CHARS: Final = 200

_SWITCHES: Final = {
    "enabled": N_("Answer questions in this channel"),
    "follow_ups": N_("Answer the asker's next messages in a thread without a mention"),
    "unasked": N_("Answer questions that mention nobody, if the documents do"),
}


def reason_view(question_id: str) -> Block:
    """Ask why an answer did not help."""
    options = [_option(tr(label), value) for value, label in REASONS.items()]
    return _modal(
        REASON,
        tr(texts.REASON_TITLE),
        [
            _input(
                "reason", tr("What was not good?"), {"type": "radio_buttons", "options": options}
            ),
            _input(
                "comment",
                tr("What should it have said?"),
                {"type": "plain_text_input", "multiline": True, "max_length": MAX_INPUT_CHARS},
                optional=True,
            ),
        ],
        data=question_id,
        submit=tr("Send"),
    )


def quote_view(citation: Citation, excerpt: Excerpt | None) -> Block:
    """Show a quote with the text around it."""
    url = safe_url(citation.url)
    title = title_of(citation.title, citation.document)
    place = [tr("page {n}").format(n=citation.page)] if citation.page is not None else []
    place += [" › ".join(clean(name) for name in citation.heading)] if citation.heading else []
    head = [link(url, title) if url else words(title, bold=True)]
    head += [words(" · " + shorten(" · ".join(place), 200))] if place else []
    shown: list[Block] = [words(clean(citation.quote), bold=True)]
    if excerpt is not None:
        before = [words(f"… {clean(excerpt.before)}")] if excerpt.before else []
        after = [words(f"{clean(excerpt.after)} …")] if excerpt.after else []
        shown = [*before, *shown, *after]
    blocks = [
        rich_text_block([section(*head)]),
        rich_text_block([{"type": "rich_text_quote", "elements": shown}]),
    ]
    if excerpt is None:
        blocks.append(_small(tr(texts.MOVED)))
    return _modal(QUOTE, tr(texts.QUOTE_TITLE), blocks)


def rules_view(channel: str, rules: ChannelRules) -> Block:
    """Let an administrator change the settings of a channel."""
    options = {name: _option(tr(label), name) for name, label in _SWITCHES.items()}
    chosen = [option for name, option in options.items() if getattr(rules, name)]
    switches: Block = {"type": "checkboxes", "options": list(options.values())}
    helper: Block = {"type": "users_select"}
    groups = ", ".join(sorted(rules.audience)) or tr("everybody's only")
    return _modal(
        RULES,
        tr(texts.RULES_TITLE),
        [
            _input(
                "switches",
                tr("What I do"),
                switches | ({"initial_options": chosen} if chosen else {}),
                optional=True,
            ),
            _input(
                "helper",
                tr("Who to ask if the documents have no answer"),
                helper | ({"initial_user": rules.helper} if rules.helper else {}),
                optional=True,
            ),
            _input(
                "language",
                tr("Language of the answers; leave empty to follow the question"),
                _filled({"type": "plain_text_input", "max_length": 40}, rules.language),
                optional=True,
            ),
            _small(
                tr("Documents: {groups}. Groups can only be set in the settings file.").format(
                    groups=groups
                )
            ),
        ],
        data=channel,
        submit=tr("Save"),
    )


def topics_view(channel: str, topics: Sequence[tuple[str, str]]) -> Block:
    """Let a person to ask, or an administrator, say who is asked about which topic.

    Args:
        channel: The channel.
        topics: Words of each topic, and the name of its person.
    """
    shown = [
        section(words(shorten(one, 200), bold=True), words(f" – {who}")) for one, who in topics
    ]
    bullets: Block = {"type": "rich_text_list", "style": "bullet", "elements": shown}
    return _modal(
        TOPICS,
        tr(texts.TOPICS_TITLE),
        [
            rich_text_block([bullets]) if shown else _small(tr(texts.NO_TOPICS)),
            _input(
                "words",
                tr("Words of the topic, separated by commas"),
                {"type": "plain_text_input", "max_length": MAX_TOPIC_CHARS},
            ),
            _input(
                "helper",
                tr("Who to ask; leave empty to remove the topic"),
                {"type": "users_select"},
                optional=True,
            ),
        ],
        data=channel,
        submit=tr("Save"),
    )


def approve_view(
    data: str, *, question: str, answer: str, audience: frozenset[str] = frozenset()
) -> Block:
    """Let a helper turn a reply into a document."""
    one_line: Block = {"type": "plain_text_input", "max_length": 300}
    many: Block = {"type": "plain_text_input", "multiline": True, "max_length": MAX_INPUT_CHARS}
    readers = ", ".join(sorted(audience)) or tr("everybody who can ask me")
    return _modal(
        APPROVE,
        tr(texts.APPROVE_TITLE),
        [
            _input("question", tr("Question"), _filled(one_line, question[:300])),
            _input("answer", tr("Answer"), _filled(many, answer[:MAX_INPUT_CHARS])),
            _small(tr(texts.APPROVE_NOTE).format(readers=readers)),
        ],
        data=data,
        submit=tr("Save"),
    )


def home_view(
    facts: Facts | None, mine: Sequence[StoredAnswer], *, now: datetime, more: Sequence[Block] = ()
) -> Block:
    """Show which documents there are, how fresh the index is, and the person's last questions."""
    blocks: list[Block] = [
        _header(texts.HOME_TITLE),
        rich_text_block([section(words(tr(texts.HOME)))]),
    ]
    blocks += _documents(facts, now) if facts is not None else [_small(tr(texts.HOME_NO_INDEX))]
    blocks += [{"type": "divider"}, _header(tr("Your last questions"))]
    blocks += [_asked(kept, now) for kept in mine] or [_small(tr("None yet."))]
    return {"type": "home", "blocks": [*blocks, *more]}


def added_blocks(sections: Sequence[tuple[str, str]]) -> list[Block]:
    """Show what plug-ins add to the home tab.

    Args:
        sections: Title and text of each.
    """
    blocks: list[Block] = []
    for title, text in sections:
        blocks += [{"type": "divider"}, _header(texts.inert(shorten(title, 70)) or "…")]
        blocks.append(rich_text_block([section(words(text))]))
    return blocks


def admin_blocks(
    *, status: Sequence[str], failing: Sequence[StoredAnswer], now: datetime
) -> list[Block]:
    """Show the bot's status to administrators."""
    lines = section(words("\n".join(status)))
    return [
        {"type": "divider"},
        _header(tr("For administrators")),
        rich_text_block([lines]),
        {
            "type": "actions",
            "elements": [
                {
                    "type": "conversations_select",
                    "action_id": elements.CHANNEL,
                    "placeholder": elements.plain(tr("Settings of a channel")),
                    "filter": {"include": ["public", "private"]},
                }
            ],
        },
        _header(tr("Questions without a good answer")),
        *([_asked(kept, now) for kept in failing] or [_small(tr("None."))]),
    ]


def values(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values entered in a dialog, by the names of its fields."""
    state: Mapping[str, Mapping[str, Any]] = view["state"]["values"]
    return {block: next(iter(fields.values())) for block, fields in state.items()}


def _documents(facts: Facts, now: datetime) -> list[Block]:
    shown = facts.titles[:TITLES_SHOWN]
    more = len(facts.titles) - len(shown)
    bullets: Block = {
        "type": "rich_text_list",
        "style": "bullet",
        "elements": [section(words(shorten(clean(t), 100) or "document")) for t in shown]
        + ([section(words(tr("… and {n} more").format(n=more)))] if more > 0 else []),
    }
    since = f" · {tr('{changes} since').format(changes=facts.stale)}" if facts.stale else ""
    count = len(facts.titles)
    known = ngettext("I know {n} document", "I know {n} documents", count).format(n=count)
    built = tr("Index {name}, built {when}").format(
        name=facts.generation, when=ago(facts.created_at, now)
    )
    return [
        _header(known),
        *([rich_text_block([bullets])] if shown else []),
        _small(f"{built}{since}"),
    ]


def _asked(kept: StoredAnswer, now: datetime) -> Block:
    said = unmarked(clean(kept.answer.text or remark(kept.answer.message))) or tr(texts.NOT_FOUND)
    when = ago(datetime.fromtimestamp(kept.at, now.tzinfo), now)
    return rich_text_block(
        [
            section(words(shorten(clean(kept.question), 150) or "…", bold=True)),
            {"type": "rich_text_quote", "elements": [words(f"{shorten(said, 200)} · {when}")]},
        ]
    )


def _modal(
    name: str, title: str, blocks: Sequence[Block], *, data: str = "", submit: str = ""
) -> Block:
    view: Block = {
        "type": "modal",
        "callback_id": name,
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": tr("Cancel") if submit else tr("Close")},
        "private_metadata": data,
        "blocks": list(blocks),
    }
    return view | ({"submit": {"type": "plain_text", "text": submit}} if submit else {})


def _input(name: str, label: str, element: Block, *, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": {"type": "plain_text", "text": label},
        "element": element | {"action_id": name},
        "optional": optional,
    }


def _filled(element: Block, value: str) -> Block:
    return element | ({"initial_value": value} if value else {})


def _option(label: str, value: str) -> Block:
    return {"text": {"type": "plain_text", "text": label}, "value": value}


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _small(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": False}]}

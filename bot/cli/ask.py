"""The commands `footnote search`, `ask` and `chat`."""

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import (
    SOME_FAILED,
    JsonOption,
    QuestionWords,
    app,
    print_json,
    question_of,
    shared_of,
)

if TYPE_CHECKING:
    from footnote_qa.bot.api import Conversation
    from footnote_qa.index.search import LiveIndex
    from footnote_qa.index.types import Audience

AudienceOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Use only public documents and those of this group, or of a person as "
        "email:ann@example.org. Repeat it for more groups. "
        "Without it, every document is used.",
    ),
]


QuotesOption = Annotated[
    bool,
    typer.Option(
        "--quotes",
        help="Show the quote of every source, also where the answer says the same words.",
    ),
]


def _audience(groups: list[str] | None, index: "LiveIndex") -> "Audience":
    """Return the groups of the options; those of a person are looked up beside the index."""
    if groups is None:
        return None
    people = [name.removeprefix("email:") for name in groups if name.startswith("email:")]
    return frozenset(groups) | index.access.groups_of(people)


@app.command("search")
def search(
    context: typer.Context,
    words: QuestionWords,
    *,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages to show.")] = 10,
    audience: AudienceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the passages that match a question best, without an answer.

    [bold]Example[/]

        footnote search notice period -k 3
    """
    from footnote_qa.bot import composition
    from footnote_qa.bot.types import Question

    shared = shared_of(context)
    question = question_of(words)
    index = composition.live_index(shared.settings)
    result = index.search(Question(text=question).text, k=k, audience=_audience(audience, index))
    if as_json:
        from footnote_qa.bot.json_output import search_json

        print_json(search_json(result))
        return
    from footnote_qa.bot.cli.console import passages_view, stdout
    from footnote_qa.index.search import reading_note

    console = stdout()
    if result.passages:
        console.print(passages_view(result.passages))
    else:
        console.print("No passage was found.")
    if note := reading_note(result):
        console.print(f"  {note}", markup=False)
    console.print(f"  index {result.generation} · {shared.waited_ms():.0f} ms", style="dim")


@app.command("ask")
def ask(
    context: typer.Context,
    words: QuestionWords,
    *,
    audience: AudienceOption = None,
    quotes: QuotesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Answer one question from the documents, with a checked source for every sentence.

    [bold]Examples[/]

        footnote ask "How long does the agreement run?"
        footnote ask how long is the leave
        footnote ask - < question.txt
    """
    from footnote_qa.bot import composition
    from footnote_qa.bot.types import Question, Status

    shared = shared_of(context)
    question = question_of(words)
    settings = shared.settings
    composition.read_ahead(settings)
    index = composition.live_index(settings)
    answer = composition.engine(settings, index).ask(
        Question(text=question, audience=_audience(audience, index))
    )
    if as_json:
        from footnote_qa.bot.json_output import answer_json

        print_json(answer_json(answer))
    else:
        from footnote_qa.bot.cli.console import answer_view, stdout

        waited = replace(answer, ms=shared.waited_ms())
        stdout().print(answer_view(waited, quotes=quotes))
    if answer.status is Status.FAILED:
        raise typer.Exit(SOME_FAILED)


@app.command("chat")
def chat(
    context: typer.Context,
    *,
    audience: AudienceOption = None,
    quotes: QuotesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Ask questions one after another. An empty line or Ctrl-D ends the chat.

    With --json, each answer is one JSON object on one line.
    """
    from footnote_qa.bot.api import Footnote

    shared = shared_of(context)
    style = _Style(
        quotes=quotes, as_json=as_json, prompt="" if shared.quiet else "[bold cyan]?[/] "
    )
    with Footnote.of(shared.settings) as bot:
        _ = bot.engine  # what is missing is said before the first question
        _converse(bot.conversation(audience=_audience(audience, bot.index)), style)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    quotes: bool
    as_json: bool
    prompt: str


def _converse(conversation: "Conversation", style: _Style) -> None:
    import json

    from footnote_qa.bot.cli.console import answer_view, stderr, stdout
    from footnote_qa.bot.json_output import answer_json

    console, prompt = stdout(), stderr()
    while True:
        try:
            question = prompt.input(style.prompt).strip()
        except (EOFError, KeyboardInterrupt):
            if style.prompt:
                prompt.print()
            return
        if not question:
            return
        began_s = time.monotonic()
        answer = conversation.ask(question)
        if style.as_json:
            typer.echo(json.dumps(answer_json(answer), ensure_ascii=False))
        else:
            waited = replace(answer, ms=(time.monotonic() - began_s) * 1000)
            console.print(answer_view(waited, quotes=style.quotes))

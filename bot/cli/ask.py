"""The commands `footnote search`, `ask` and `chat`."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.app import SOME_FAILED, JsonOption, app, print_json, shared_of

if TYPE_CHECKING:
    from bot.engine import FootnoteQueryEngine
    from index.types import Audience

_HISTORY_TURNS = 20

AudienceOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Use only public documents and those of this group. Repeat it for more groups. "
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


def _audience(groups: list[str] | None) -> "Audience":
    return None if groups is None else frozenset(groups)


@app.command("search")
def search(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="Your question or search words, in quotes.")],
    *,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages to show.")] = 10,
    audience: AudienceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the passages that match a question best, without an answer.

    [bold]Example[/]

        footnote search "notice period" -k 3
    """
    from bot import composition
    from bot.types import Question

    index = composition.live_index(shared_of(context).settings)
    result = index.search(Question(text=question).text, k=k, audience=_audience(audience))
    if as_json:
        from bot.cli.json_output import search_json

        print_json(search_json(result))
        return
    from bot.cli.console import passages_view, stdout
    from index.search import reading_note

    console = stdout()
    if result.passages:
        console.print(passages_view(result.passages))
    else:
        console.print("No passage was found.")
    if note := reading_note(result):
        console.print(f"  {note}", markup=False)
    console.print(f"  index {result.generation} · {result.ms:.0f} ms", style="dim")


@app.command("ask")
def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="Your question, in quotes.")],
    *,
    audience: AudienceOption = None,
    quotes: QuotesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Answer one question from the documents, with a checked source for every sentence.

    [bold]Example[/]

        footnote ask "How long does the agreement run?"
    """
    from bot import composition
    from bot.types import Question, Status

    settings = shared_of(context).settings
    index = composition.live_index(settings)
    answer = composition.engine(settings, index).ask(
        Question(text=question, audience=_audience(audience))
    )
    if as_json:
        from bot.cli.json_output import answer_json

        print_json(answer_json(answer))
    else:
        from bot.cli.console import answer_view, stdout

        stdout().print(answer_view(answer, quotes=quotes))
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
    from bot import composition

    settings = shared_of(context).settings
    engine = composition.engine(settings, composition.live_index(settings))
    _converse(engine, _audience(audience), quotes=quotes, as_json=as_json)


def _converse(
    engine: "FootnoteQueryEngine", audience: "Audience", *, quotes: bool, as_json: bool
) -> None:
    import json
    import secrets

    from bot.cli.console import answer_view, stderr, stdout
    from bot.cli.json_output import answer_json
    from bot.types import Question, Turn

    console, prompt = stdout(), stderr()
    history: list[Turn] = []
    thread = f"chat-{secrets.token_hex(8)}"
    while True:
        try:
            question = prompt.input("[bold cyan]?[/] ").strip()
        except (EOFError, KeyboardInterrupt):
            prompt.print()
            return
        if not question:
            return
        answer = engine.ask(
            Question(
                text=question,
                audience=audience,
                history=tuple(history[-_HISTORY_TURNS:]),
                thread=thread,
            )
        )
        if as_json:
            typer.echo(json.dumps(answer_json(answer), ensure_ascii=False))
        else:
            console.print(answer_view(answer, quotes=quotes))
        history += [
            Turn(role="user", text=question),
            Turn(role="assistant", text=answer.text or answer.message),
        ]

import asyncio
import logging
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from footnote_qa.bot.engine.answer_engine import AnswerEngine
from footnote_qa.bot.errors import AnswererError, SettingsError
from footnote_qa.bot.llm.ledger import Ledger, Scope
from footnote_qa.bot.llm.portfolio import PAUSE_S, Portfolio
from footnote_qa.bot.llm.providers import build_models
from footnote_qa.bot.llm.session import ModelSession
from footnote_qa.bot.settings import ModelsSettings, PriceSettings
from footnote_qa.bot.types import BYTES_PER_TOKEN, Answer, Messages, Question, Status
from tests.bot.engine.test_query_engine import ScriptedAnswerer
from tests.fakes.model_server import Reply, model_server
from tests.fakes.model_wires import INPUT_TOKENS, OUTPUT_TOKENS
from tests.fakes.models import (
    IN_USD,
    OUT_USD,
    Blocks,
    ScriptedModel,
    a_provider,
    inventing,
    quoting,
    quoting_all,
    unreachable,
)
from tests.fakes.searcher import MemorySearcher, a_chunk

LEAVE = a_chunk("Everybody has 30 days of leave a year.")
MESSAGES = Messages(system="rules", user="question")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def a_portfolio(*models: Any, now: Clock | None = None, **settings: Any) -> Portfolio:
    return Portfolio(models, ModelsSettings(**settings), now=now or Clock())


def an_engine(portfolio: Portfolio) -> AnswerEngine:
    offline = ScriptedAnswerer(quoting)
    return AnswerEngine(MemorySearcher([LEAVE]), portfolio, fallback=offline, k=8)


def two_models(first: Any = quoting, second: Any = quoting) -> tuple[ScriptedModel, ScriptedModel]:
    return (
        ScriptedModel(first, a_provider("main", share=0.75)),
        ScriptedModel(second, a_provider("second", share=0.25)),
    )


async def asked(portfolio: Portfolio, question: Question) -> str | None:
    """Return which provider replies to the question, as the answering loop asks them."""
    session = ModelSession(portfolio, question)
    for model in session.models:
        try:
            replies = session.reply(model, MESSAGES, purpose="answer", stream=False)
            [part async for part in replies]
        except AnswererError:
            continue
        return model.provider.name
    return None


@pytest.mark.slow
def test_thousands_of_threads_are_all_answered_while_one_provider_flaps(campaign: bool) -> None:
    threads = 10_000 if campaign else 2_000
    requests = Counter[str]()

    def flapping(_: str) -> str:
        requests["main"] += 1
        return unreachable([]) if requests["main"] // 40 % 2 else "yes"

    models = two_models()
    models[0].rewriting, models[1].rewriting = flapping, lambda _: "yes"
    clock = Clock()
    portfolio = a_portfolio(*models, now=clock)

    async def ask_all() -> Counter[str | None]:
        answered = Counter[str | None]()
        for at in range(threads):
            clock.now += 1.0
            answered[await asked(portfolio, Question(text="?", thread=f"t{at}"))] += 1
        return answered

    answered = asyncio.run(ask_all())

    firsts = portfolio.ledger.chosen({"main": 0.75, "second": 0.25})
    assert abs(firsts["main"] / threads - 0.75) <= 0.005
    assert answered.total() == threads
    assert answered[None] == 0
    assert answered["second"] > threads / 4


def test_thread_stays_with_its_provider() -> None:
    portfolio = a_portfolio(*two_models())

    firsts = [portfolio.order("T1")[0].provider.name for _ in range(20)]

    assert len(set(firsts)) == 1


def test_five_failures_switch_to_the_other_provider_and_a_probe_brings_the_first_back() -> None:
    clock = Clock()
    main, second = two_models(first=unreachable)
    portfolio = a_portfolio(main, second, now=clock)
    engine = an_engine(portfolio)
    thread = next(f"t{at}" for at in range(9) if portfolio.order(f"t{at}")[0] is main)
    question = Question(text="leave", thread=thread)

    during = [engine.ask(question).answerer for _ in range(8)]
    asked_while_closed = len(main.prompts)
    main.script = quoting
    clock.now += PAUSE_S
    after = [engine.ask(question).answerer for _ in range(3)]

    assert during == ["second"] * 8
    assert asked_while_closed == 5
    assert after == ["main"] * 3


def test_error_of_one_question_does_not_count_against_the_provider() -> None:
    def too_long(_: Blocks) -> str:
        raise AnswererError("refused with status 400", outage=False)

    main, second = two_models(first=too_long)
    engine = an_engine(a_portfolio(main, second))

    for at in range(24):
        engine.ask(Question(text="leave", thread=f"t{at}"))

    assert len(main.prompts) == 18


def test_budget_is_never_exceeded_however_many_ask_together() -> None:
    budget = Decimal("0.02")
    model = ScriptedModel(quoting, a_provider(max_tokens=100, budget_usd_per_day=budget))
    portfolio = a_portfolio(model)
    engine = an_engine(portfolio)

    async def ask_many() -> list[Answer]:
        return await asyncio.gather(*(engine.aask(Question(text="leave")) for _ in range(60)))

    answers = asyncio.run(ask_many())

    spent = portfolio.ledger.spent_today(Scope.PROVIDER, "local")
    assert Decimal("0.01") < spent <= budget
    assert all(answer.status is Status.ANSWERED for answer in answers)
    over = [answer for answer in answers if answer.answerer == "offline"]
    assert over
    assert all("budget" in answer.message for answer in over)


def test_provider_over_budget_gives_way_to_the_next() -> None:
    tight = ScriptedModel(quoting, a_provider("main", budget_usd_per_day=Decimal("0.000001")))
    free = ScriptedModel(quoting, a_provider("second", share=0.01))

    answer = an_engine(a_portfolio(tight, free)).ask(Question(text="leave"))

    assert (answer.answerer, answer.message) == ("second", "")


@pytest.mark.parametrize(
    ("setting", "question", "words"),
    [
        ("user_budget_usd_per_day", Question(text="leave", user="U1"), "for you"),
        ("channel_budget_usd_per_day", Question(text="leave", channel="C1"), "for this channel"),
    ],
)
def test_budget_of_a_person_or_channel_warns_once_before_it_bites(
    setting: str, question: Question, words: str
) -> None:
    model = ScriptedModel(quoting, a_provider(max_tokens=100))
    settings: dict[str, Any] = {setting: Decimal("0.012")}
    engine = an_engine(a_portfolio(model, **settings))

    answers = [engine.ask(question) for _ in range(12)]

    warned = [at for at, answer in enumerate(answers) if words in answer.message]
    bitten = [at for at, answer in enumerate(answers) if answer.answerer == "offline"]
    assert len(warned) <= 1
    assert bitten
    assert not warned or warned[0] < bitten[0]


def test_budget_that_is_nearly_used_up_is_shown_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = ScriptedModel(quoting, a_provider(max_tokens=16))
    engine = an_engine(a_portfolio(model, user_budget_usd_per_day=Decimal("0.006"), warn_at=0.5))

    with caplog.at_level(logging.WARNING, "footnote_qa.bot.llm.portfolio"):
        answers = [engine.ask(Question(text="leave", user="U1")) for _ in range(3)]

    assert [bool(answer.message) for answer in answers] == [False, False, True]
    assert answers[2].message == (
        "60 % of today's budget for you is used. After that, answers only quote the documents."
    )
    assert caplog.messages == ["budget nearly used up"]


def test_one_persons_budget_is_not_anothers() -> None:
    model = ScriptedModel(quoting, a_provider(max_tokens=100))
    engine = an_engine(a_portfolio(model, user_budget_usd_per_day=Decimal("0.006")))
    for _ in range(6):
        engine.ask(Question(text="leave", user="U1"))

    mine = engine.ask(Question(text="leave", user="U1"))
    other = engine.ask(Question(text="leave", user="U2"))

    assert (mine.answerer, other.answerer) == ("offline", "local")


def test_budget_without_a_price_is_refused_and_names_the_provider() -> None:
    unpriced = ScriptedModel(quoting, a_provider("our-server", price=None))

    with pytest.raises(SettingsError, match="our-server"):
        a_portfolio(unpriced, budget_usd_per_day=Decimal(1))


def test_costs_add_up_to_the_cent_against_the_log_of_the_server() -> None:
    price = PriceSettings(
        input_usd_per_million=Decimal("0.15"), output_usd_per_million=Decimal("0.60")
    )
    replies = [
        Reply(script=quoting),
        Reply(script=inventing),
        Reply(script=quoting),
        Reply(status=500, body="{}"),
        Reply(text="x", finish_reason="length"),
        Reply(script=quoting_all),
    ]
    ledger = Ledger(None)

    with model_server(*replies) as server:
        provider = a_provider(base_url=server.base_url, api_key=SecretStr("k"), price=price)
        settings = ModelsSettings(providers=(provider,))
        engine = an_engine(Portfolio(build_models(settings), settings, ledger, now=Clock()))
        answers = [engine.ask(Question(text="leave")) for _ in range(6)]
        billed = list(server.billed)

    log = sum((into * Decimal("0.15") + out * Decimal("0.60")) / 1_000_000 for into, out in billed)
    assert len(billed) == 6
    assert set(billed) == {(INPUT_TOKENS, OUTPUT_TOKENS)}
    assert ledger.spent_today(Scope.ALL) == log
    assert sum(answer.usage.cost_usd or 0 for answer in answers) == log


def test_stream_that_breaks_off_is_counted_by_what_came_of_it() -> None:
    model = ScriptedModel(quoting, cut_after=30)
    portfolio = a_portfolio(model)

    async def streamed() -> Answer:
        *_, last = [one async for one in an_engine(portfolio).astream(Question(text="leave"))]
        assert isinstance(last, Answer)
        return last

    usage = asyncio.run(streamed()).usage

    came = len(quoting([("k7q2mz", LEAVE.text)])[:36].encode())  # in pieces of nine
    assert (usage.input_tokens, usage.output_tokens) == (
        model.prompts[0].tokens_at_most,
        came // BYTES_PER_TOKEN + 1,
    )
    spent = usage.input_tokens * IN_USD + usage.output_tokens * OUT_USD
    assert portfolio.ledger.spent_today(Scope.ALL) == spent / 1_000_000
    assert portfolio.ledger.tally("local", days=1).estimated == 1


def test_reply_of_which_nothing_came_is_counted_with_nothing() -> None:
    portfolio = a_portfolio(ScriptedModel(unreachable))

    answer = an_engine(portfolio).ask(Question(text="leave"))

    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (0, 0)
    assert portfolio.ledger.tally("local", days=1).estimated == 0


def test_cost_of_a_model_without_a_price_is_not_known() -> None:
    engine = an_engine(a_portfolio(ScriptedModel(quoting, a_provider(price=None))))

    answer = engine.ask(Question(text="leave"))

    assert answer.usage.cost_usd is None


def test_ledger_that_cannot_be_written_costs_nobody_an_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    portfolio = a_portfolio(ScriptedModel(quoting))
    portfolio.ledger.close()

    with caplog.at_level(logging.ERROR, "footnote_qa.bot.llm.portfolio"):
        answer = an_engine(portfolio).ask(Question(text="leave"))

    assert (answer.status, answer.answerer) == (Status.ANSWERED, "local")
    assert "spending could not be stored" in caplog.messages


def test_budget_that_cannot_be_read_lets_nothing_be_spent() -> None:
    model = ScriptedModel(quoting)
    portfolio = a_portfolio(model, budget_usd_per_day=Decimal(1))
    portfolio.ledger.close()

    answer = an_engine(portfolio).ask(Question(text="leave"))

    assert answer.answerer == "offline"
    assert model.prompts == []


def test_models_with_other_keys_are_asked_from_now_on() -> None:
    old, new = ScriptedModel(quoting), ScriptedModel(quoting)
    portfolio = a_portfolio(old)

    portfolio.renew([new])
    an_engine(portfolio).ask(Question(text="leave"))

    assert (len(old.prompts), len(new.prompts)) == (0, 1)


def test_another_set_of_models_needs_a_restart() -> None:
    portfolio = a_portfolio(ScriptedModel(quoting))

    with pytest.raises(SettingsError, match="restart"):
        portfolio.renew([ScriptedModel(quoting, a_provider("another"))])

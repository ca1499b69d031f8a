"""The question set as the gate of a build, and what a run is recorded with."""

import asyncio
import json
from pathlib import Path

import pytest

from footnote_qa.bot.composition import live_index
from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.evaluation import (
    code_version,
    described,
    gate,
    judging,
    subject,
    with_values,
)
from footnote_qa.bot.settings import (
    EvalSettings,
    GateSettings,
    IndexSettings,
    SearchSettings,
    Settings,
    load,
)
from footnote_qa.eval.errors import JudgementError, QuestionSetError
from footnote_qa.eval.metrics.catalogue import METRICS
from footnote_qa.eval.runs.record import records
from footnote_qa.eval.runs.run import run_questions
from footnote_qa.eval.types import Case, Place, QuestionSet
from footnote_qa.index.building.build import Builder, BuildResult
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.sources import SourceSpec
from footnote_qa.index.storage.generation import GateCheck, IndexDirectory
from tests.fakes.embedder import HashEmbedder
from tests.fakes.model_server import Reply, model_server

TOPICS = ("parking", "leave", "travel", "laptops", "holidays", "insurance", "training", "keys")
TEXT = "# {topic}\n\nThe yearly allowance for {topic} is {amount} euros and is paid in May.\n"


def write(folder: Path, topic: str, amount: int) -> None:
    folder.mkdir(exist_ok=True)
    text = TEXT.format(topic=topic, amount=amount)
    (folder / f"{topic}.md").write_text(text, encoding="utf-8")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    for number, topic in enumerate(TOPICS):
        write(folder, topic, 100 + number)
    return folder


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "gate.jsonl"
    lines = [
        {
            "id": topic,
            "question": f"What is the yearly allowance for {topic}?",
            "answers": [f"{100 + number} euros"],
            "relevant": [{"document": f"{topic}.md"}],
        }
        for number, topic in enumerate(TOPICS)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def settings_of(folder: Path, questions: Path | None, **gate_settings: object) -> Settings:
    table = GateSettings(set=questions, **gate_settings)
    return Settings(data_dir=folder / "data", eval=EvalSettings(gate=table))


def build(
    settings: Settings, documents: Path, embedder: HashEmbedder, *, force: bool = False
) -> BuildResult:
    return Builder(
        directory=IndexDirectory(settings.data_dir / "index"),
        cache_path=settings.data_dir / "cache" / "embeddings.sqlite",
        embedder=embedder,
        options=BuildOptions(force=force),
        gate=gate(settings),
    ).build([SourceSpec(path=str(documents))])


def checked(result: BuildResult) -> GateCheck:
    (check,) = [check for check in result.gate if check.name == "questions"]
    return check


def test_without_a_set_there_is_no_gate(tmp_path: Path) -> None:
    assert gate(settings_of(tmp_path, None)) is None


def test_the_first_generation_has_nothing_to_be_compared_with(
    tmp_path: Path, documents: Path, questions: Path, embedder: HashEmbedder
) -> None:
    result = build(settings_of(tmp_path, questions), documents, embedder)

    assert result.promoted
    assert checked(result).message == "the first generation: nothing to compare it with"


def test_measuring_searches_exactly_as_answering_does(
    tmp_path: Path, documents: Path, embedder: HashEmbedder
) -> None:
    settings = settings_of(tmp_path, None)
    build(settings, documents, embedder)
    directory = IndexDirectory(settings.data_dir / "index")
    question = "What is the yearly allowance for parking in Atlantis?"

    measured = subject(settings, directory.open()).searcher.search(question, k=3, audience=None)
    live = live_index(settings, directory).search(question, k=3, audience=None)

    assert [one.context for one in measured.passages] == [one.context for one in live.passages]
    assert None not in [one.section for one in measured.passages]
    assert measured.unknown == live.unknown == ("Atlantis",)


def test_a_generation_that_answers_as_well_is_promoted(
    tmp_path: Path, documents: Path, questions: Path, embedder: HashEmbedder
) -> None:
    settings = settings_of(tmp_path, questions)
    build(settings, documents, embedder)
    write(documents, "lunch", 7)

    result = build(settings, documents, embedder)

    assert result.promoted, checked(result).message
    assert checked(result).message == "8 questions: nothing fell by more than its margin"


def test_a_generation_that_answers_worse_is_not_promoted_and_says_where(
    tmp_path: Path, documents: Path, questions: Path, embedder: HashEmbedder
) -> None:
    settings = settings_of(tmp_path, questions)
    build(settings, documents, embedder)
    for topic in TOPICS[:4]:
        write(documents, topic, 999)

    result = build(settings, documents, embedder)

    assert not result.promoted
    check = checked(result)
    assert not check.passed
    assert "contains_answer from 1.000 to 0.500" in check.message
    before, after = (path.parent.name for path in records(settings.data_dir)[-2:])
    assert f"footnote eval compare {before} {after}" in check.message
    assert IndexDirectory(settings.data_dir / "index").current() == "gen-000001"


def test_margins_of_the_settings_and_force_let_it_through(
    tmp_path: Path, documents: Path, questions: Path, embedder: HashEmbedder
) -> None:
    wide = settings_of(tmp_path, questions, margins=dict.fromkeys(METRICS, 1000.0))
    strict = settings_of(tmp_path, questions)
    build(strict, documents, embedder)
    for topic in TOPICS[:4]:
        write(documents, topic, 999)

    assert not build(strict, documents, embedder).promoted
    assert build(wide, documents, embedder).promoted
    write(documents, "keys", 1)
    assert build(strict, documents, embedder, force=True).promoted


def test_the_served_generation_is_not_asked_twice(
    tmp_path: Path, documents: Path, questions: Path, embedder: HashEmbedder
) -> None:
    settings = settings_of(tmp_path, questions)
    build(settings, documents, embedder)
    for amount in (1, 2):
        write(documents, "lunch", amount)
        build(settings, documents, embedder)

    counts = [json.loads(path.read_text())["counts"] for path in records(settings.data_dir)]

    assert [count["reused"] for count in counts] == [0, 0, 8, 0]


def test_a_set_that_cannot_be_read_stops_the_build(
    tmp_path: Path, documents: Path, questions: Path, embedder: HashEmbedder
) -> None:
    settings = settings_of(tmp_path, questions)
    build(settings, documents, embedder)
    questions.write_text("{", encoding="utf-8")
    write(documents, "lunch", 7)

    with pytest.raises(QuestionSetError):
        build(settings, documents, embedder)


def test_a_run_measures_the_generation_it_began_with(
    tmp_path: Path, documents: Path, embedder: HashEmbedder
) -> None:
    settings = settings_of(tmp_path, None)
    build(settings, documents, embedder)
    directory = IndexDirectory(settings.data_dir / "index")
    measured = subject(settings, directory.open(), served=directory.current)
    write(documents, "lunch", 7)
    build(settings, documents, embedder)
    case = Case(id="1", question="What is for lunch?", relevant=(Place(document="lunch.md"),))

    result = asyncio.run(
        run_questions(QuestionSet(name="s", digest="d" * 64, cases=(case,)), measured)
    )

    assert result.settings["generations"] == ["gen-000001"]
    assert result.settings["served_at_the_end"] == "gen-000002"
    assert result.unknown == ("lunch.md",)


def test_a_run_with_the_real_engine_scores_everything_offline(
    tmp_path: Path, documents: Path, embedder: HashEmbedder
) -> None:
    settings = settings_of(tmp_path, None)
    build(settings, documents, embedder)
    generation = IndexDirectory(settings.data_dir / "index").open()
    measured = subject(settings, generation, similarity=True)
    case = Case(
        id="1",
        question="What is the yearly allowance for parking?",
        answers=("100 euros",),
        relevant=(Place(document="parking.md", quote="100 euros"),),
    )

    result = asyncio.run(
        run_questions(QuestionSet(name="s", digest="d" * 64, cases=(case,)), measured)
    )

    (row,) = result.rows
    ones = ("contains_answer", "citation_precision", "citation_recall", "quote_verbatim")
    assert {name: row.scores[name] for name in ones} == dict.fromkeys(ones, 1.0)
    assert 0 < row.scores["embedding_similarity"] <= 1
    assert 0 < row.values["confidence"] <= 1
    assert row.around[0].before.endswith("is ") or row.around[0].before.startswith("# parking")


def test_what_a_run_depends_on_is_recorded_and_no_secret_with_it(
    tmp_path: Path, documents: Path, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "sk-secret")
    config = tmp_path / "footnote.toml"
    config.write_text(
        '[[models.providers]]\nname = "m"\nkind = "openai_like"\nmodel = "x"\n'
        'base_url = "http://127.0.0.1:9/v1"\napi_key_env = "A_KEY"\n',
        encoding="utf-8",
    )
    settings = load(config, data_dir=tmp_path / "data")
    build(settings, documents, embedder)

    record = described(settings, IndexDirectory(settings.data_dir / "index").open())

    assert isinstance(record["prompts"], dict)
    assert {"answer", "answer-rules"} <= record["prompts"].keys()
    text = json.dumps(record)
    assert {"footnote", "code", "index", "search", "models", "prompts"} == record.keys()
    assert '"model": "x"' in text
    assert "sk-secret" not in text
    assert "api_key" not in text


def test_the_version_of_the_code_is_the_same_each_time() -> None:
    assert code_version() == code_version()
    assert len(code_version()) == 16


def test_settings_are_varied_and_checked() -> None:
    varied = with_values(Settings(), {"search.k": 4, "index.chunk_tokens": 100})

    assert varied.search == SearchSettings(k=4)
    assert varied.index == IndexSettings(chunk_tokens=100)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"search.k": 0}, "k: "),
        ({"search.depth": 4}, "depth: "),
        ({"slack.max_queue": 4}, "slack.max_queue: name a setting of index, search or models"),
        ({"k": 4}, "k: name a setting"),
    ],
)
def test_a_setting_that_cannot_be_varied_is_named(values: dict[str, object], fault: str) -> None:
    with pytest.raises(SettingsError, match=fault):
        with_values(Settings(), values)


def test_judging_without_a_model_says_what_to_add() -> None:
    with pytest.raises(SettingsError, match="no model is configured: add it to"):
        judging(Settings())


def test_the_judge_is_asked_as_the_portfolio_asks_and_its_failure_is_no_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "k")
    config = tmp_path / "footnote.toml"
    with model_server(Reply(text="{}"), Reply(status=401)) as server:
        config.write_text(
            '[[models.providers]]\nname = "m"\nkind = "openai_like"\nmodel = "x"\n'
            f'base_url = "{server.base_url}"\napi_key_env = "A_KEY"\n',
            encoding="utf-8",
        )
        model = judging(load(config))

        said = asyncio.run(model("How good is it?"))
        with pytest.raises(JudgementError, match="no reply: m: refused with status 401"):
            asyncio.run(model("And now?"))

    assert (model.name, said) == ("m (x)", "{}")
    system, user = (message["content"] for message in server.requests[0]["messages"])
    assert system.startswith("You reply with the one JSON object")
    assert user == "How good is it?"


def test_the_gates_set_is_found_beside_the_settings_file(tmp_path: Path) -> None:
    config = tmp_path / "footnote.toml"
    config.write_text('[eval.gate]\nset = "q.jsonl"\nmargins = {f1 = 0.1}\n', encoding="utf-8")

    found = load(config).eval.gate

    assert found.set == tmp_path / "q.jsonl"
    assert found.margins == {"f1": 0.1}

"""The command as a person types it: a process of its own, with a small model where it needs one."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from footnote_qa.bot.settings import load
from tests.fakes import fork_server
from tests.fakes.indexed import copy_data

ROOT = Path(__file__).resolve().parents[3]


def footnote(*arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return fork_server.run(*arguments, cwd=cwd, stdin=stdin)


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, indexed_examples: Path) -> Path:
    """A folder in which the example documents are indexed with the real model."""
    folder = tmp_path_factory.mktemp("indexed")
    copy_data(indexed_examples, folder / ".footnote")
    return folder


def test_help_names_every_command(tmp_path: Path) -> None:
    result = footnote("--help", cwd=tmp_path)

    assert result.returncode == 0
    for name in ("search", "ask", "chat", "init", "doctor", "index", "eval", "slack"):
        assert f" {name} " in result.stdout


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['footnote', '--help']\n"
        "from footnote_qa.bot.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'llama_index', 'faiss', 'numpy', 'onnxruntime'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert result.stdout.splitlines()[-1] == "HEAVY []"


def test_search_without_an_index_says_what_to_do(tmp_path: Path) -> None:
    result = footnote("search", "leave", cwd=tmp_path)

    assert result.returncode == 2
    assert "run `footnote index build FOLDER`" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_error_is_a_json_object_too(tmp_path: Path) -> None:
    result = footnote("ask", "--json", "leave?", cwd=tmp_path)

    assert result.returncode == 2
    assert "footnote index build" in json.loads(result.stdout)["error"]


def test_building_without_any_documents_named_says_what_to_do(tmp_path: Path) -> None:
    result = footnote("index", "build", cwd=tmp_path)

    assert result.returncode == 2
    assert "no documents to index" in result.stderr


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    result = footnote("index", "build", "nowhere", cwd=tmp_path)

    assert result.returncode == 2
    assert "nowhere" in result.stderr


def test_one_message_names_every_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text("[search]\nk = 0\ncolour = 'red'\n[nonsense]\n")

    result = footnote("search", "leave", cwd=tmp_path)

    assert result.returncode == 2
    for wrong in ("search.k", "search.colour: unknown setting", "nonsense: unknown setting"):
        assert wrong in result.stderr


def test_a_settings_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    result = footnote("--config", "other.toml", "search", "leave", cwd=tmp_path)

    assert result.returncode == 2
    assert "no settings file other.toml" in result.stderr


def test_init_writes_settings_that_load(tmp_path: Path) -> None:
    assert footnote("init", cwd=tmp_path).returncode == 0

    settings = load(tmp_path / "footnote.toml")
    assert settings.sources == ()  # so that a build takes again what was named on the command line


def test_init_overwrites_a_file_only_with_force(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text("# mine\n")

    result = footnote("init", cwd=tmp_path)

    assert result.returncode == 2
    assert (tmp_path / "footnote.toml").read_text() == "# mine\n"


def test_the_slack_manifest_is_one_json_object(tmp_path: Path) -> None:
    result = footnote("slack", "manifest", cwd=tmp_path)

    assert "app_mentions:read" in json.loads(result.stdout)["oauth_config"]["scopes"]["bot"]


def test_slack_without_tokens_says_which_are_missing(tmp_path: Path) -> None:
    result = footnote("slack", "run", cwd=tmp_path)

    assert result.returncode == 2
    assert "SLACK_BOT_TOKEN" in result.stderr


@pytest.mark.slow
def test_an_answer_quotes_the_stored_text(indexed: Path) -> None:
    result = footnote("ask", "--json", "What share of its capacity would OpenAI get?", cwd=indexed)

    answer = json.loads(result.stdout)
    assert answer["status"] == "answered"
    assert "[1]" in answer["answer"]
    for citation in answer["citations"]:
        shown = footnote("index", "text", citation["document"], "--json", cwd=indexed)
        text = json.loads(shown.stdout)["text"]
        assert text[citation["start"] : citation["end"]] == citation["quote"]


@pytest.mark.slow
def test_a_question_beyond_the_documents_is_refused_and_well(indexed: Path) -> None:
    result = footnote("ask", "--json", "Who won the football cup in 1987?", cwd=indexed)

    answer = json.loads(result.stdout)
    assert result.returncode == 0
    assert (answer["status"], answer["answer"], answer["citations"]) == ("not_found", "", [])
    assert answer["message"]
    assert 1 <= len(answer["nearest"]) <= 3


@pytest.mark.slow
def test_asking_imports_neither_torch_nor_transformers(indexed: Path) -> None:
    code = (
        "import sys; sys.argv = ['footnote', 'ask', 'Why diversify?']\n"
        "from footnote_qa.bot.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=indexed, capture_output=True, text=True, check=False
    )

    assert result.stdout.splitlines()[-1] == "HEAVY []"


@pytest.mark.slow
def test_search_gives_the_contract_keys(indexed: Path) -> None:
    result = footnote("search", "--json", "-k", "3", "five-year agreement", cwd=indexed)

    found = json.loads(result.stdout)
    assert set(found) == {
        *("passages", "generation", "lexical_only", "ms", "corrections", "suggestions")
    }
    assert [passage["rank"] for passage in found["passages"]] == [1, 2, 3]
    assert {"document", "title", "page", "heading", "start", "end", "text", "scores"} <= set(
        found["passages"][0]
    )
    assert set(found["passages"][0]["scores"]) == {"fused", "dense", "lexical"}


@pytest.mark.slow
def test_status_names_what_changed_on_disk(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.md").write_text("# A\n\nText of a.\n")
    (docs / "b.md").write_text("# B\n\nText of b.\n")
    built = footnote("index", "build", "docs", "--json", cwd=tmp_path)
    (docs / "a.md").write_text("# A\n\nAnother text.\n")
    (docs / "c.md").write_text("# C\n\nText of c.\n")

    status = json.loads(footnote("index", "status", "--json", cwd=tmp_path).stdout)

    assert json.loads(built.stdout)["documents"]["added"] == 2
    assert status["stale"] == {"added": 1, "changed": 1, "removed": 0}
    assert (status["documents"], status["model"]) == (2, "embedded")


@pytest.mark.slow
def test_a_build_with_a_broken_file_ends_with_status_1(
    tmp_path: Path,
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.md").write_text("# A\n\nText of a.\n")
    (docs / "b.pdf").write_bytes(b"%PDF-1.4 broken")

    result = footnote("index", "build", "docs", "--json", cwd=tmp_path)

    built = json.loads(result.stdout)
    assert result.returncode == 1
    assert built["promoted"]
    assert [problem["kind"] for problem in built["problems"]] == ["broken"]


@pytest.mark.slow
def test_verify_finds_a_flipped_bit(indexed: Path, tmp_path: Path) -> None:
    shutil.copytree(indexed / ".footnote", tmp_path / ".footnote")
    sound = footnote("index", "verify", "--json", cwd=tmp_path)
    path = tmp_path / ".footnote" / "index" / "gen-000001" / "vectors.faiss"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    damaged = footnote("index", "verify", "--json", cwd=tmp_path)

    assert (sound.returncode, json.loads(sound.stdout)["passed"]) == (0, True)
    assert (damaged.returncode, json.loads(damaged.stdout)["passed"]) == (1, False)


@pytest.mark.slow
def test_chat_answers_line_by_line_until_the_end(indexed: Path) -> None:
    result = footnote("chat", "--json", cwd=indexed, stdin="Why diversify?\nUntil when?\n")

    answers = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    assert result.returncode == 0
    assert len(answers) == 2


@pytest.mark.slow
def test_doctor_says_that_all_is_well_or_what_is_missing(indexed: Path, tmp_path: Path) -> None:
    well = json.loads(footnote("doctor", "--json", cwd=indexed).stdout)
    missing = footnote("doctor", "--json", cwd=tmp_path)

    assert well["passed"]
    assert missing.returncode == 1
    assert [f["name"] for f in json.loads(missing.stdout)["findings"] if not f["passed"]] == [
        "index"
    ]


@pytest.mark.slow
def test_eval_of_the_examples_names_its_metrics(indexed: Path) -> None:
    questions = str(ROOT / "examples" / "questions.jsonl")

    result = footnote("eval", "run", questions, "--json", "--limit", "6", cwd=indexed)

    run = json.loads(result.stdout)
    assert {"set", "run", "metrics", "questions", "settings"} <= set(run)
    assert len(run["questions"]) == 6
    assert set(run["metrics"]["ndcg@10"]) == {"mean", "low", "high", "n"}


@pytest.mark.slow
def test_a_command_logs_one_json_object_on_each_line_if_it_is_asked_to(indexed: Path) -> None:
    done = footnote(
        "--log-format", "json", "-v", "ask", "What does exit status 2 mean?", cwd=indexed
    )

    logged = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["logger"], line["message"]) for line in logged if "status" in line] == [
        ("footnote_qa.bot.engine.answer_engine", "question answered")
    ]
    assert all({"time", "level", "logger", "message"} <= set(line) for line in logged)
    assert "exit status 2 mean" not in done.stderr


@pytest.mark.slow
def test_watch_logs_each_build_as_json_if_it_is_asked_to(indexed: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from footnote_qa.bot.cli import main; main()"]
    copy = shutil.copytree(indexed, tmp_path / "copy", symlinks=True)
    with subprocess.Popen(
        [*command, "index", "watch", "--log-format", "json", "--json"],
        cwd=copy,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stderr is not None
        logged = next(
            line for line in map(json.loads, watching.stderr) if line["message"].startswith("build")
        )
        watching.send_signal(signal.SIGINT)

    assert (logged["level"], logged["message"]) == ("INFO", "build finished")
    assert logged["generation"].startswith("gen-")


def test_a_misspelt_word_is_shown_as_it_was_searched(indexed: Path) -> None:
    found = footnote("search", "how long does the agremeent run", cwd=indexed)
    as_json = footnote("search", "the agremeent of five years", "--json", cwd=indexed)
    answered = footnote("ask", "How long does the agremeent run?", cwd=indexed)

    assert 'instead of "agremeent".' in found.stdout
    assert json.loads(as_json.stdout)["corrections"][0]["written"] == "agremeent"
    assert 'instead of "agremeent".' in answered.stdout

"""The commands of the harness, each a process of its own on the example documents."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes import fork_server
from tests.fakes.indexed import copy_data
from tests.fakes.model_server import ModelServer, Reply, model_server

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples" / "questions.jsonl"
QUESTIONS = "questions.jsonl"
ASKED = 12  # every third example: each is answered by a network, and a run is made several times

pytestmark = pytest.mark.slow


def footnote(
    *arguments: str, cwd: Path, stdin: str = "", status: int = 0
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1", "JUDGE_KEY": "k"}
    done = fork_server.run(*arguments, cwd=cwd, stdin=stdin, env=environment)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def as_json(*arguments: str, cwd: Path, status: int = 0) -> dict[str, object]:
    said: dict[str, object] = json.loads(
        footnote(*arguments, "--json", cwd=cwd, status=status).stdout
    )
    return said


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, indexed_examples: Path) -> Path:
    """A folder in which the example documents are indexed with the real model."""
    folder = tmp_path_factory.mktemp("indexed")
    copy_data(indexed_examples, folder / ".footnote")
    lines = EXAMPLES.read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / QUESTIONS).write_text("".join(lines[::3]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(indexed: Path) -> dict[str, object]:
    """A run of the example questions."""
    return as_json("eval", "run", QUESTIONS, cwd=indexed)


def test_a_run_has_its_promised_keys_and_its_record(indexed: Path, run: dict[str, object]) -> None:
    assert {"set", "run", "metrics", "questions", "settings"} <= run.keys()
    metrics = run["metrics"]
    assert isinstance(metrics, dict)
    assert {"ndcg@10", "f1", "citation_recall", "aurc", "auroc", "ms_p95"} <= metrics.keys()
    record = indexed / ".footnote" / "runs" / str(run["run"]) / "run.json"
    assert json.loads(record.read_text(encoding="utf-8")) == run


def test_the_same_run_again_asks_nothing_and_compares_as_no_change(
    indexed: Path, run: dict[str, object]
) -> None:
    again = as_json("eval", "run", QUESTIONS, cwd=indexed)
    assert again["counts"] == {"questions": ASKED, "failed": 0, "reused": ASKED}

    found = as_json("eval", "compare", str(run["run"]), str(again["run"]), cwd=indexed)

    assert found["passed"] is True
    differences = found["differences"]
    assert isinstance(differences, dict)
    assert {(d["mean"], d["p"]) for d in differences.values()} == {(0.0, 1.0)}


def test_a_worse_run_ends_the_comparison_with_status_one(
    indexed: Path, run: dict[str, object]
) -> None:
    config = indexed / "worse.toml"
    config.write_text("[models]\noffline_threshold = 0.99\n", encoding="utf-8")
    worse = as_json("--config", str(config), "eval", "run", QUESTIONS, cwd=indexed)
    runs = (str(run["run"]), str(worse["run"]))

    found = as_json("eval", "compare", *runs, cwd=indexed, status=1)
    text = footnote("eval", "compare", *runs, cwd=indexed, status=1).stdout

    assert found["passed"] is False
    assert "worse by more than the margin" in " ".join(text.split())


def test_a_margin_that_is_no_number_is_named(indexed: Path, run: dict[str, object]) -> None:
    runs = (str(run["run"]), str(run["run"]))

    done = footnote("eval", "compare", *runs, "--margin", "f1=a", cwd=indexed, status=2)

    assert "--margin 'f1=a': write a metric and a number" in done.stderr


def test_a_report_is_one_page_beside_the_record(indexed: Path, run: dict[str, object]) -> None:
    said = as_json("eval", "report", str(run["run"]), cwd=indexed)

    files = said["files"]
    assert isinstance(files, list)
    page, markdown = ((indexed / name).read_text(encoding="utf-8") for name in files)
    assert page.count('<details class="q') == ASKED
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert markdown.startswith("# questions")


def test_a_matrix_tries_every_combination(tmp_path: Path) -> None:
    document = "briefings/who-is-involved.md"
    (tmp_path / "briefings").mkdir()
    shutil.copyfile(EXAMPLES.parent / "documents" / document, tmp_path / document)
    lines = EXAMPLES.read_text(encoding="utf-8").splitlines(keepends=True)
    about = "".join(line for line in lines if document in line)
    (tmp_path / QUESTIONS).write_text(about, encoding="utf-8")
    footnote("index", "build", "briefings", cwd=tmp_path)
    axes = ("--matrix", "search.k=2,8", "--matrix", "index.chunk_tokens=60,200")

    found = as_json("eval", "run", QUESTIONS, "--retrieval-only", *axes, cwd=tmp_path)

    runs = found["runs"]
    assert isinstance(runs, list)
    assert [one["values"] for one in runs] == [
        {"search.k": k, "index.chunk_tokens": tokens} for k in (2, 8) for tokens in (60, 200)
    ]
    assert found["frontier"]
    assert (tmp_path / ".footnote" / "index" / "CURRENT").read_text().strip() == "gen-000001"


def test_questions_are_drafted_reviewed_and_asked(indexed: Path) -> None:
    drafted = as_json("eval", "generate", "--limit", "4", "--out", "mine.jsonl", cwd=indexed)
    added = drafted["added"]
    assert isinstance(added, list)
    assert len(added) == 4
    footnote("eval", "run", "mine.jsonl", cwd=indexed, status=2)

    by_hand = footnote(
        "eval", "review", "mine.jsonl", cwd=indexed, stdin="a\ne\nHow so?\nlike this\nr\nq\n"
    )

    assert "mine.jsonl: 2 questions, 1 drafts left" in by_hand.stdout
    result = as_json("eval", "run", "mine.jsonl", cwd=indexed)
    questions = result["questions"]
    assert isinstance(questions, list)
    assert questions[1]["question"] == "How so?"
    assert questions[1]["answers"] == ["like this"]


def test_feedback_becomes_drafts(indexed: Path) -> None:
    record = {"id": "q1", "question": "How many days?", "answer": "3 [1].", "rating": "down"}
    (indexed / "feedback.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")

    said = as_json("eval", "import-feedback", "feedback.jsonl", "--out", "fb.jsonl", cwd=indexed)

    assert said["added"] == ["feedback-q1"]
    assert '"verdict": "down"' in (indexed / "fb.jsonl").read_text(encoding="utf-8")


def test_judging_without_a_model_says_so(indexed: Path, run: dict[str, object]) -> None:
    done = footnote("eval", "judge", str(run["run"]), cwd=indexed, status=2)

    assert "no model is configured" in done.stderr


def judged_by(server: ModelServer, folder: Path) -> tuple[str, str]:
    """Settings whose model is *server*; its key is in the environment of every command here."""
    path = folder / "judge.toml"
    path.write_text(
        '[[models.providers]]\nname = "judge"\nkind = "openai_like"\nmodel = "scripted"\n'
        f'base_url = "{server.base_url}"\napi_key_env = "JUDGE_KEY"\n',
        encoding="utf-8",
    )
    return "--config", str(path)


def test_a_model_judges_a_run_and_what_it_does_not_judge_is_no_score(indexed: Path) -> None:
    asked = as_json("eval", "run", QUESTIONS, "--fresh", "--limit", "5", cwd=indexed)
    good = Reply(text='{"reason": "Most of it.", "score": 3}')
    with model_server(Reply(text="Yes, surely."), Reply(status=500), good) as server:
        config = judged_by(server, indexed)

        said = as_json(*config, "eval", "judge", str(asked["run"]), cwd=indexed)

    assert said["model"] == "judge (scripted)"
    metrics, untaken = said["metrics"], said["untaken"]
    assert isinstance(metrics, dict)
    assert isinstance(untaken, list)
    assert {round(metric["mean"], 6) for metric in metrics.values()} == {round(2 / 3, 6)}
    assert sum(metric["n"] for metric in metrics.values()) == len(server.requests) - 2
    assert [sum(reason in told for told in untaken) for reason in ("not JSON", "status 500")] == [
        1,
        1,
    ]
    system, user = (message["content"] for message in server.requests[0]["messages"])
    assert "nothing else" in system
    assert "You judge whether" in user
    record = json.loads(
        (indexed / ".footnote" / "runs" / str(asked["run"]) / "run.json").read_text("utf-8")
    )
    assert {name: found["n"] for name, found in metrics.items()} == {
        name: record["metrics"][name]["n"] for name in metrics
    }


def test_a_judge_that_is_refused_says_so_and_ends_with_status_one(
    indexed: Path, run: dict[str, object]
) -> None:
    with model_server(Reply(status=401)) as server:
        config = judged_by(server, indexed)

        done = footnote(*config, "eval", "judge", str(run["run"]), cwd=indexed, status=1)

    assert "judgements failed, such as" in done.stderr
    assert "refused with status 401" in done.stderr


def test_the_report_shows_how_far_a_judge_agrees_with_people(indexed: Path) -> None:
    rated = [
        {
            "task_id": str(number),
            "model_id": "m",
            "model_response": f"{number} days.",
            "annotations": {"appropriateness": {"a": {"value": str(number)}}},
        }
        for number in (1, 2, 3, 4)
    ]
    tasks = [{"task_id": str(n), "input": [{"text": "Days?"}]} for n in (1, 2, 3, 4)]
    labelled = {"documents": [], "tasks": tasks, "evaluations": rated}
    (indexed / "human.json").write_text(json.dumps(labelled), encoding="utf-8")
    replies = [Reply(text=json.dumps({"reason": "So.", "score": 2}))]
    with model_server(*replies) as server:
        config = judged_by(server, indexed)

        said = as_json(*config, "eval", "judge", "--human", "human.json", cwd=indexed)

    agreement = said["agreement"]
    assert isinstance(agreement, dict)
    # A judge that always says the same agrees with nobody: absent, not 0
    assert agreement["judge, relevancy"] == {"spearman": None, "kappa": None, "n": 4}
    assert len(server.requests) == 4  # nothing was asked that nobody has labelled


def test_a_model_drafts_questions(tmp_path: Path) -> None:
    (tmp_path / "fees.md").write_text("# Fees\n\nParking costs 3 euros a day.\n", encoding="utf-8")
    footnote("index", "build", "fees.md", cwd=tmp_path)
    draft = {"question": "What is parking?", "answer": "3 euros", "quote": "costs 3 euros a day"}
    with model_server(Reply(text=json.dumps(draft))) as server:
        config = judged_by(server, tmp_path)

        said = as_json(*config, "eval", "generate", "--model", cwd=tmp_path)

    assert said["drafted"] == 1
    written = json.loads((tmp_path / "questions-draft.jsonl").read_text(encoding="utf-8"))
    assert (written["question"], written["reviewed"]) == ("What is parking?", False)
    assert written["relevant"][0]["quote"] == "costs 3 euros a day"


def test_a_build_that_answers_worse_is_not_served(tmp_path: Path) -> None:
    documents = tmp_path / "docs"
    documents.mkdir()
    page = documents / "fees.md"
    page.write_text("# Fees\n\nParking costs 3 euros a day at every site.\n", encoding="utf-8")
    case = {"id": "1", "question": "What does parking cost?", "answers": ["3 euros"]}
    (tmp_path / "gate.jsonl").write_text(json.dumps(case) + "\n", encoding="utf-8")
    (tmp_path / "footnote.toml").write_text(
        '[[sources]]\npath = "docs"\n[eval.gate]\nset = "gate.jsonl"\n', encoding="utf-8"
    )
    footnote("index", "build", cwd=tmp_path)
    page.write_text("# Fees\n\nParking costs nothing since May, says the site lead.\n")

    built = as_json("index", "build", cwd=tmp_path, status=1)

    assert built["promoted"] is False
    gate = built["gate"]
    assert isinstance(gate, list)
    assert [check["name"] for check in gate if not check["passed"]] == ["questions"]

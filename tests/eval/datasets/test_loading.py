"""Question sets are read, and the errors of a wrong one are named."""

import hashlib
import json
from pathlib import Path

import pytest

from footnote_qa.bot.types import Turn
from footnote_qa.eval.datasets.loading import load
from footnote_qa.eval.errors import QuestionSetError
from footnote_qa.eval.types import Case, Place


def lines_file(folder: Path, *lines: str | bytes) -> Path:
    path = folder / "sample.jsonl"
    path.write_bytes(b"\n".join(x.encode() if isinstance(x, str) else x for x in lines))
    return path


def beir_folder(
    folder: Path,
    *,
    corpus: str | None = '{"_id": "d1", "text": "one"}\n{"_id": "d2", "text": "two"}\n',
    queries: str = '{"_id": "q1", "text": "first?"}\n',
    qrels: str = "query-id\tcorpus-id\tscore\nq1\td1\t1\n",
    meta: str | None = None,
) -> Path:
    set_folder = folder / "sample_set"
    set_folder.mkdir()
    contents = {
        "corpus.jsonl": corpus,
        "queries.jsonl": queries,
        "qrels.tsv": qrels,
        "meta.json": meta,
    }
    for name, text in contents.items():
        if text is not None:
            (set_folder / name).write_text(text, encoding="utf-8")
    return set_folder


def wrong_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(QuestionSetError) as caught:
        load(path)
    return caught.value.wrong


def test_every_field_of_a_line_is_read(tmp_path: Path) -> None:
    line = {
        "id": "1",
        "question": "How long?",
        "answers": ["two weeks", "14 days"],
        "answerable": True,
        "relevant": [
            {"document": "a.pdf", "page": 3, "quote": "two weeks"},
            {"document": "b.md", "heading": ["Leave", "Sick leave"]},
        ],
        "history": [{"role": "user", "content": "Am I insured?"}],
        "tags": ["leave"],
    }

    cases = load(lines_file(tmp_path, json.dumps(line))).cases

    assert cases == (
        Case(
            id="1",
            question="How long?",
            answers=("two weeks", "14 days"),
            answerable=True,
            relevant=(
                Place(document="a.pdf", page=3, quote="two weeks"),
                Place(document="b.md", heading=("Leave", "Sick leave")),
            ),
            history=(Turn(role="user", text="Am I insured?"),),
            tags=("leave",),
        ),
    )


def test_an_id_and_a_question_are_enough(tmp_path: Path) -> None:
    path = lines_file(tmp_path, '{"id": "1", "question": "Why?"}')

    questions = load(path)

    assert questions.cases == (Case(id="1", question="Why?"),)
    assert (questions.name, questions.corpus) == ("sample", None)
    assert questions.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_blank_lines_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    first, second = '{"id": "1", "question": "a"}\r', '{"id": "2", "question": "b"}\r'
    path = lines_file(tmp_path, b"\xef\xbb\xbf" + first.encode(), "\r", second, "")

    cases = load(path).cases

    assert [case.id for case in cases] == ["1", "2"]


def test_a_line_separator_inside_a_question_does_not_end_the_line(tmp_path: Path) -> None:
    path = lines_file(tmp_path, '{"id": "1", "question": "a\u2028b"}')

    cases = load(path).cases

    assert cases[0].question == "a\u2028b"


def test_one_message_names_every_wrong_line(tmp_path: Path) -> None:
    path = lines_file(
        tmp_path,
        '{"id": "1", "question": "fine?"}',
        b'{"id": "2", "question": "\xff"}',
        '{"id": "3", "question": ',
        '{"id": 4, "question": "", "relevant": [{"document": "d", "page": 0}]}',
        '{"id": "5", "question": "x", "answer": "y"}',
        '{"id": "1", "question": "again?"}',
        '{"id": "7", "question": "x", "answerable": false, "answers": ["y"]}',
        '{"id": "8", "question": "x", "history": [{"role": "system", "content": "y"}]}',
    )

    wrong = wrong_of(path)

    assert [entry.split(":")[0] for entry in wrong] == [
        f"sample.jsonl line {number}" for number in range(2, 9)
    ]
    assert "not UTF-8 at byte 25" in wrong[0]
    assert "Invalid JSON" in wrong[1]
    assert "id: should be a valid string" in wrong[2]
    assert "question: must not be blank" in wrong[2]
    assert "relevant.0.page: should be greater than or equal to 1" in wrong[2]
    assert "answer: there is no such field" in wrong[3]
    assert "the id '1' occurs before" in wrong[4]
    assert wrong[5].endswith("line 7: answerable is false, but answers, must or relevant are given")
    assert "history.0.role: should be 'user' or 'assistant'" in wrong[6]


def test_a_long_list_of_wrong_lines_is_cut_and_counted(tmp_path: Path) -> None:
    path = lines_file(tmp_path, *["{"] * 25)

    with pytest.raises(QuestionSetError) as caught:
        load(path)

    shown = str(caught.value).splitlines()
    assert len(shown) == 22
    assert "line 20:" in shown[20]
    assert shown[21] == "  and 5 more"


def test_a_set_without_questions_is_not_a_set(tmp_path: Path) -> None:
    assert wrong_of(lines_file(tmp_path, "")) == ("it holds no question",)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuestionSetError, match=r"missing\.jsonl is not a usable question set"):
        load(tmp_path / "missing.jsonl")


def test_a_folder_that_is_not_a_beir_folder_says_what_it_lacks(tmp_path: Path) -> None:
    assert wrong_of(tmp_path) == ("there is no queries.jsonl and no qrels.tsv in it",)


def test_a_folder_becomes_cases_with_their_relevant_documents(tmp_path: Path) -> None:
    folder = beir_folder(
        tmp_path,
        queries='{"_id": "q1", "text": "first?", "answers": ["one"], "type": "easy", "more": 1}\n'
        '{"_id": "q2", "text": "second?", "answerable": false}\n',
        qrels="query-id\tcorpus-id\tscore\nq1\td2\t2\nq1\td1\t0\n",
    )

    questions = load(folder)

    assert questions.cases == (
        Case(
            id="q1",
            question="first?",
            answers=("one",),
            relevant=(Place(document="d2", grade=2),),
            tags=("easy",),
        ),
        Case(id="q2", question="second?", answerable=False),
    )
    assert questions.name == "sample_set"
    assert questions.corpus == folder / "corpus.jsonl"


def test_judgements_need_no_heading_line(tmp_path: Path) -> None:
    questions = load(beir_folder(tmp_path, qrels="q1\td1\t1\n"))

    assert questions.cases[0].relevant == (Place(document="d1"),)


def test_one_message_names_every_wrong_judgement(tmp_path: Path) -> None:
    folder = beir_folder(
        tmp_path,
        queries='{"_id": "q1", "text": "a"}\n{"_id": "q2", "text": "b", "answerable": false}\n',
        qrels="query-id\tcorpus-id\tscore\n"
        "q1\td9\t1\nq9\td1\t1\nq1 d1 1\nq1\td1\thigh\nq1\td1\t1\nq1\td1\t1\nq2\td1\t1\n",
    )

    wrong = wrong_of(folder)

    assert wrong == (
        "qrels.tsv line 2: there is no document 'd9'",
        "qrels.tsv line 3: there is no question 'q9'",
        "qrels.tsv line 4: 1 fields between tabs, not query-id, corpus-id, score",
        "qrels.tsv line 5: the score 'high' is not an integer",
        "qrels.tsv line 7: 'q1' and 'd1' occur before",
        "qrels.tsv line 8: question 'q2' is unanswerable, but this is relevant",
    )


def test_a_broken_document_is_not_blamed_on_the_judgements(tmp_path: Path) -> None:
    folder = beir_folder(tmp_path, corpus='{"_id": "d1"}\n{"_id": "d2", "text": "two"}\n')

    wrong = wrong_of(folder)

    assert wrong == ("corpus.jsonl line 1: text: is missing",)


def test_a_document_id_that_occurs_twice_is_named(tmp_path: Path) -> None:
    twice = '{"_id": "d1", "text": "one"}\n'

    assert wrong_of(beir_folder(tmp_path, corpus=twice * 2)) == (
        "corpus.jsonl line 2: the id 'd1' occurs before",
    )


@pytest.mark.parametrize("corpus", [None, ""])
def test_without_documents_the_set_has_no_corpus_of_its_own(
    tmp_path: Path, corpus: str | None
) -> None:
    questions = load(beir_folder(tmp_path, corpus=corpus))

    assert questions.corpus is None
    assert questions.cases[0].relevant == (Place(document="d1"),)


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_the_digest_changes_with_each_file(tmp_path: Path, name: str) -> None:
    folder = beir_folder(tmp_path)
    before = load(folder).digest

    with (folder / name).open("a") as file:
        file.write("\n")

    assert load(folder).digest != before


def test_what_others_score_is_taken_from_meta_json(tmp_path: Path) -> None:
    meta = {"baselines": {"bm25_x": {"last": {"ndcg@10": 0.7, "note": "y"}}, "other": None}}

    baselines = load(beir_folder(tmp_path, meta=json.dumps(meta))).baselines

    assert [(b.name, dict(b.scores)) for b in baselines] == [("bm25_x", {"ndcg@10": 0.7})]


@pytest.mark.parametrize("meta", ["[]", "{}", '{"baselines": 3}', '{"baselines": {"x": 1}}'])
def test_a_meta_json_of_another_shape_brings_no_baselines(tmp_path: Path, meta: str) -> None:
    assert load(beir_folder(tmp_path, meta=meta)).baselines == ()


def test_a_broken_meta_json_is_named(tmp_path: Path) -> None:
    wrong = wrong_of(beir_folder(tmp_path, meta="{"))

    assert len(wrong) == 1
    assert wrong[0].startswith("meta.json: ")


@pytest.mark.slow
def test_a_hundred_thousand_questions_are_read_and_their_mistakes_counted(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    lines = [json.dumps({"id": str(n), "question": f"Question {n}?"}) for n in range(100_000)]
    path.write_text("\n".join(lines), encoding="utf-8")

    assert len(load(path).cases) == 100_000

    path.write_text("\n".join([*lines, *lines[:5000]]), encoding="utf-8")
    with pytest.raises(QuestionSetError, match="and 4980 more") as caught:
        load(path)
    assert len(caught.value.wrong) == 5000


def test_a_span_has_two_ends_in_their_order(tmp_path: Path) -> None:
    lines = [
        {"id": "1", "question": "?", "relevant": [{"document": "a", "start": 3}]},
        {"id": "2", "question": "?", "relevant": [{"document": "a", "start": 3, "end": 3}]},
        {"id": "3", "question": "?", "relevant": [{"document": "a", "start": 3, "end": 4}]},
    ]
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    with pytest.raises(QuestionSetError) as caught:
        load(path)

    assert [entry.partition(": ")[2] for entry in caught.value.wrong] == [
        "relevant.0: give both start and end, or neither",
        "relevant.0: start is not before end",
    ]

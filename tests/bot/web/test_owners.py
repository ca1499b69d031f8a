"""The pages for owners: gaps, answers thought wrong, test cases and verified answers."""

import asyncio
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from footnote_qa.bot.state import AskedRepository, Rating, Received, verified_answers
from footnote_qa.bot.types import Status
from footnote_qa.bot.web.backend import Backend, Opened
from footnote_qa.bot.web.grouping import group_by_meaning
from footnote_qa.bot.web.overview import WEEKS, Overviews
from footnote_qa.bot.web.question_reader import QuestionReader
from footnote_qa.bot.web.viewers import Role
from footnote_qa.index.embedding import OnnxEncoder
from footnote_qa.index.sources import SourceSpec
from tests.fakes import web
from tests.fakes.asked_questions import ODD, TOPICS
from tests.fakes.building import make_builder
from tests.fakes.embedder import HashEmbedder
from tests.fakes.web import DOCUMENTS, Pages

NOW = datetime.now(UTC)
OWNER = frozenset({Role.READER, Role.OWNER})
BOARD = frozenset({"board"})


def run(work: Any) -> Any:
    async def main() -> Any:
        return await work

    return asyncio.run(main())


def keep(
    pages: Pages,
    id_: str,
    question: str,
    *,
    user: str = "U1",
    status: Status = Status.NOT_FOUND,
    days_ago: float = 0.0,
    team: str = "T1",
    channel: str = "C1",
) -> None:
    """Store an answer as Slack or the pages do."""
    received = Received(
        event_id=id_, team=team, channel=channel, ts=id_, thread_ts=id_, user=user, text=question
    )
    text = "Yes." if status is Status.ANSWERED else ""
    answer = replace(web.an_answer(text, status=status), ms=1500.0)
    pages.site.answers.keep(id_, received, question, answer)
    at = (NOW - timedelta(days=days_ago)).timestamp()
    with pages.database.sql() as sql:
        sql.execute("UPDATE answer SET at = :at WHERE question_id = :id", {"at": at, "id": id_})


def read_all(pages: Pages) -> None:
    while pages.site.overviews.read_questions(pages.index):
        pass


def model(pages: Pages) -> str:
    return pages.index.generation.manifest.fingerprint


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/owners"), ("GET", "/owners/gaps/q1"), ("GET", "/owners/answers/q1")),
        *(("POST", "/owners/cases"), ("POST", "/owners/verified")),
        *(("POST", "/owners/verified/x.md/review"), ("POST", "/owners/verified/x.md/withdraw")),
    ],
)
def test_the_pages_are_for_owners_alone(pages: Pages, method: str, path: str) -> None:
    keep(pages, "q1", "parking for dogs?")
    read_all(pages)
    reader = pages.sign_in(roles=frozenset({Role.READER, Role.OPERATOR}))

    reply = run(reader.get(path) if method == "GET" else reader.post(path, {"id": "q1"}))

    assert reply.status_code == 404
    assert "dogs" not in reply.text
    assert "What people ask" not in run(reader.get("/")).text


def test_questions_of_one_meaning_are_one_gap_with_its_count_people_and_weeks(
    pages: Pages,
) -> None:
    for n, (question, user, days) in enumerate(
        [
            ("parking for dogs", "U1", 1),
            ("parking for dogs please", "U2", 2),
            ("Parking  for DOGS", "U1", 40),
            ("canteen menu friday", "U3", 3),
        ]
    ):
        keep(pages, f"q{n}", question, user=user, days_ago=days)
    keep(pages, "yes", "parking for dogs", status=Status.ANSWERED)
    read_all(pages)

    counted = pages.site.overviews.overview(model(pages), NOW)

    first, second = counted.gaps
    assert (first.count, first.people, second.count) == (3, 2, 1)
    assert {row.id for row in first.rows} == {"q0", "q1", "q2"}
    assert sum(first.weeks) == 3
    assert first.trend == 1
    assert counted.ungrouped == 0
    assert counted.weeks[-1].asked + counted.weeks[-2].asked == 4


def test_the_page_lists_the_largest_gap_first_and_leads_to_its_wordings(pages: Pages) -> None:
    for n in range(3):
        keep(pages, f"q{n}", f"parking for dogs {'please ' * n}", user=f"U{n}")
    keep(pages, "other", "canteen menu friday")
    read_all(pages)
    owner = pages.sign_in(roles=OWNER)

    overview = run(owner.get("/owners")).text
    address = re.search(r'href="(/owners/gaps/[^"]+)"', overview)
    assert address is not None
    detail = run(owner.get(address[1])).text

    assert overview.index("parking for dogs") < overview.index("canteen menu")
    assert "3 people" in overview
    assert "Asked 3 times by 3 people" in detail
    assert "parking for dogs please please" in detail
    assert "Parking costs three euros a day." in detail  # the nearest passage


def test_questions_that_are_not_read_yet_are_counted(pages: Pages) -> None:
    keep(pages, "q1", "parking for dogs")
    owner = pages.sign_in(roles=OWNER)

    before = run(owner.get("/owners")).text
    read_all(pages)
    after = run(owner.get("/owners")).text

    assert "1 question is still being read" in before
    assert "/owners/gaps/" not in before
    assert "still being read" not in after
    assert "/owners/gaps/q1" in after


def test_new_questions_are_read_in_the_background(pages: Pages) -> None:
    keep(pages, "q1", "parking for dogs")

    AskedRepository(pages.database).catch_up()
    with QuestionReader(pages.site.backend, pages.site.overviews, every_s=0.01):
        until = time.monotonic() + 30
        while AskedRepository(pages.database).without_vector(model(pages), limit=1):
            assert time.monotonic() < until
            time.sleep(0.01)

    assert pages.site.overviews.overview(model(pages), NOW).gaps[0].count == 1


def test_the_reader_of_questions_outlives_an_error(pages: Pages) -> None:
    calls = 0
    opened = pages.site.backend.opened()

    def failing_first() -> Opened:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise RuntimeError("away")
        return opened

    keep(pages, "q1", "parking for dogs")
    AskedRepository(pages.database).catch_up()
    with QuestionReader(Backend(failing_first), pages.site.overviews, every_s=0.01):
        until = time.monotonic() + 30
        while AskedRepository(pages.database).without_vector(model(pages), limit=1):
            assert time.monotonic() < until
            time.sleep(0.01)

    assert calls >= 3


def test_questions_that_are_erased_are_in_no_overview(pages: Pages) -> None:
    keep(pages, "q1", "canary parking", user="U1")
    keep(pages, "q2", "canary parking again", user="U2")
    keep(pages, "q3", "canary old", user="U3", days_ago=60)
    read_all(pages)

    pages.site.answers.forget_user("U1")
    pages.site.answers.forget_question("q2")
    pages.site.answers.prune(keep_days=30)

    with pages.database.sql() as sql:
        assert sql.execute("SELECT count(*) FROM asked").fetchone()[0] == 0
    assert pages.site.overviews.overview(model(pages), NOW).gaps == ()


def test_an_answer_that_is_given_again_is_counted_as_it_is_now(pages: Pages) -> None:
    keep(pages, "q1", "parking for dogs", days_ago=1)
    read_all(pages)
    keep(pages, "q1", "parking for dogs", status=Status.ANSWERED)

    counted = pages.site.overviews.overview(model(pages), NOW)

    assert counted.gaps == ()
    assert sum(week.asked for week in counted.weeks) == 1


def test_vectors_of_another_model_are_not_compared(pages: Pages) -> None:
    keep(pages, "q1", "parking for dogs")
    read_all(pages)

    counted = pages.site.overviews.overview("other", NOW)

    assert (counted.gaps, counted.ungrouped) == ((), 1)


def test_weeks_have_their_questions_refusals_times_and_places(pages: Pages) -> None:
    monday = NOW - timedelta(days=NOW.weekday())
    age = (NOW - monday).days
    keep(pages, "a", "x", status=Status.ANSWERED, days_ago=age + 3)
    keep(pages, "b", "y", days_ago=age + 4, team="web", channel="web")
    keep(pages, "c", "z", days_ago=age + 5, team="web", channel="api:1")

    week = pages.site.overviews.overview(model(pages), NOW).weeks[-2]

    assert (week.asked, week.gaps, week.median_ms, week.slow_ms) == (3, 2, 1500.0, 1500.0)
    assert week.places == {"slack": 1, "web": 1, "api": 1}
    assert round(week.refusal_share, 3) == 0.667


def test_an_answer_thought_wrong_is_shown_with_what_people_said(pages: Pages) -> None:
    ann, owner = pages.sign_in("ann"), pages.sign_in("own", roles=OWNER)
    run(ann.ask("leave?"))
    with pages.database.sql() as sql:
        id_ = sql.execute("SELECT question_id FROM answer").fetchone()[0]
    pages.site.answers.rate(id_, "ann", Rating.DOWN)
    pages.site.answers.explain(id_, "ann", reason="outdated", comment="It is forty.")

    overview = run(owner.get("/owners")).text
    shown = run(owner.get(f"/owners/answers/{id_}")).text

    assert f"/owners/answers/{id_}" in overview
    assert "outdated: It is forty." in shown
    assert "<em>thirty days</em>" in shown


def test_an_owner_sees_no_answer_from_documents_of_other_groups(pages: Pages) -> None:
    eve = pages.sign_in("eve", audience=BOARD)
    run(eve.ask("salary of the director"))
    with pages.database.sql() as sql:
        id_ = sql.execute("SELECT question_id FROM answer").fetchone()[0]
    pages.site.answers.rate(id_, "eve", Rating.DOWN)
    owner = pages.sign_in("own", roles=OWNER)

    shown = run(owner.get(f"/owners/answers/{id_}")).text
    ours = run(pages.sign_in("b", audience=BOARD, roles=OWNER).get(f"/owners/answers/{id_}")).text

    assert "ninety thousand" not in shown
    assert "that you may not see" in shown
    assert "ninety thousand" in ours


def test_one_click_makes_a_test_case_once(pages: Pages) -> None:
    keep(pages, "q1", "parking for dogs")
    owner = pages.sign_in(roles=OWNER)
    fields = {
        "id": "q1",
        "question": "May dogs park?",
        "answers": " No. \n\nNo.\nNever.",
        "answerable": "1",
    }

    made = run(owner.post("/owners/cases", fields, **{"X-Partial": "1"}))
    again = run(owner.post("/owners/cases", fields, **{"X-Partial": "1"}))
    nothing = run(owner.post("/owners/cases", fields | {"question": " "}))
    unknown = run(owner.post("/owners/cases", fields | {"id": "q9"}))

    (case,) = pages.cases
    assert (case.id, case.question) == ("web-q1", "May dogs park?")
    assert (case.answers, case.answerable, case.is_complete) == (("No.", "Never."), True, True)
    assert "It is a test case now." in made.text
    assert "It was a test case already." in again.text
    assert (nothing.status_code, unknown.status_code) == (400, 404)


def test_a_question_that_must_not_be_answered_is_a_complete_case(pages: Pages) -> None:
    keep(pages, "q1", "parking for dogs")
    owner = pages.sign_in(roles=OWNER)

    run(
        owner.post(
            "/owners/cases", {"id": "q1", "question": "x", "answerable": "0", "answers": "y"}
        )
    )

    assert (pages.cases[0].answers, pages.cases[0].is_complete) == ((), True)


def verify(pages: Pages, id_: str = "q1", **fields: str) -> httpx.Response:
    owner = pages.sign_in("own", audience=fields.pop("as_", None) or None, roles=OWNER)  # type: ignore[arg-type]  # None is everything
    form = {"id": id_, "question": "May dogs park?", "answer": "No [1]. Never [2].", **fields}
    reply: httpx.Response = run(owner.post("/owners/verified", form))
    return reply


def test_a_verified_answer_becomes_a_document_with_a_name_a_date_and_a_day_of_review(
    pages: Pages,
) -> None:
    keep(pages, "q1", "parking for dogs")
    day = (NOW + timedelta(days=90)).date()

    reply = verify(pages, review_on=day.isoformat())

    (file,) = pages.site.answers_folder.glob("*.md")
    assert reply.headers["location"] == "/owners"
    assert file.read_text() == (
        f"# May dogs park?\n\nNo. Never.\n\nVerified by Own on {NOW:%Y-%m-%d}. Review by {day}.\n"
    )
    (known,) = verified_answers(pages.database)
    assert (known.file, known.question, known.review_on) == (file.name, "May dogs park?", day)


def test_a_verified_answer_is_cited_and_shown_as_one_after_the_next_build(
    pages: Pages, folder: Path, embedder: HashEmbedder
) -> None:
    keep(pages, "q1", "parking for dogs")
    verify(pages, answer="Dogs never park.")
    (file,) = pages.site.answers_folder.glob("*.md")
    sources = [
        SourceSpec(path=str(folder / "documents"), name="docs"),
        SourceSpec(path=str(pages.site.answers_folder), name="answers"),
    ]
    owner = pages.sign_in(roles=OWNER)
    before = run(owner.get("/owners")).text

    make_builder(folder, embedder, force=True).build(sources)
    pages.engine.quotes["dogs"] = (f"answers/{file.name}", "Dogs never park.")
    answer = run(owner.stream("Where do dogs park?")).text
    after = run(owner.get("/owners")).text

    assert "Dogs never park" in answer
    assert "Verified answer" in answer
    assert "Verified answer" not in run(owner.stream("leave?")).text
    assert "After the next build" in before
    assert "In use" in after


def test_a_verified_answer_is_out_of_date_when_its_documents_change_or_its_day_comes(
    pages: Pages, folder: Path, embedder: HashEmbedder
) -> None:
    owner = pages.sign_in(roles=OWNER)
    run(owner.ask("leave?"))
    with pages.database.sql() as sql:
        id_ = sql.execute("SELECT question_id FROM answer").fetchone()[0]
    verify(pages, id_)
    (known,) = verified_answers(pages.database)
    fresh = run(owner.get("/owners")).text

    web.build(folder, embedder, DOCUMENTS | {"leave.md": "# Leave\n\nForty days.\n"})
    changed = run(owner.get("/owners")).text
    run(owner.post(f"/owners/verified/{known.file}/review"))
    reviewed = run(owner.get("/owners")).text
    with pages.database.sql() as sql:
        sql.execute("UPDATE approved SET review_at = :at", {"at": NOW.timestamp() - 86400})
    due = run(owner.get("/owners")).text

    assert known.quoted.keys() == {"leave.md"}
    assert ["Out of date" in page for page in (fresh, changed, reviewed, due)] == [
        *(False, True, False, True)
    ]
    assert "changed since: leave.md" in changed


def test_a_reviewed_answer_keeps_its_words_and_gets_a_new_date(pages: Pages) -> None:
    keep(pages, "q1", "parking for dogs")
    verify(pages, answer="Verified by nobody. Review it.")
    (known,) = verified_answers(pages.database)
    day = (NOW + timedelta(days=300)).date()
    other = pages.sign_in("zoe", roles=OWNER)

    run(other.post(f"/owners/verified/{known.file}/review", {"review_on": day.isoformat()}))

    text = (pages.site.answers_folder / known.file).read_text()
    assert "Verified by nobody. Review it." in text
    assert f"Verified by Zoe on {NOW:%Y-%m-%d}. Review by {day}." in text
    assert verified_answers(pages.database)[0].review_on == day


def test_a_withdrawn_answer_is_gone(pages: Pages) -> None:
    keep(pages, "q1", "parking for dogs")
    verify(pages)
    (known,) = verified_answers(pages.database)
    owner = pages.sign_in(roles=OWNER)

    done = run(owner.post(f"/owners/verified/{known.file}/withdraw"))
    again = run(owner.post(f"/owners/verified/{known.file}/withdraw"))

    assert (done.status_code, again.status_code) == (303, 404)
    assert list(pages.site.answers_folder.glob("*.md")) == []
    assert verified_answers(pages.database) == []


@pytest.mark.parametrize("file", ["..%2F..%2Fstate.sqlite", "%2e%2e", "nothing.md"])
def test_no_other_file_is_withdrawn_or_reviewed(pages: Pages, file: str) -> None:
    owner = pages.sign_in(roles=OWNER)

    for action in ("withdraw", "review"):
        assert run(owner.post(f"/owners/verified/{file}/{action}")).status_code == 404


@pytest.mark.parametrize(
    ("groups", "status"), [("", 400), ("staff", 400), ("board, staff", 400), ("board", 303)]
)
def test_a_verified_answer_is_for_no_more_people_than_what_it_quotes(
    pages: Pages, groups: str, status: int
) -> None:
    run(pages.sign_in("eve", audience=BOARD).ask("salary of the director"))
    with pages.database.sql() as sql:
        id_ = sql.execute("SELECT question_id FROM answer").fetchone()[0]

    reply = verify(pages, id_, answer="Ninety thousand.", groups=groups)

    files = list(pages.site.answers_folder.glob("*.md"))
    assert reply.status_code == status
    assert len(files) == (status == 303)
    assert all("audience: [board]" in file.read_text() for file in files)


def test_an_owner_names_only_groups_of_their_own(pages: Pages) -> None:
    keep(pages, "q1", "parking for dogs")
    owner = pages.sign_in("own", audience=frozenset({"staff"}), roles=OWNER)
    form = {"id": "q1", "question": "x", "answer": "y"}

    statuses = [
        run(owner.post("/owners/verified", form | {"groups": groups})).status_code
        for groups in ("board", "staff]\nevil: x", "staff")
    ]

    assert statuses == [400, 400, 303]


@pytest.mark.parametrize("day", ["yesterday", "2020-01-01", "9999-01-01", "2026-02-30"])
def test_an_odd_day_of_review_is_refused(pages: Pages, day: str) -> None:
    keep(pages, "q1", "parking for dogs")

    assert verify(pages, review_on=day).status_code == 400
    assert verified_answers(pages.database) == []


def test_the_name_of_a_person_who_is_forgotten_leaves_verified_answers(pages: Pages) -> None:
    from footnote_qa.bot.state import unname

    keep(pages, "q1", "parking for dogs")
    verify(pages)

    unname(pages.database, pages.site.answers_folder, "own")

    (file,) = pages.site.answers_folder.glob("*.md")
    assert "Verified by a colleague on" in file.read_text()


def test_a_log_of_five_thousand_questions_is_grouped_in_time(pages: Pages) -> None:
    """Time of the processor, because the machine may be busy; the aim on the clock is 300 ms."""
    wordings = [f"{q} {n % 40}" for qs in TOPICS.values() for q in qs for n in range(70)][:5000]
    rng = np.random.default_rng(0)
    with pages.database.transaction() as sql:
        for n, question in enumerate(wordings):
            values: dict[str, object] = {"id": f"q{n}", "user": f"U{n % 300}", "q": question}
            at = NOW.timestamp() - float(rng.uniform(0, WEEKS * 6 * 86400))
            sql.execute(
                'INSERT INTO asked (question_id, team, channel, "user", question, status,'
                " answerer, ms, at) VALUES (:id, 'T', 'C', :user, :q, 'not_found', '', 9.0, :at)",
                values | {"at": at},
            )
            sql.execute(
                'INSERT INTO answer (question_id, team, channel, thread_ts, "user", question,'
                " record, at) VALUES (:id, 'T', 'C', :id, :user, :q, '{}', :at)",
                values | {"at": at},
            )
    while pages.site.overviews.read_questions(pages.index, most=1000):
        pass
    owner = pages.sign_in(roles=OWNER)
    run(owner.get("/owners"))

    began = time.process_time()
    page = run(owner.get("/owners"))
    warm_s = time.process_time() - began
    began = time.process_time()
    counted = Overviews(AskedRepository(pages.database)).overview(model(pages), NOW)
    cold_s = time.process_time() - began

    assert page.status_code == 200
    assert sum(gap.count for gap in counted.gaps) == 5000
    assert warm_s < 0.6
    assert cold_s < 2.0


@pytest.mark.slow
def test_the_ten_largest_gaps_are_those_of_a_hand_count(exported_model: Path) -> None:
    """On wordings that real people would use, with the real model."""
    encoder = sorted(exported_model.rglob("encoder.json"))[0]
    encode = OnnxEncoder(encoder.parent).encode
    asked = [(topic, words) for topic, some in TOPICS.items() for words in some]
    counts = {topic: 3 + 2 * n for n, topic in enumerate(TOPICS)}
    log = [one for one in asked for _ in range(counts[one[0]])] + [("odd", q) for q in ODD]
    order = np.random.default_rng(1).permutation(len(log))
    vectors = encode([log[n][1] for n in order])

    groups = group_by_meaning(vectors)

    found = [(len(group), {log[order[row]][0] for row in group}) for group in groups]
    largest = sorted(counts, key=lambda topic: -counts[topic])[:10]
    assert found[:10] == [(6 * counts[topic], {topic}) for topic in largest]
    assert found.count((1, {"odd"})) == len(ODD)

import pytest

from footnote_qa.bot.engine.searches import has_hops, merged, next_hops, search_all, searches_in
from footnote_qa.bot.types import Question
from footnote_qa.index.types import Passage, SearchResult
from tests.fakes.searcher import CREATED_AT, MemorySearcher, a_chunk, a_passage


@pytest.mark.parametrize(
    ("question", "searches"),
    [
        ("Overtime vs comp time?", ("Overtime", "comp time")),
        ("Compare Plan A with Plan B", ("Plan A", "Plan B")),
        ("Are Christopher Nolan and Sathish Kalathil both directors?", None),
        ("Which is older, Guitar World or Science News?", ("Guitar World", "Science News")),
        ("How long is jury leave? Who pays for the court trip?", None),
        ("How long is parental leave?", ()),
        ("Can I work from home or do I have to come in?", ()),
        ('What is "use or lose"?', ()),
    ],
)
def test_question_is_split_where_it_asks_about_several_things(
    question: str, searches: tuple[str, ...] | None
) -> None:
    made = searches_in(question)

    assert made == searches if searches is not None else len(made) == 2


@pytest.mark.parametrize("question", ["How many days of leave do I have?", "Who pays?", ""])
def test_plain_question_has_no_hops(question: str) -> None:
    assert not has_hops(question)


def test_next_hop_searches_what_is_left_with_the_names_of_the_best_passage() -> None:
    question = "Who was the first president of the association which published the Journal of Tea?"
    best = a_passage("The Journal of Tea was published by the Guild of Brewers.", title="Journal")

    (hop,) = next_hops(question, [best])

    assert "president" in hop
    assert "Guild of Brewers" in hop
    assert "Journal" not in hop


def result(*passages: Passage) -> SearchResult:
    return SearchResult(passages=passages, generation="g", created_at=CREATED_AT, ms=0.0)


def test_merged_results_keep_the_best_in_front_and_rank_again() -> None:
    ours = [a_passage(str(at), rank=at, id=at) for at in range(1, 8)]
    other = a_passage("other", rank=1, id=99)

    found = merged(result(*ours), [result(other, ours[0])], k=16)

    assert [one.chunk.id for one in found.passages] == [1, 2, 3, 4, 99, 5, 6, 7]
    assert [one.rank for one in found.passages] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_few_passages_leave_room_for_those_of_the_other_searches() -> None:
    ours = [a_passage(str(at), rank=at, id=at) for at in range(1, 5)]

    found = merged(result(*ours), [result(a_passage("other", id=99))], k=4)

    assert [one.chunk.id for one in found.passages] == [1, 99, 2, 3]


def test_passage_of_another_search_is_not_taken_for_similar_to_the_question() -> None:
    def similar(id_: int, cosine: float) -> Passage:
        chunk = a_chunk(str(id_), id=id_)
        return Passage(chunk=chunk, rank=1, fused=1.0, cosine=cosine, bm25=None)

    found = merged(result(similar(1, 0.7), similar(2, 0.2)), [result(similar(3, 0.95))], k=3)

    assert {one.chunk.id: one.cosine for one in found.passages} == {1: 0.7, 2: 0.2, 3: 0.2}


def test_evidence_of_the_second_hop_is_found() -> None:
    journal = a_chunk("The Journal of Tea was published by the Guild of Brewers.", id=1)
    president = a_chunk("Guild of Brewers: the first chair was Ann Lee.", id=2, document="g.md")
    others = [
        a_chunk(f"The {at} of the which was the by.", id=at, document="x.md")
        for at in range(10, 30)
    ]
    searcher = MemorySearcher([journal, *others, president])
    question = "Who was first chair of the association which published the Journal of Tea?"

    found = search_all(searcher, Question(text=question), k=6)

    assert {1, 2} <= {one.chunk.id for one in found.passages}
    assert len(searcher.asked) > 1


def test_every_search_has_the_audience_of_the_person() -> None:
    searcher = MemorySearcher([a_chunk("Plan A costs 3.", id=1), a_chunk("Plan B costs 4.", id=2)])
    audience = frozenset({"hr"})

    search_all(searcher, Question(text="Plan A vs Plan B?", audience=audience), k=4)

    assert [one for _, one in searcher.asked] == [audience] * 3

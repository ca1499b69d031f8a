"""Reads the weights of a network that ships, in eight bits, back into thirty-two."""

import re
from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

_LINEAR = re.compile(r"/(?P<path>.+?)/(?:Gemm_)?MatMul_quant")


def shipped_weights(file: Path) -> dict[str, Tensor]:
    """Return the weights of an exported network by the names of the network in `training.network`.

    Args:
        file: As `training.export` wrote it.
    """
    graph = onnx.load(str(file)).graph
    held = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    found: dict[str, Tensor] = {}
    for name, values in held.items():
        if values.dtype.kind == "f" and "::" not in name and not name.endswith("_scale"):
            found[name] = torch.tensor(values)
    for name, values in held.items():
        if name.endswith(".weight_quantized") and not name.endswith("_Transposed_quantized"):
            plain = name.removesuffix("_quantized")
            scale, zero = held[f"{plain}_scale"], held[f"{plain}_zero_point"]
            found[plain] = torch.tensor((values.astype("float32") - zero) * scale)
    for path, weight in _linear(graph):
        values, scale, zero = (
            held[f"{weight}_{part}"] for part in ("quantized", "scale", "zero_point")
        )
        found[f"{path}.weight"] = torch.tensor(((values.astype("float32") - zero) * scale).T.copy())
    return found


def _linear(graph: onnx.GraphProto) -> Iterator[tuple[str, str]]:
    """Yield the path of each linear layer with the name of its weight."""
    for node in graph.node:
        named = _LINEAR.fullmatch(node.name)
        if node.op_type == "MatMulInteger" and named is not None:
            # "/answerable/answerable.0/Gemm_…" is the layer "answerable.0"
            steps = named["path"].split("/")
            path = steps[-1] if steps[-1].startswith(f"{steps[0]}.") else ".".join(steps)
            yield _once(path), node.input[1].removesuffix("_quantized")


def _once(path: str) -> str:
    """Return a path of modules without the name that the exporter repeats."""
    return re.sub(r"^encoder\.encoder\.layer", "encoder.encoder.layer", path)

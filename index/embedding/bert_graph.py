"""Build the ONNX graph of a BERT sentence model from its weights, without torch."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Floats = NDArray[np.float32]

_OPSET = 17
_IR = 8  # what the oldest ONNX Runtime that knows the opset reads
_HALF_FROM = 1024  # a tensor with fewer numbers is stored in 32 bits
_EXCLUDED = -1e9  # added to the weight of padding before the softmax


class BertShape(Protocol):
    """The sizes of a BERT network."""

    @property
    def hidden(self) -> int:
        """Length of a vector."""

    @property
    def layers(self) -> int:
        """How many layers."""

    @property
    def heads(self) -> int:
        """How many heads of attention each layer has."""

    @property
    def epsilon(self) -> float:
        """A small number that a normalization adds to the variance."""


def bert_graph(
    weights: Mapping[str, Floats], shape: BertShape, *, half: bool = False
) -> onnx.ModelProto:
    """Return a graph from `input_ids` and `attention_mask` to `vector`.

    The vector is the mean over the tokens of the last layer, of length 1, as sentence-transformers
    computes it with the modules Transformer, mean Pooling and Normalize.

    Args:
        weights: Tensors by their names in a BERT checkpoint; a pooler is not needed.
        shape: Its sizes.
        half: Store large tensors in 16 bits. The runtime computes in 32 bits either way.
    """
    made = _Graph(weights, half=half)
    last = made.layers(made.embed(shape), made.mask(), shape)
    made.vector(last)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", shape.hidden])
    graph = helper.make_graph(made.nodes, "bert", inputs, [output], made.tensors)
    opset = helper.make_opsetid("", _OPSET)
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=[opset], ir_version=_IR)
    return model


class _Graph:
    """Nodes and tensors, added one after the other."""

    def __init__(self, weights: Mapping[str, Floats], *, half: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self._weights, self._half = weights, half

    def add(self, kind: str, *inputs: str, to: str, **attributes: object) -> str:
        """Add a node, and return the name of its output."""
        node = helper.make_node(kind, list(inputs), [to], name=to)
        for name, value in attributes.items():
            # "to" is both ours and the attribute of Cast
            node.attribute.append(helper.make_attribute("to" if name == "into" else name, value))
        self.nodes.append(node)
        return to

    def numbers(self, name: str, *values: int) -> str:
        """Add a list of integers."""
        self.tensors.append(numpy_helper.from_array(np.array(values, dtype=np.int64), name))
        return name

    def number(self, name: str, value: float) -> str:
        """Add one number."""
        self.tensors.append(numpy_helper.from_array(np.array(value, dtype=np.float32), name))
        return name

    def tensor(self, name: str, values: Floats) -> str:
        """Add a tensor of the network."""
        if not self._half or values.size < _HALF_FROM:
            self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
            return name
        stored = f"{name}.half"
        halved = np.ascontiguousarray(values.astype(np.float16))
        self.tensors.append(numpy_helper.from_array(halved, stored))
        return self.add("Cast", stored, to=name, into=TensorProto.FLOAT)

    def weight(self, name: str) -> str:
        """Add a tensor of the checkpoint under its name."""
        return self.tensor(name, self._weights[name])

    def linear(self, name: str, given: str) -> str:
        """Add a matrix product and its bias."""
        # A checkpoint stores a matrix by rows of the output
        matrix = self.tensor(f"{name}.matrix", self._weights[f"{name}.weight"].T)
        product = self.add("MatMul", given, matrix, to=f"{name}.product")
        return self.add("Add", product, self.weight(f"{name}.bias"), to=f"{name}.sum")

    def normalized(self, name: str, given: str, epsilon: float) -> str:
        """Add a layer normalization."""
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add(
            "LayerNormalization", given, scale, shift, to=f"{name}.normal", axis=-1, epsilon=epsilon
        )

    def embed(self, shape: BertShape) -> str:
        """Add the embeddings of words and positions; every token is of the first type."""
        words = self.add(
            "Gather", self.weight("embeddings.word_embeddings.weight"), "input_ids", to="words"
        )
        first_type = self._weights["embeddings.token_type_embeddings.weight"][0]
        table = self._weights["embeddings.position_embeddings.weight"] + first_type
        size = self.add("Shape", "input_ids", to="size", start=1, end=2)
        positions = self.add(
            "Slice",
            self.tensor("positions", table),
            self.numbers("first", 0),
            size,
            self.numbers("first.axis", 0),
            to="places",
        )
        both = self.add("Add", words, positions, to="embedded")
        return self.normalized("embeddings.LayerNorm", both, shape.epsilon)

    def mask(self) -> str:
        """Add what excludes padding, of shape (batch, 1, 1, tokens)."""
        self.add("Cast", "attention_mask", to="counted", into=TensorProto.FLOAT)
        without = self.add("Sub", self.number("one", 1.0), "counted", to="padding")
        excluded = self.add("Mul", without, self.number("excluded", _EXCLUDED), to="excluding")
        return self.add("Unsqueeze", excluded, self.numbers("mask.axes", 1, 2), to="mask")

    def layers(self, given: str, mask: str, shape: BertShape) -> str:
        """Add all layers."""
        size = shape.hidden // shape.heads
        self.numbers("by_head", 0, 0, shape.heads, size)
        self.numbers("joined", 0, 0, shape.hidden)
        self.number("attention.scale", size**-0.5)
        for name, value in (("root", 2**0.5), ("half", 0.5)):
            self.number(name, value)
        for layer in range(shape.layers):
            place = f"encoder.layer.{layer}"
            seen = self.attention(place, given, mask)
            dense = self.linear(f"{place}.attention.output.dense", seen)
            kept = self.add("Add", dense, given, to=f"{place}.attention.kept")
            middle = self.normalized(f"{place}.attention.output.LayerNorm", kept, shape.epsilon)
            inner = self.gelu(place, self.linear(f"{place}.intermediate.dense", middle))
            outer = self.linear(f"{place}.output.dense", inner)
            kept = self.add("Add", outer, middle, to=f"{place}.kept")
            given = self.normalized(f"{place}.output.LayerNorm", kept, shape.epsilon)
        return given

    def attention(self, place: str, given: str, mask: str) -> str:
        """Add the attention of one layer."""
        by_head = {}
        for part, order in (
            ("query", (0, 2, 1, 3)),
            ("key", (0, 2, 3, 1)),
            ("value", (0, 2, 1, 3)),
        ):
            name = f"{place}.attention.self.{part}"
            split = self.add("Reshape", self.linear(name, given), "by_head", to=f"{name}.split")
            by_head[part] = self.add("Transpose", split, to=f"{name}.head", perm=list(order))
        name = f"{place}.attention"
        products = self.add("MatMul", by_head["query"], by_head["key"], to=f"{name}.products")
        scaled = self.add("Mul", products, "attention.scale", to=f"{name}.scaled")
        masked = self.add("Add", scaled, mask, to=f"{name}.masked")
        shares = self.add("Softmax", masked, to=f"{name}.shares", axis=-1)
        seen = self.add("MatMul", shares, by_head["value"], to=f"{name}.seen")
        back = self.add("Transpose", seen, to=f"{name}.back", perm=[0, 2, 1, 3])
        return self.add("Reshape", back, "joined", to=f"{name}.joined")

    def gelu(self, place: str, given: str) -> str:
        """Add the activation x * (1 + erf(x / sqrt 2)) / 2, in the form that runtimes fuse."""
        name = f"{place}.gelu"
        divided = self.add("Div", given, "root", to=f"{name}.divided")
        error = self.add("Erf", divided, to=f"{name}.erf")
        shifted = self.add("Add", error, "one", to=f"{name}.shifted")
        product = self.add("Mul", given, shifted, to=f"{name}.product")
        return self.add("Mul", product, "half", to=f"{name}.activated")

    def vector(self, last: str) -> str:
        """Add the mean over the tokens, of length 1."""
        weights = self.add("Unsqueeze", "counted", self.numbers("column", -1), to="token.weights")
        self.numbers("over.tokens", 1)
        self.number("least", 1e-9)
        weighed = self.add("Mul", last, weights, to="weighed")
        sums = self.add("ReduceSum", weighed, "over.tokens", to="sums", keepdims=0)
        count = self.add("ReduceSum", weights, "over.tokens", to="count", keepdims=0)
        mean = self.add("Div", sums, self.add("Max", count, "least", to="counts"), to="mean")
        length = self.add("ReduceL2", mean, to="length", axes=[1], keepdims=1)
        return self.add("Div", mean, self.add("Max", length, "least", to="lengths"), to="vector")

"""A question in, a checked answer out."""

import index  # noqa: F401 - first of all: it keeps ONNX Runtime from reporting to its maker

__version__ = "0.1.0"

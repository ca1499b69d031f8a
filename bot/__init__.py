"""The bot: answers questions in Slack from an index, with checked citations."""

import index  # noqa: F401 - first of all: it keeps ONNX Runtime from reporting to its maker

__version__ = "0.1.0"

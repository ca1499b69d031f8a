"""Build an index generation from documents: plan, embed, check, watch."""

from typing import TYPE_CHECKING

from footnote_qa.index.building.build import SOURCES, Builder, BuildResult, quiet
from footnote_qa.index.building.dry_run import Preview, plan_build, preview
from footnote_qa.index.building.gate import Gate
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.building.plan import Progress
from footnote_qa.index.building.polling import Polling
from footnote_qa.index.building.recognition import CACHE as OCR_CACHE
from footnote_qa.index.building.recognition import DocumentReader, Ocr
from footnote_qa.index.building.watch import keep_built, ticks

if TYPE_CHECKING:
    from footnote_qa.index.building.webhooks import listening

__all__ = [
    "OCR_CACHE",
    "SOURCES",
    "BuildOptions",
    "BuildResult",
    "Builder",
    "DocumentReader",
    "Gate",
    "Ocr",
    "Polling",
    "Preview",
    "Progress",
    "keep_built",
    "listening",
    "plan_build",
    "preview",
    "quiet",
    "ticks",
]


def __getattr__(name: str) -> object:
    if name == "listening":  # only a watch for webhooks needs a server
        from footnote_qa.index.building import webhooks  # noqa: PLC0415

        return webhooks.listening
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

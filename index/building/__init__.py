"""Build an index generation from documents: plan, embed, check, watch."""

from index.building.build import SOURCES, Builder, BuildResult, quiet
from index.building.dry_run import Preview, plan_build, preview
from index.building.gate import Gate
from index.building.options import BuildOptions
from index.building.plan import Progress
from index.building.recognition import DocumentReader, Ocr
from index.building.watch import keep_built, ticks

__all__ = [
    "SOURCES",
    "BuildOptions",
    "BuildResult",
    "Builder",
    "DocumentReader",
    "Gate",
    "Ocr",
    "Preview",
    "Progress",
    "keep_built",
    "plan_build",
    "preview",
    "quiet",
    "ticks",
]

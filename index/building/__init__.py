"""Build an index generation from documents: plan, embed, check, watch."""

from index.building.build import SOURCES, Builder, BuildOptions, BuildResult, quiet
from index.building.dry_run import Preview, plan_build, preview
from index.building.gate import Gate
from index.building.plan import Progress
from index.building.recognition import Ocr
from index.building.watch import keep_built, ticks

__all__ = [
    "SOURCES",
    "BuildOptions",
    "BuildResult",
    "Builder",
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

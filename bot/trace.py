"""Record the steps of answering one question: searches, requests to models, checks."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

NS_PER_MS = 1_000_000


class StepKind(StrEnum):
    """The kind of a step."""

    REWRITE = "rewrite"  # the question is completed from the conversation, or split
    SEARCH = "search"
    READ = "read"  # a complete document is read, or passages of an earlier answer again
    MODEL = "model"  # one request to a language model
    OFFLINE = "offline"  # the offline answerer reads the passages
    CHECK = "check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of answering a question.

    Attributes:
        kind: What it does.
        detail: What is searched, read or asked for; it may hold words of the question or a title.
        ms: How long it took.
        started_ns: When it began, in nanoseconds since the epoch.
        counts: Numbers that it found or used, such as passages or input tokens.
        names: Ids, such as the provider's name, and why it failed if it did.
        cost_usd: In US dollars; None if it has no price or costs nothing.
    """

    kind: StepKind
    detail: str = ""
    ms: float = 0.0
    started_ns: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    cost_usd: Decimal | None = None


class Trace:
    """The steps of one question, in the order in which they ended."""

    def __init__(self) -> None:
        self.started_ns = time.time_ns()
        self.steps: list[Step] = []

    @contextmanager
    def step(self, kind: StepKind, detail: str = "") -> Iterator["OpenStep"]:
        """Record a step while it runs, also if it fails."""
        opened = OpenStep()
        started_ns, clock = time.time_ns(), time.perf_counter()
        try:
            yield opened
        except BaseException as error:
            opened.names.setdefault("error", type(error).__name__)
            raise
        finally:
            self.steps.append(
                Step(
                    kind=kind,
                    detail=detail,
                    ms=round((time.perf_counter() - clock) * 1000, 1),
                    started_ns=started_ns,
                    counts=dict(opened.counts),
                    names=dict(opened.names),
                    cost_usd=opened.cost_usd,
                )
            )

    def add(self, step: Step) -> None:
        """Record a step that has ended just now."""
        started_ns = step.started_ns or time.time_ns() - int(step.ms * NS_PER_MS)
        self.steps.append(replace(step, started_ns=started_ns))


@dataclass
class OpenStep:
    """A step that is still running.

    Attributes:
        counts: As in `Step`.
        names: As in `Step`.
        cost_usd: As in `Step`.
    """

    counts: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    cost_usd: Decimal | None = None

"""Send the steps of each question to an OpenTelemetry collector, by OTLP over HTTP."""

import hashlib
import time
from collections.abc import Mapping
from importlib import metadata
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status as SpanStatus
from opentelemetry.trace import StatusCode, set_span_in_context

from footnote_qa.bot.trace import NS_PER_MS, Step, StepKind, Trace
from footnote_qa.bot.types import Answer, Question, Status

TIMEOUT_S: Final = 5.0
"""How long the collector may take; the process waits for it at its end at most."""

_PATH: Final = "/v1/traces"
_SPANS: Final[Mapping[StepKind, str]] = {StepKind.SEARCH: "retrieve", StepKind.MODEL: "chat"}
_NAMES: Final[Mapping[str, str]] = {  # by OpenTelemetry's conventions for generative models
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "provider": "gen_ai.provider.name",
    "error": "error.type",
}
Attributes = dict[str, str | int | float | bool]


class TraceExporter:
    """Exports each question as one trace: a span for it, and one for each step.

    Spans hold ids, numbers and times. Questions, searches and answers are left out unless *texts*
    asks for them.

    Args:
        endpoint: URL of the collector; without a path, the usual one for traces is added.
        texts: Whether to send questions, searches and answers.
    """

    def __init__(self, endpoint: str, *, texts: bool) -> None:
        resource = Resource.create(
            {"service.name": "footnote", "service.version": metadata.version("footnote-qa")}
        )
        self._provider = TracerProvider(resource=resource)
        exporter = OTLPSpanExporter(endpoint=address_of(endpoint), timeout=TIMEOUT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("footnote")
        self._texts = texts

    def __call__(self, trace: Trace, question: Question, answer: Answer) -> None:
        """Export one question; never waits for the collector."""
        root = self._tracer.start_span(
            "question",
            context=Context(),
            start_time=trace.started_ns,
            attributes=self._of_question(question, answer),
        )
        if answer.status is Status.FAILED:
            root.set_status(SpanStatus(StatusCode.ERROR))
        within = set_span_in_context(root, Context())
        for step in trace.steps:
            span = self._tracer.start_span(
                _SPANS.get(step.kind, str(step.kind)),
                context=within,
                start_time=step.started_ns,
                attributes=self._of_step(step),
            )
            if "error" in step.names:
                span.set_status(SpanStatus(StatusCode.ERROR))
            span.end(step.started_ns + int(step.ms * NS_PER_MS))
        root.end(time.time_ns())

    def close(self) -> None:
        """Send what is left, and end."""
        self._provider.shutdown()

    def _of_question(self, question: Question, answer: Answer) -> Attributes:
        cost = answer.usage.cost_usd
        found: Attributes = {
            "footnote.status": str(answer.status),
            "footnote.answerer": answer.answerer,
            "footnote.generation": answer.generation,
            "footnote.reference": answer.reference,
            "footnote.citations": len(answer.citations),
            "footnote.thread": _digest(question.thread),
            _NAMES["input_tokens"]: answer.usage.input_tokens,
            _NAMES["output_tokens"]: answer.usage.output_tokens,
        }
        if cost is not None:
            found["footnote.cost_usd"] = float(cost)
        if self._texts:
            found |= {"footnote.question": question.text, "footnote.answer": answer.text}
        return {name: value for name, value in found.items() if value != ""}

    def _of_step(self, step: Step) -> Attributes:
        known: Mapping[str, str | int] = {**step.counts, **step.names}
        found: Attributes = {
            _NAMES.get(name, f"footnote.{name}"): value for name, value in known.items()
        }
        if step.cost_usd is not None:
            found["footnote.cost_usd"] = float(step.cost_usd)
        if self._texts and step.detail:
            found["footnote.detail"] = step.detail
        return found


def address_of(endpoint: str) -> str:
    """Return where traces are sent.

    >>> address_of("http://localhost:4318"), address_of("https://a.example/in/v1/traces")
    ('http://localhost:4318/v1/traces', 'https://a.example/in/v1/traces')
    """
    return endpoint if endpoint.endswith(_PATH) else endpoint.rstrip("/") + _PATH


def _digest(thread: str) -> str:
    """Return an id of a conversation that does not name its channel."""
    return hashlib.sha256(thread.encode()).hexdigest()[:16] if thread else ""

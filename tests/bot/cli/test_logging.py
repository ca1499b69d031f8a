"""The log of the commands, as text and as JSON."""

import json
import logging
from datetime import UTC, datetime

import pytest

from footnote_qa.bot.cli.logging import LogFormat, configure

log = logging.getLogger("bot.test")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_each_line_is_one_json_object_with_its_details(capsys: pytest.CaptureFixture[str]) -> None:
    configure(verbose=True, form=LogFormat.JSON)

    log.info("question finished", extra={"question_id": "q1", "seconds": 1.5})
    log.warning("Ünïcode\nin two lines")

    first, second = lines(capsys)
    time = datetime.fromisoformat(str(first.pop("time")))
    assert abs((datetime.now(UTC) - time).total_seconds()) < 60
    assert first == {
        "level": "INFO",
        "logger": "bot.test",
        "message": "question finished",
        "question_id": "q1",
        "seconds": 1.5,
    }
    assert second["message"] == "Ünïcode\nin two lines"


@pytest.mark.parametrize("verbose", [True, False])
def test_a_trace_is_in_the_object_only_if_it_is_asked_for(
    capsys: pytest.CaptureFixture[str], *, verbose: bool
) -> None:
    configure(verbose=verbose, form=LogFormat.JSON)

    try:
        raise ValueError("words of a document")  # noqa: TRY301 - the trace is what is tested
    except ValueError:
        log.exception("question failed", extra={"reference": "r1"})

    (line,) = lines(capsys)
    assert line["reference"] == "r1"
    assert ("words of a document" in str(line.get("trace"))) is verbose
    assert ("trace" in line) is verbose


def test_without_the_option_a_line_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure(verbose=True)

    log.info("question finished", extra={"question_id": "q1"})

    line = capsys.readouterr().err
    assert line.endswith(" INFO bot.test: question finished (question_id=q1)\n")

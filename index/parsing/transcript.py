"""Parse transcripts (WebVTT and SubRip): what each speaker says, with the time."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed, ProblemKind

_TIME = r"(?:(?P<{0}h>\d+):)?(?P<{0}m>\d{{1,2}}):(?P<{0}s>\d{{1,2}})[.,]\d{{1,3}}"
_CUE = re.compile(_TIME.format("a") + r"\s*-->\s*" + _TIME.format("b"))
_VOICE = re.compile(r"<v(?:\.[\w.]{1,50})?\s+([^>]{1,100})>")
_TAG = re.compile(
    r"</?(?:[a-z]+(?:\.[\w.-]{1,50})?(?:\s[^>]{0,200})?|\d[\d:.]{0,20})>|\{\\[^}]{0,200}\}",
    re.IGNORECASE,
)
_SPEAKER = re.compile(
    r"(?:[-–]\s*)?(?P<name>[^\W\d_][\w.'’ -]{0,40}?):\s+(?P<rest>\S.*)", re.DOTALL
)
_TITLE = re.compile(r"(?:WEBVTT|NOTE)\s+(?:-\s*)?(?:title:\s*)?(\S.*)", re.IGNORECASE)
_MOST_PART_CHARS = 900
_MOST_GAP_S = 30
_MOST_NAME_WORDS = 4
_OTHER = "–"


@dataclass(slots=True)
class _Said:
    start: int
    end: int
    speaker: str
    text: str


def parse(content: bytes) -> Parsed:
    """Return what is said in *content*, as paragraphs such as `Ada (0:01:05): We begin.`.

    Raises:
        UnreadableDocumentError: BROKEN if no line of it has times.
    """
    text = clean(decode(content))
    blocks = Blocks()
    found = False
    for part in _joined(_cues(text)):
        found = True
        hours, rest = divmod(part.start, 3600)
        time = f"{hours}:{rest // 60:02}:{rest % 60:02}"
        is_named = part.speaker not in {"", _OTHER}
        blocks.add(f"{part.speaker} ({time}): {part.text}" if is_named else f"({time}) {part.text}")
    if not found:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "it has no lines with times, as a transcript has; save it as .txt"
        )
    title = _TITLE.match(text.split("\n", 1)[0])
    return blocks.parsed(title[1] if title else None)


def _cues(text: str) -> Iterator[_Said]:
    for block in re.split(r"\n\s*\n", text):
        lines = block.strip("\n").split("\n")
        at = next((n for n, line in enumerate(lines) if _CUE.search(line)), None)
        if at is None:
            continue
        match = _CUE.search(lines[at])
        if match is None:
            continue
        times = [
            int(match[f"{end}h"] or 0) * 3600 + int(match[f"{end}m"]) * 60 + int(match[f"{end}s"])
            for end in "ab"
        ]
        yield from _voices("\n".join(lines[at + 1 :]), times[0], times[1])


def _voices(said: str, start: int, end: int) -> Iterator[_Said]:
    """Yield what each speaker of a cue says: `<v Ada>`, `Ada: …`, or lines with a dash."""
    pieces = _VOICE.split(said)
    if pieces[0].strip():
        yield from _named(pieces[0], start, end)
    for speaker, words in zip(pieces[1::2], pieces[2::2], strict=True):
        yield _Said(start, end, " ".join(speaker.split()), _plain(words))


def _named(said: str, start: int, end: int) -> Iterator[_Said]:
    for part in re.split(r"\n(?=[-–]\s*\S)|\n(?=[A-Z][\w.' -]{0,40}:\s)", said):
        words = _plain(part)
        match = _SPEAKER.fullmatch(words)
        if match is None and words[:1] in {"-", "–"}:  # somebody else speaks
            yield _Said(start, end, _OTHER, words.lstrip("-– "))
            continue
        if match is not None and len(match["name"].split()) <= _MOST_NAME_WORDS:
            yield _Said(start, end, match["name"].strip(), match["rest"])
        elif words:
            yield _Said(start, end, "", words)


def _plain(said: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", said)).split())


def _joined(cues: Iterator[_Said]) -> Iterator[_Said]:
    """Join what one speaker says without a long pause; repeated words of rolling captions go."""
    last: _Said | None = None
    for cue in cues:
        if not cue.text:
            continue
        if (
            last is not None
            and cue.speaker in {last.speaker, ""}
            and cue.speaker != _OTHER
            and cue.start - last.end <= _MOST_GAP_S
            and len(last.text) + len(cue.text) <= _MOST_PART_CHARS
        ):
            if not last.text.endswith(cue.text):
                last.text = f"{last.text} {cue.text}"
            last.end = cue.end
            continue
        if last is not None:
            yield last
            cue.speaker = cue.speaker or last.speaker.replace(_OTHER, "")
        last = cue
    if last is not None:
        yield last

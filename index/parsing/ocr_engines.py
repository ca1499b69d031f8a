"""Recognise the words of a picture with tesseract or RapidOCR, whichever is installed."""

import csv
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Literal, Protocol

from footnote_qa.index.errors import TextRecognitionError
from footnote_qa.index.extras import install, is_installed
from footnote_qa.index.parsing.page import Page, Word
from footnote_qa.index.parsing.text import clean

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

Kind = Literal["tesseract", "rapidocr"]

INSTALL_TESSERACT = "install tesseract (Debian and Ubuntu: apt-get install tesseract-ocr)"
INSTALL_RAPIDOCR = f"run {install('ocr')}"

_LEAST_CONFIDENCE = 15.0  # percent; what tesseract sees in photos and lines is below
_SURE = 60.0  # a page of readable text is above; below, the page may lie on its side
_LEVEL_LINE, _LEVEL_WORD = 4, 5
_ASK_TIMEOUT_S = 20.0
_MODE_TURNED, _MODE_PAGE = 0, 3  # of tesseract's --psm: which way is up, and complete pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A program for text recognition that is installed.

    Attributes:
        kind: Which one.
        version: Its version.
        command: Full path of tesseract; "" for RapidOCR.
        data: Folder of tesseract's languages; "" for RapidOCR.
        languages: Those that it reads, in tesseract's names.
        missing: Wanted languages that are not installed.
    """

    kind: Kind
    version: str
    command: str = ""
    data: str = ""
    languages: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Its name; engines with other names can give other words for the same picture."""
        return " ".join([self.kind, self.version, *self.languages])


def find_engine(
    wanted: Literal["auto", "tesseract", "rapidocr"], languages: Sequence[str]
) -> Engine:
    """Return the engine to use: of both, tesseract, which reads faster and more languages.

    Args:
        wanted: Which engine; "auto" takes what is there.
        languages: What the documents are written in, in tesseract's names such as "deu".

    Raises:
        TextRecognitionError: It is not installed, or has none of the languages.
    """
    command = shutil.which("tesseract") if wanted != "rapidocr" else None
    if command is not None:
        if not is_installed("tesseract"):
            raise TextRecognitionError(
                "ocr is switched on under [documents], but tesseract needs a package for pictures: "
                f'{install("tesseract")}, or set ocr to "off"'
            )
        return _tesseract(command, languages)
    version = _rapidocr_version() if wanted != "tesseract" else None
    if version is not None:
        return Engine(kind="rapidocr", version=version)
    if wanted == "auto":
        what, how = (
            "neither tesseract nor rapidocr is",
            f"{INSTALL_TESSERACT} or {INSTALL_RAPIDOCR}",
        )
    else:
        what = f"{wanted} is not"
        how = INSTALL_TESSERACT if wanted == "tesseract" else INSTALL_RAPIDOCR
    raise TextRecognitionError(
        f'ocr is switched on under [documents], but {what} installed: {how}, or set ocr to "off"'
    )


def _tesseract(command: str, languages: Sequence[str]) -> Engine:
    try:
        told = _ask(command, "--list-langs")
        version = _ask(command, "--version").split("\n", 1)[0].split()[-1]
    except (OSError, subprocess.SubprocessError, IndexError) as error:
        raise TextRecognitionError(
            f"tesseract cannot be run ({command}): install it again"
        ) from error
    first, *rest = told.strip().split("\n")
    there = {line.strip() for line in rest}
    found = tuple(language for language in languages if language in there)
    if not found:
        packages = " ".join(f"tesseract-ocr-{language}" for language in languages)
        raise TextRecognitionError(
            f"tesseract has none of the languages {', '.join(languages)}: install them (Debian and "
            f"Ubuntu: apt-get install {packages}) or change ocr_languages under [documents]"
        )
    return Engine(
        kind="tesseract",
        version=version,
        command=command,
        data=first.partition('"')[2].partition('"')[0],
        languages=found,
        missing=tuple(language for language in languages if language not in there),
    )


def _ask(command: str, option: str) -> str:
    asked = subprocess.run(  # noqa: S603  the program that the path names
        [command, option], capture_output=True, check=True, timeout=_ASK_TIMEOUT_S
    )
    return (asked.stdout or asked.stderr).decode(errors="replace")


def _rapidocr_version() -> str | None:
    if not is_installed("ocr"):
        return None
    try:
        return metadata.version("rapidocr-onnxruntime")
    except metadata.PackageNotFoundError:
        return None


def recognise(picture: bytes, engine: Engine, *, timeout_s: float) -> Page:
    """Return the words of a PNG picture with their places, in reading order.

    Raises:
        TimeoutError: It takes longer than *timeout_s*.
    """
    from PIL import Image  # noqa: PLC0415 - an extra

    with Image.open(BytesIO(picture)) as image:
        image.load()
    if engine.kind == "rapidocr":
        return _by_rapidocr(image)
    try:
        return _by_tesseract(image, engine, timeout_s)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error


def _by_tesseract(image: "Image.Image", engine: Engine, timeout_s: float) -> Page:
    rows = _rows(_run(image, engine, _MODE_PAGE, timeout_s=timeout_s))
    if _confidence(rows) < _SURE:
        turned = _upright(image, engine, timeout_s)
        if turned is not None:
            image, rows = turned, _rows(_run(turned, engine, _MODE_PAGE, timeout_s=timeout_s))
    return _page(rows, image)


def _run(image: "Image.Image", engine: Engine, mode: int, *, timeout_s: float) -> str:
    made = BytesIO()
    image.save(made, "PNG", dpi=image.info.get("dpi", (200, 200)), compress_level=1)
    command = [engine.command, "stdin", "stdout"]
    if engine.data:
        command += ["--tessdata-dir", engine.data]
    command += ["-l", "osd" if mode == _MODE_TURNED else "+".join(engine.languages)]
    command += ["--psm", str(mode), *(["tsv"] if mode == _MODE_PAGE else [])]
    done = subprocess.run(  # noqa: S603  the program that was found on the path
        command,
        input=made.getvalue(),
        capture_output=True,
        check=False,
        timeout=timeout_s,
        env={"OMP_THREAD_LIMIT": "1", "LC_ALL": "C"},  # pages are read side by side instead
    )
    return done.stdout.decode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class _Row:
    level: int
    line: tuple[str, str, str]
    left: int
    top: int
    width: int
    height: int
    confidence: float
    text: str


def _rows(told: str) -> list[_Row]:
    rows = csv.DictReader(StringIO(told), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [
        _Row(
            int(row["level"]),
            (row["block_num"], row["par_num"], row["line_num"]),
            int(row["left"]),
            int(row["top"]),
            int(row["width"]),
            int(row["height"]),
            float(row["conf"]),
            clean(row["text"] or "").strip(),
        )
        for row in rows
        if int(row["level"]) >= _LEVEL_LINE
    ]


def _confidence(rows: Sequence[_Row]) -> float:
    """Return how sure tesseract is of the words of a page, in percent; 0 if it sees none."""
    sure = [row.confidence for row in rows if row.level == _LEVEL_WORD and row.text]
    return sum(sure) / len(sure) if sure else 0.0


def _upright(image: "Image.Image", engine: Engine, timeout_s: float) -> "Image.Image | None":
    """Return a page that lies on its side or its head as it is read; None if it is upright."""
    told = _run(image, engine, _MODE_TURNED, timeout_s=timeout_s)
    fields = dict(line.split(": ", 1) for line in told.split("\n") if ": " in line)
    degrees = fields.get("Rotate", "0").strip()
    if not degrees.isdigit() or int(degrees) % 360 == 0:
        return None
    turned = image.rotate(-int(degrees), expand=True, fillcolor=255)
    turned.info["dpi"] = image.info.get("dpi", (200, 200))
    return turned


def _page(rows: Sequence[_Row], image: "Image.Image") -> Page:
    scale, page = _blank(image)
    line = -1
    upper, lower = 0, 0
    for row in rows:
        if row.level == _LEVEL_LINE:
            line += 1
            upper, lower = row.top, row.top + row.height
        elif row.text and row.confidence >= _LEAST_CONFIDENCE:
            box = (
                row.left * scale,
                page.height - lower * scale,
                (row.left + row.width) * scale,
                page.height - upper * scale,
            )
            page.words.append(Word(row.text, box, line))
    return page


def _blank(image: "Image.Image") -> tuple[float, Page]:
    """Return how many points a pixel has, and the page without words."""
    dpi = image.info.get("dpi", (200, 200))[0]
    scale = 72 / float(dpi)
    return scale, Page(width=image.width * scale, height=image.height * scale)


class _RapidOcr(Protocol):
    def __call__(
        self, picture: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"
    ) -> tuple[list[tuple[list[list[float]], str, float]] | None, object]: ...


@cache
def _rapidocr() -> _RapidOcr:
    from rapidocr_onnxruntime import RapidOCR  # noqa: PLC0415  an extra

    made: _RapidOcr = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
    return made


def _by_rapidocr(image: "Image.Image") -> Page:
    import numpy as np  # noqa: PLC0415  only for this engine

    scale, page = _blank(image)
    found, _ = _rapidocr()(np.asarray(image.convert("RGB")))
    for number, line in enumerate(_lines(found or [])):
        for corners, text, _sure in line:
            xs, ys = [x for x, _ in corners], [y for _, y in corners]
            edges = (min(xs), max(ys), max(xs), min(ys))
            page.words += _spread(clean(text), edges, number, scale, page.height)
    return page


def _lines(
    found: Sequence[tuple[list[list[float]], str, float]],
) -> Iterator[list[tuple[list[list[float]], str, float]]]:
    """Yield pieces of text that are at the same height together, from left to right."""
    line: list[tuple[list[list[float]], str, float]] = []
    for piece in sorted(found, key=lambda one: one[0][0][1]):
        height = piece[0][3][1] - piece[0][0][1]
        if line and piece[0][0][1] - line[0][0][0][1] > height / 2:
            yield sorted(line, key=lambda one: one[0][0][0])
            line = []
        line.append(piece)
    if line:
        yield sorted(line, key=lambda one: one[0][0][0])


def _spread(  # noqa: PLR0917  the place of a line, from pixels to points
    text: str,
    edges: tuple[float, float, float, float],
    line: int,
    scale: float,
    height: float,
) -> Iterator[Word]:
    """Yield the words of a line with places in proportion to their letters."""
    left, lower, right, upper = edges
    wide = (right - left) / max(1, len(text))
    at = 0
    for word in text.split():
        at = text.index(word, at)
        box = (
            (left + at * wide) * scale,
            height - lower * scale,
            (left + (at + len(word)) * wide) * scale,
            height - upper * scale,
        )
        yield Word(word, box, line)
        at += len(word)

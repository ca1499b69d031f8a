"""Measure text recognition on printed pages at 150 dpi: words kept and seconds a page.

python -m benchmarks.recognition
"""

import resource
import tempfile
import time
from pathlib import Path

from footnote_qa.index.building import DocumentReader, Ocr
from footnote_qa.index.parsing import child, ocr_engines
from tests.index.parsing.printed import ENGLISH, GERMAN, printed, scanned, share_kept

_FONTS = ("Times-Roman", "Helvetica", "Courier", "Times-Bold")


def main() -> None:
    """Print a line for each language."""
    engine = ocr_engines.find_engine("auto", ["eng", "deu"])
    print(f"{engine.identity}; pages of a scanned PDF, {len(_FONTS)} a language")
    for language, text in (("English", ENGLISH), ("German", GERMAN)):
        words = (text + " ") * 4
        pages = [_turned(words, number) for number in range(len(_FONTS))]
        content = scanned(*[printed(p, font=f) for p, f in zip(pages, _FONTS, strict=True)])
        with tempfile.TemporaryDirectory() as folder:
            before, started = _cpu_s(), time.monotonic()
            cache = Path(folder) / "ocr.sqlite"
            with (
                child.ParserPool() as pool,
                DocumentReader(pool, Ocr(engine=engine), cache) as reader,
            ):
                read = reader.parse(content, "scan.pdf").text
                first = time.monotonic() - started
                reader.parse(content, "scan.pdf")
            again = time.monotonic() - started - first
        kept, cpu = share_kept(" ".join(pages), read), _cpu_s() - before
        print(
            f"{language}: {kept:.3f} of the words; {first / len(pages):.1f} s a page, "
            f"{cpu / len(pages):.1f} s of CPU time; {again / len(pages):.2f} s from the cache"
        )


def _turned(text: str, number: int) -> str:
    """Return other pages with the same words, so that no line looks like a running head."""
    words = text.split()
    return " ".join([*words[number * 37 :], *words[: number * 37]])


def _cpu_s() -> float:
    """Return the CPU time of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()

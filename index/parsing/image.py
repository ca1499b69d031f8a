"""Parse pictures: the words that text recognition found in them."""

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.ocr_pages import Recognised
from footnote_qa.index.parsing.pdf_text import lines_of, page_texts
from footnote_qa.index.types import Parsed, ProblemKind

_OFF = "words in pictures are read only if ocr is switched on under [documents]"


def parse(content: bytes, recognised: Recognised = None) -> Parsed:
    """Return the words in the picture *content*; a TIFF file may hold several pages.

    Raises:
        UnreadableDocumentError: LEFT_OUT if text recognition is off or found no words, SCANNED if
            it failed, BROKEN or TOO_BIG.
    """
    if recognised is None:
        raise UnreadableDocumentError(ProblemKind.LEFT_OUT, _OFF)
    from footnote_qa.index.parsing.ocr_pictures import count_pictures  # noqa: PLC0415 - needs Pillow

    count = count_pictures(content)
    if wanted := tuple(page for page in range(1, count + 1) if page not in recognised):
        return Parsed(text="", wanted=wanted)
    failed = [number for number, page in recognised.items() if page is None]
    pages = [page for _, page in sorted(recognised.items()) if page is not None]
    if not any(page.words for page in pages):
        raise _without_words(failed)
    told = page_texts([lines_of(page) for page in pages])
    return Parsed(
        text=told.text,
        headings=told.headings,
        pages=told.starts if count > 1 else (),
        recognised=tuple(number for number, page in recognised.items() if page and page.words),
        note=f"{len(failed)} of its pages could not be recognised in time" if failed else None,
    )


def _without_words(failed: list[int]) -> UnreadableDocumentError:
    if failed:
        return UnreadableDocumentError(
            ProblemKind.SCANNED,
            "its words could not be recognised in time: raise ocr_page_timeout_s",
        )
    return UnreadableDocumentError(ProblemKind.LEFT_OUT, "no words were found in the picture")

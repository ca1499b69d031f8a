"""Make the pictures for text recognition: pages of PDFs, and the frames of picture files."""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.types import ProblemKind

MAX_PIXELS = 120_000_000
MAX_FRAMES = 1_000

_DPI = 200  # at which pages are drawn
_MOST_SIDE = 5_000  # pixels; larger pictures are scaled down
_LEAST_SIDE = 1_500  # smaller ones, such as screenshots, are scaled up
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")


def count_pictures(content: bytes) -> int:
    """Return how many pages a picture file has; raises `UnreadableDocumentError`."""
    return min(int(getattr(_opened(content), "n_frames", 1)), MAX_FRAMES)


def picture(content: bytes, page: int, *, is_pdf: bool) -> bytes:
    """Return page *page*, from 1, as a grey PNG picture that knows its resolution.

    Raises:
        UnreadableDocumentError: BROKEN or TOO_BIG.
    """
    image = _drawn(content, page) if is_pdf else _frame(content, page)
    made = BytesIO()
    dpi = image.info["dpi"]
    image.save(made, "PNG", dpi=dpi, compress_level=1)
    return made.getvalue()


def _drawn(content: bytes, number: int) -> Image.Image:
    from footnote_qa.index.parsing.pdf import open_pdf  # noqa: PLC0415  only for PDFs

    document = open_pdf(content)
    try:
        page = document[number - 1]
        longest = max(page.get_size())
        scale = min(_DPI / 72, _MOST_SIDE / max(1.0, longest))
        drawn: Image.Image = page.render(scale=scale, grayscale=True).to_pil()
        image = drawn.convert("L")  # a copy, because the drawn one ends with the document
    finally:
        document.close()
    image.info["dpi"] = (72 * scale, 72 * scale)
    return image


def _frame(content: bytes, number: int) -> Image.Image:
    image = _opened(content)
    try:
        image.seek(number - 1)
        upright = ImageOps.exif_transpose(image)
        if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
            layers = upright.convert("RGBA")
            paper = Image.new("RGBA", layers.size, "white")
            upright = Image.alpha_composite(paper, layers)
        grey = upright.convert("L")
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise _damaged() from error
    longest = max(grey.size)
    scale = 2.0 if longest < _LEAST_SIDE else min(1.0, _MOST_SIDE / longest)
    if scale != 1.0:
        size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
        grey = grey.resize(size, Image.Resampling.LANCZOS)
    # The resolution that a file claims is often wrong; a page is about as long as A4.
    dpi = max(70.0, max(grey.size) / 11.7)
    grey.info["dpi"] = (dpi, dpi)
    return grey


def _opened(content: bytes) -> Image.Image:
    try:
        image = Image.open(BytesIO(content), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_big() from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise _damaged() from error
    if image.width * image.height > MAX_PIXELS:
        raise _too_big()
    return image


def _damaged() -> UnreadableDocumentError:
    return UnreadableDocumentError(
        ProblemKind.BROKEN, "the picture is damaged; open it in its program and save it again"
    )


def _too_big() -> UnreadableDocumentError:
    return UnreadableDocumentError(
        ProblemKind.TOO_BIG,
        f"the picture has over {MAX_PIXELS // 1_000_000} million pixels; save a smaller one",
    )

"""Printed pages as pictures and as PDFs without text, for text recognition."""

import re
from collections import Counter
from io import BytesIO

from PIL import Image
from pypdfium2 import PdfDocument
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

ENGLISH = """The harbour rules apply to every berth of the club. Guests may moor for at most
nineteen
nights and pay the fee when they leave. Whoever wants to stay longer must ask the harbour master in
writing at least three days before. For boats over twelve metres the surcharge is 4.50 euros a
night. The keys of the boat house hang in the office; they must be returned by 6:30 p.m. every day.
Larger repairs, welding and sanding of paint are forbidden outside the yard hall. Oil, old batteries
and remains of varnish belong in the containers behind the crane (see section 7.2)."""
GERMAN = """Die Hafenordnung gilt für alle Liegeplätze des Vereins. Gäste dürfen höchstens neunzehn
Nächte bleiben und zahlen die Gebühr bei der Abreise. Wer länger bleiben möchte, muss spätestens
drei
Tage vorher beim Hafenmeister schriftlich um Verlängerung bitten. Für Boote über zwölf Meter Länge
beträgt der Zuschlag 4,50 Euro je Nacht. Die Schlüssel für das Bootshaus hängen im Büro; sie müssen
täglich bis 18:30 Uhr zurückgegeben werden. Größere Reparaturen, Schweißarbeiten und das Abschleifen
von Anstrichen sind außerhalb der Werfthalle verboten. Öl, Altbatterien und Lackreste gehören in die
Behälter hinter dem Kranplatz."""


def printed(text: str, *, font: str = "Times-Roman", size: int = 11, title: str = "") -> bytes:
    """Return a PDF page with *text* in lines."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4)
    canvas.setFont("Helvetica-Bold", 20)
    canvas.drawString(60, 790, title)
    canvas.setFont(font, size)
    line, height = "", 750.0
    for word in text.split():
        if stringWidth(f"{line} {word}", font, size) > 470:
            canvas.drawString(60, height, line)
            line, height = "", height - 1.4 * size
        line = f"{line} {word}".strip()
    canvas.drawString(60, height, line)
    canvas.save()
    return file.getvalue()


def picture(page: bytes, *, dpi: int = 150, turned: int = 0) -> Image.Image:
    """Return the first page of a PDF as a grey picture."""
    document = PdfDocument(page)
    image: Image.Image = document[0].render(scale=dpi / 72).to_pil().convert("L")
    document.close()
    return image.rotate(-turned, expand=True) if turned else image


def saved(*images: Image.Image, kind: str = "PNG") -> bytes:
    """Return the bytes of a picture file, with a page for each of *images*."""
    file = BytesIO()
    rest = {"save_all": True, "append_images": images[1:]} if len(images) > 1 else {}
    images[0].save(file, kind, **rest)
    return file.getvalue()


def scanned(*pages: "bytes | str") -> bytes:
    """Return a PDF whose pages are pictures of PDF pages, or simple text where a page is a text."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4)
    for page in pages:
        if isinstance(page, str):
            canvas.drawString(60, 700, page)
        else:
            canvas.drawImage(ImageReader(picture(page)), 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def words(text: str) -> Counter[str]:
    """Return how often each word occurs."""
    return Counter(re.findall(r"\w+", text.lower()))


def share_kept(text: str, read: str) -> float:
    """Return the share of the words of *text* that were read."""
    expected = words(text)
    return (expected & words(read)).total() / expected.total()

"""Read XML parts of archives safely: entities are not expanded and open no files."""

import re
import zipfile

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.guard import ZIP_MAGIC, open_archive
from footnote_qa.index.parsing.signature import ENCRYPTED_STREAM, OLE_MAGIC
from footnote_qa.index.types import ProblemKind

_FILE_NAME = re.compile(r"\.(?:png|jpe?g|gif|bmp|[ew]mf|svg|tiff?|webp|ico)\b|^\S+://\S+$", re.I)
_GENERATED = re.compile(r"automatically generated|automatisch generiert|automatiquement", re.I)
_DC = "{http://purl.org/dc/elements/1.1/}"


def open_office(content: bytes, kind: str, *, holds: str) -> zipfile.ZipFile:
    """Open *content* as an archive that must hold a *kind* document under *holds*.

    Raises:
        UnreadableDocumentError: ENCRYPTED, BROKEN, UNSAFE or TOO_BIG.
    """
    if not content.startswith(ZIP_MAGIC):
        raise _not_an_archive(content, kind)
    archive = open_archive(content)
    if not any(name.startswith(holds) for name in archive.namelist()):
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, f"the name says {kind}, the archive holds no such document"
        )
    return archive


def _not_an_archive(content: bytes, kind: str) -> UnreadableDocumentError:
    if not content.startswith(OLE_MAGIC):
        return UnreadableDocumentError(
            ProblemKind.BROKEN, f"the name says {kind}, the content is not; save it again"
        )
    if ENCRYPTED_STREAM in content:
        return UnreadableDocumentError(
            ProblemKind.ENCRYPTED, "it is encrypted; save it without a password"
        )
    return UnreadableDocumentError(
        ProblemKind.UNSUPPORTED,
        f"the name says {kind}, the content is an older format; save it as {kind}",
    )


def xml_part(archive: zipfile.ZipFile, name: str) -> etree._Element:
    """Return the root of the part *name*.

    Raises:
        UnreadableDocumentError: BROKEN if it is missing or damaged.
    """
    try:
        return xml_root(archive.read(name))
    except (KeyError, etree.XMLSyntaxError, zipfile.BadZipFile) as error:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN,
            f"its part {name} is missing or damaged; open it in its program and save it again",
        ) from error


def picture_words(text: str) -> str:
    """Return how an author describes a picture; "" for the name of a file, which describes nothing.

    >>> picture_words("The north pier"), picture_words("pics/pier_2.JPG")
    ('The north pier', '')
    """
    words = " ".join(text.split())
    return "" if _FILE_NAME.search(words) or _GENERATED.search(words) else words


def xml_root(content: bytes) -> etree._Element:
    """Return the root element of *content*; raises `lxml.etree.XMLSyntaxError`."""
    try:
        return etree.fromstring(content, _parser())
    except etree.XMLSyntaxError:
        # An id that is no name is an error, unless ids are not collected. This asks libxml2 for the
        # external DTD, if there is one, and then nothing else can be read
        if b"<!DOCTYPE" in content[:_PROLOGUE]:
            raise
        return etree.fromstring(content, _parser(collect_ids=False))


_PROLOGUE = 4096


def _parser(*, collect_ids: bool = True) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, collect_ids=collect_ids
    )


def core_title(archive: zipfile.ZipFile, name: str) -> str | None:
    """Return the title in the part *name*; None if it is missing or blank."""
    if name not in archive.namelist():
        return None
    titles = (node.text or "" for node in xml_part(archive, name).iter(f"{_DC}title"))
    return next((title for title in titles if title.strip()), None)

"""Archives made and changed for the tests of formats that are archives."""

import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO


def zipped(parts: Mapping[str, str], *, stored: str = "mimetype") -> bytes:
    """An archive of *parts*; the one named *stored* is not packed."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            packing = zipfile.ZIP_STORED if name == stored else zipfile.ZIP_DEFLATED
            archive.writestr(name, text, packing)
    return file.getvalue()


def changed(content: bytes, name: str, change: Callable[[str], str]) -> bytes:
    """The same archive with one part changed."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for entry in old.namelist():
            part = old.read(entry)
            new.writestr(entry, change(part.decode()) if entry == name else part)
    return file.getvalue()

"""The doctor says whether words in pictures are read, and whether they could be."""

from pathlib import Path

import pytest

from footnote_qa.bot.cli.doctor import Finding, _ocr
from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.settings import load
from footnote_qa.index.errors import TextRecognitionError
from footnote_qa.index.parsing import ocr_engines
from footnote_qa.index.parsing.ocr_engines import Engine


def finding(folder: Path, documents: str = "") -> Finding:
    path = folder / "footnote.toml"
    path.write_text(f"[documents]\n{documents}\n")
    return _ocr(load(path))


def there(monkeypatch: pytest.MonkeyPatch, *, missing: tuple[str, ...] = ()) -> None:
    engine = Engine(kind="tesseract", version="5.3.0", languages=("eng",), missing=missing)
    monkeypatch.setattr(ocr_engines, "find_engine", lambda *_: engine)


def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Engine:
        raise TextRecognitionError("ocr is on, but tesseract is not installed")

    monkeypatch.setattr(ocr_engines, "find_engine", fail)


def test_it_is_off_and_could_be_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there(monkeypatch)

    found = finding(tmp_path)

    assert (found.well, found.message) == (True, "off; tesseract 5.3.0 with eng is installed")


def test_it_is_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there(monkeypatch)

    found = finding(tmp_path, 'ocr = "auto"')

    assert found.well
    assert found.message == "tesseract 5.3.0 with eng reads scans and pictures"


def test_a_missing_language_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there(monkeypatch, missing=("deu",))

    found = finding(tmp_path, 'ocr = "auto"')

    assert not found.well
    assert "install deu too" in found.message


def test_a_missing_program_is_a_fault_only_if_it_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing(monkeypatch)

    assert finding(tmp_path).well
    assert not finding(tmp_path, 'ocr = "tesseract"').well


@pytest.mark.parametrize(
    "documents",
    ['ocr = "yes"', "ocr_languages = []", 'ocr_languages = ["-l eng"]', "ocr_page_timeout_s = 0"],
)
def test_a_wrong_setting_is_refused(tmp_path: Path, documents: str) -> None:
    with pytest.raises(SettingsError, match="documents"):
        finding(tmp_path, documents)

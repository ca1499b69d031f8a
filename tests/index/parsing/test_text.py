import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.text import clean, decode, parse
from footnote_qa.index.types import ProblemKind

GERMAN = (
    "Die Straße führt über die Brücke zum Gebäude, in dem wir früher häufig Äpfel verkauften. "
    "Für größere Mengen müssen Sie jedoch vorher anrufen und Ihren Schlüssel zurückgeben. "
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-8"])
def test_text_with_a_mark_or_in_utf_8_is_read_exactly(encoding: str) -> None:
    text = "Grüße, 東京 und 🙂"

    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read(encoding: str) -> None:
    text = "The meeting is at nine."

    assert decode(text.encode(encoding)) == text


def test_an_old_encoding_is_recognised_by_its_letters() -> None:
    assert decode(GERMAN.encode("cp1252")) == GERMAN


def test_one_bad_byte_does_not_make_another_encoding_of_utf_8() -> None:
    damaged = GERMAN.encode() + b"\xff" + GERMAN.encode()

    assert decode(damaged) == GERMAN + "�" + GERMAN


def test_a_declared_encoding_is_used_when_the_bytes_are_not_utf_8() -> None:
    assert decode("Привет".encode("koi8-r"), declared="koi8-r") == "Привет"


def test_a_wrong_declaration_does_not_garble_utf_8() -> None:
    assert decode("Привет".encode(), declared="cp1252") == "Привет"


def test_a_declared_encoding_of_seven_bits_is_used() -> None:
    assert decode("日本".encode("iso-2022-jp"), declared="iso-2022-jp") == "日本"


@pytest.mark.parametrize(
    "content", [bytes(range(256)) * 20, b"\x00\x01\x02\x03", b"MZ\x90\x00\x03"]
)
def test_binary_content_is_broken(content: bytes) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        decode(content)

    assert caught.value.kind is ProblemKind.BROKEN
    assert "binary" in caught.value.reason


def test_newlines_are_one_kind_and_control_characters_are_left_out() -> None:
    parsed = parse(b"one\r\ntwo\rthree\x0cfour\tfive\x1b[0m\x07")

    assert parsed.text == "one\ntwo\nthree\nfour\tfive[0m"


@given(st.text())
def test_cleaned_text_can_be_stored_and_is_not_cleaned_further(text: str) -> None:
    cleaned = clean(text)

    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned) == cleaned
    assert "\r" not in cleaned


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    try:
        text = parse(content).text
    except UnreadableDocumentError:
        text = ""

    assert "\x00" not in text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("mari\u00adtime", "maritime"),  # soft hyphen
        ("Donau\u200bdampf\u2060schiff", "Donaudampfschiff"),  # zero-width space, word joiner
        ("Gebu\u0308hr, cafe\u0301", "Gebühr, café"),  # letters in two parts
        ("\u202bright\u202c to \u200eleft", "right to left"),
        ("har\u200dbour\u200c master", "harbour master"),
    ],
)
def test_signs_that_nobody_sees_are_not_stored(written: str, read: str) -> None:
    assert clean(written) == read


@pytest.mark.parametrize("text", ["می‌خواهم", "क्‍ष", "👩‍🚀 flies", "ﬁnal ½ 10⁶ Å"])
def test_joiners_that_a_script_needs_and_letters_as_written_stay(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("1986\u00e2\u0080\u00931990", "1986–1990"),
        ("K\u00c3\u009cCHE", "KÜCHE"),
        ("Ã©t", "Ã©t"),  # it could be meant
        ("naïve café", "naïve café"),
    ],
)
def test_letters_that_were_surely_encoded_twice_are_read_as_they_were_meant(
    text: str, cleaned: str
) -> None:
    assert clean(text) == cleaned

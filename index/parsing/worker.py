"""The parser's child process: reads files on its input, writes text or problems to its output."""

import contextlib
import ctypes
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import IO

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import attachments, parse
from footnote_qa.index.parsing.ocr_pages import Recognised, page_from_json, page_to_json
from footnote_qa.index.parsing.plugins import parse_by_plugin
from footnote_qa.index.types import Heading, Parsed, ProblemKind

_READY: dict[str, object] = {"ready": True}
_OUT_OF_MEMORY: dict[str, object] = {"problem": ProblemKind.MEMORY, "reason": ""}

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # of Linux's unshare(2)
_NETWORK_EVENTS = frozenset(
    {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}
)

_LENGTH = struct.Struct(">I")
# The alarm ends the process even if its parent is gone, so that a hang does not outlive a crash.
_GRACE_S = 5.0


def write_message(stream: IO[bytes], header: dict[str, object], body: bytes = b"") -> None:
    """Write one message: the length of the header, the header in JSON, then *body*."""
    packed = json.dumps({**header, "bytes": len(body)}).encode()
    stream.write(_LENGTH.pack(len(packed)) + packed)
    stream.write(body)
    stream.flush()


def read_message(stream: IO[bytes]) -> tuple[dict[str, object], bytes] | None:
    """Return the next message's header and body; None at the end of *stream*, even within one."""
    packed_length = stream.read(_LENGTH.size)
    if len(packed_length) < _LENGTH.size:
        return None
    header = stream.read(_LENGTH.unpack(packed_length)[0])
    try:
        message: dict[str, object] = json.loads(header)
        length = int(str(message["bytes"]))
    except (ValueError, KeyError):
        return None
    body = stream.read(length)
    return (message, body) if len(body) == length else None


def parsed_to_message(parsed: Parsed) -> tuple[dict[str, object], bytes]:
    """Return *parsed* as a message's header and body."""
    headings = [[heading.start, heading.level, heading.text] for heading in parsed.headings]
    header: dict[str, object] = {
        "title": parsed.title,
        "headings": headings,
        "pages": list(parsed.pages),
        "audience": list(parsed.audience),
        "url": parsed.url,
        "modified_at": None if parsed.modified_at is None else parsed.modified_at.isoformat(),
        "note": parsed.note,
        "recognised": list(parsed.recognised),
        "wanted": list(parsed.wanted),
    }
    return header, parsed.text.encode("utf-8")


def message_to_parsed(header: dict[str, object], body: bytes) -> Parsed:
    """Return the `Parsed` that `parsed_to_message` was given."""
    headings, pages, audience = header["headings"], header["pages"], header["audience"]
    if not (isinstance(headings, list) and isinstance(pages, list) and isinstance(audience, list)):
        raise TypeError(f"not an answer of the parser: {sorted(header)}")
    modified_at = _text_or_none(header["modified_at"])
    return Parsed(
        text=body.decode("utf-8"),
        title=_text_or_none(header["title"]),
        headings=tuple(
            Heading(start=int(start), level=int(level), text=str(text))
            for start, level, text in headings
        ),
        pages=tuple(int(page) for page in pages),
        audience=tuple(str(group) for group in audience),
        url=_text_or_none(header["url"]),
        modified_at=None if modified_at is None else datetime.fromisoformat(modified_at),
        note=_text_or_none(header["note"]),
        recognised=_numbers(header["recognised"]),
        wanted=_numbers(header["wanted"]),
    )


def _numbers(value: object) -> tuple[int, ...]:
    return tuple(int(one) for one in value) if isinstance(value, list) else ()


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def serve(parser: Callable[..., Parsed], *, memory_bytes: int, timeout_s: float) -> None:
    """Answer the messages on standard input until it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    _silence()
    _limit(memory_bytes)
    _isolate()
    write_message(answers, _READY)
    try:
        while (message := read_message(sys.stdin.buffer)) is not None:
            header, content = message
            signal.setitimer(signal.ITIMER_REAL, timeout_s + _GRACE_S)
            answer = _answer(parser, content, header)
            signal.setitimer(signal.ITIMER_REAL, 0)
            write_message(answers, *answer)
    except MemoryError:  # not even the file itself fits
        write_message(answers, _OUT_OF_MEMORY)


def _silence() -> None:
    # Text printed by a library must not get between the answers, nor into a file with a size limit.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _limit(memory_bytes: int) -> None:
    # A system may lack a limit or already have a lower one; the time-out still applies.
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def _isolate() -> None:
    """Cut the process off from every network: an address in a document must never be reached."""
    with contextlib.suppress(OSError, AttributeError):  # not Linux
        unshare = ctypes.CDLL(None).unshare
        # A user who may not create a user namespace may still be root, who needs none.
        if unshare(_NEW_USER | _NEW_NETWORK) != 0:
            unshare(_NEW_NETWORK)
    # Where the system lacks namespaces, Python's own sockets at least open no connection.
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, arguments: object) -> None:
    del arguments
    if event in _NETWORK_EVENTS:
        raise PermissionError(f"a parser has no network ({event})")


def _answer(
    parser: Callable[..., Parsed], content: bytes, header: Mapping[str, object]
) -> tuple[dict[str, object], bytes]:
    try:
        task = _TASKS.get(str(header.get("task")))
        if task is not None:
            return task(content, header)
        if (plugin := header.get("plugin")) is not None:
            parsed = parse_by_plugin(content, name=str(header["name"]), target=str(plugin))
            return parsed_to_message(parsed)
        recognised = _recognised(header.get("recognised"))
        given = {} if recognised is None else {"recognised": recognised}
        return parsed_to_message(parser(content, name=str(header["name"]), **given))
    except UnreadableDocumentError as error:
        return {"problem": error.kind, "reason": error.reason}, b""
    except MemoryError:
        return _OUT_OF_MEMORY, b""


def _recognised(value: object) -> Recognised:
    if not isinstance(value, list):
        return None
    return {int(number): page and page_from_json(page) for number, page in value}


def _picture(content: bytes, header: Mapping[str, object]) -> tuple[dict[str, object], bytes]:
    from footnote_qa.index.parsing.ocr_pictures import picture  # noqa: PLC0415  needs Pillow

    is_pdf = content[:1024].find(b"%PDF-") >= 0
    return {}, picture(content, int(str(header["page"])), is_pdf=is_pdf)


def _recognise(content: bytes, header: Mapping[str, object]) -> tuple[dict[str, object], bytes]:
    from footnote_qa.index.parsing.ocr_engines import Engine, recognise  # noqa: PLC0415  needs Pillow

    told = header["engine"]
    if not isinstance(told, dict):
        raise TypeError(f"not an engine: {told!r}")
    lists = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
    engine = Engine(**told | lists)
    try:
        page = recognise(content, engine, timeout_s=float(str(header["timeout_s"])))
    except TimeoutError:
        return {"problem": ProblemKind.TIMEOUT, "reason": ""}, b""
    return {}, json.dumps(page_to_json(page)).encode()


def _attachments(content: bytes, header: Mapping[str, object]) -> tuple[dict[str, object], bytes]:
    found = attachments(content, name=str(header["name"]))
    told = [[one.name, len(one.content), sha256(one.content).hexdigest()] for one in found]
    return {"attachments": told}, b""


def _attachment(content: bytes, header: Mapping[str, object]) -> tuple[dict[str, object], bytes]:
    for one in attachments(content, name=str(header["name"])):
        if one.name == header["attachment"]:
            return {}, one.content
    raise UnreadableDocumentError(ProblemKind.UNREADABLE, "it is no longer attached to the mail")


_TASKS: Mapping[str, Callable[[bytes, Mapping[str, object]], tuple[dict[str, object], bytes]]] = {
    "picture": _picture,
    "recognise": _recognise,
    "attachments": _attachments,
    "attachment": _attachment,
}


def main() -> None:
    """Serve with the limits of the command line: bytes of memory, seconds for a file."""
    serve(parse, memory_bytes=int(sys.argv[1]), timeout_s=float(sys.argv[2]))


if __name__ == "__main__":
    main()

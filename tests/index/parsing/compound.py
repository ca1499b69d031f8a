"""Write files in the older Office container, with streams and storages."""

import struct
from collections.abc import Mapping

Streams = Mapping[str, "bytes | Streams"]

_SECTOR, _LEAST = 512, 4096  # smaller streams would be kept in another way
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(streams: Streams) -> bytes:
    """Return a container with *streams*; each is filled up with NULs to 4,096 bytes."""
    entries: list[list[object]] = [["Root Entry", 5, b"", _FREE]]
    _add(entries, streams, 0)
    chains, data, sector = [], [], 0
    for entry in entries:
        content = bytes(entry[2])  # type: ignore[call-overload]
        if entry[1] == 2:
            content = content.ljust(_LEAST, b"\0")
        count = -(-len(content) // _SECTOR)
        chains.append((sector if count else _END, len(content)))
        data.append(content.ljust(count * _SECTOR, b"\0"))
        sector += count
    directory = b"".join(_entry(*one) for one in zip(entries, _links(entries), chains, strict=True))
    directory = directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0")
    fat: list[int] = []
    for content in [*data, directory]:
        count = len(content) // _SECTOR
        start = len(fat)
        fat += [start + n + 1 for n in range(count - 1)] + ([_END] if count else [])
    first_directory = sector
    used = len(fat)
    fats = 1
    while (used + fats) * 4 > fats * _SECTOR:
        fats += 1
    fat += [_FAT] * fats
    fat += [_FREE] * (fats * _SECTOR // 4 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, fats, first_directory, 0, _LEAST, _END, 0, _END, 0)
    places = [used + n for n in range(fats)]
    header += struct.pack("<109I", *places, *[_FREE] * (109 - fats))
    return header + b"".join(data) + directory + struct.pack(f"<{len(fat)}I", *fat)


def _add(entries: list[list[object]], streams: Streams, parent: int) -> None:
    for name, content in streams.items():
        is_stream = isinstance(content, bytes)
        entries.append([name, 2 if is_stream else 1, content if is_stream else b"", parent])
        if not isinstance(content, bytes):
            _add(entries, content, len(entries) - 1)


def _links(entries: list[list[object]]) -> list[tuple[int, int]]:
    """Return the next sibling and the first child of each entry."""
    links = []
    for number, entry in enumerate(entries):
        siblings = [n for n, one in enumerate(entries) if n > number and one[3] == entry[3]]
        children = [n for n, one in enumerate(entries) if one[3] == number and n != number]
        is_root = number == 0
        links.append(
            (_FREE if is_root or not siblings else siblings[0], children[0] if children else _FREE)
        )
    return links


def _entry(entry: list[object], links: tuple[int, int], chain: tuple[int, int]) -> bytes:
    name = str(entry[0]).encode("utf-16-le") + b"\0\0"
    made = name.ljust(64, b"\0") + struct.pack("<HBB", len(name), int(str(entry[1])), 1)
    made += struct.pack("<III", _FREE, *links) + bytes(36)
    start, size = chain if entry[1] == 2 else (_END if entry[1] == 5 else 0, 0)
    return made + struct.pack("<III", start, size, 0)


def word(text: str, *, styles: Mapping[int, int] | None = None, flags: int = 0x0200) -> bytes:
    """Return a Word 97 file; *styles* has the style of some paragraphs, by number."""
    body = text.encode("utf-16-le")
    at = 2048
    main = bytearray(at) + body
    main += bytes(-len(main) % 512)
    struct.pack_into("<H", main, 0, 0xA5EC)
    struct.pack_into("<H", main, 0x0A, flags)
    struct.pack_into("<i", main, 0x4C, len(text))
    clx = struct.pack("<BIIIHIH", 2, 16, 0, len(text), 0, at, 0)
    page = bytearray(512)
    ends, start = [at], 0
    for part in text.split("\r")[:-1]:
        start += len(part) + 1
        ends.append(at + 2 * start)
    count = len(ends) - 1
    struct.pack_into(f"<{count + 1}I", page, 0, *ends)
    for number in range(count):
        place = 400 - 8 * number
        page[4 * (count + 1) + 13 * number] = place // 2
        page[place] = 2
        struct.pack_into("<H", page, place + 1, (styles or {}).get(number, 0))
    page[511] = count
    where = len(main) // 512
    main += page
    plc = struct.pack("<III", ends[0], ends[-1], where)
    struct.pack_into("<II", main, 0x01A2, 0, len(clx))
    struct.pack_into("<II", main, 0x0102, len(clx), len(plc))
    return compound({"WordDocument": bytes(main), "1Table": clx + plc})


def record(kind: int, content: bytes, *, is_container: bool = False, instance: int = 0) -> bytes:
    """Return a record of a PowerPoint file."""
    return (
        struct.pack("<HHI", instance << 4 | (0xF if is_container else 0), kind, len(content))
        + content
    )


def presentation(slides: list[tuple[str, str, str]], *, token: int = 0xE391C05F) -> bytes:
    """Return a PowerPoint 97 file of slides with a title, a text and the text of a box."""
    lists = b""
    stream = b""
    places = []
    for number, (title, text, box) in enumerate(slides):
        lists += record(1011, struct.pack("<IIIII", number + 1, 0, 0, 256 + number, 0))
        lists += record(3999, struct.pack("<I", 0)) + record(4000, title.encode("utf-16-le"))
        lists += record(3999, struct.pack("<I", 1)) + record(4008, text.encode("latin-1"))
        hidden = 0x0004 if title.startswith("Hidden") else 0
        info = struct.pack("<IIHHHH", 0, 0, 0, hidden, 0, 0)
        inside = record(1007, bytes(24)) + record(1017, info)
        inside += record(61453, record(4000, box.encode("utf-16-le")), is_container=True)
        places.append(len(stream))
        stream += record(1006, inside, is_container=True)
    document = len(stream)
    stream += record(1000, record(4080, lists, is_container=True), is_container=True)
    directory = len(stream)
    stream += record(
        6002,
        struct.pack("<I", len(slides) + 1 << 20 | 0)
        + struct.pack(f"<{len(slides) + 1}I", document, *places),
    )
    edit = len(stream)
    stream += record(4085, struct.pack("<IIIIII", 0, 0, 0, directory, 0, 0))
    user = struct.pack("<HHI", 0, 4086, 24) + struct.pack("<IIII", 20, token, edit, 0)
    return compound({"Current User": user, "PowerPoint Document": stream})


def outlook(texts: Mapping[str, str], attached: Mapping[str, bytes] | None = None) -> bytes:
    """Return an Outlook mail with the properties *texts*, by their tag, and with files."""
    streams: dict[str, bytes | Streams] = {"__properties_version1.0": bytes(32)}
    for tag, text in texts.items():
        streams[f"__substg1.0_{tag}001F"] = text.encode("utf-16-le")
    for number, (name, content) in enumerate((attached or {}).items()):
        streams[f"__attach_version1.0_#{number:08X}"] = {
            "__properties_version1.0": bytes(8),
            "__substg1.0_3707001F": name.encode("utf-16-le"),
            "__substg1.0_37010102": content,
        }
    return compound(streams)

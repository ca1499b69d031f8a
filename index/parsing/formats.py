"""The formats that are read: their suffixes, and what other suffixes are to be saved as."""

from collections.abc import Mapping

from footnote_qa.index.parsing.languages import LANGUAGES
from footnote_qa.index.parsing.left_out import PICTURES

# A new format is one module with a `parse(content: bytes) -> Parsed`, and its suffixes here.
FORMATS: Mapping[str, tuple[str, ...]] = {
    "markdown": (".md", ".markdown"),
    "mdx": (".mdx",),
    "text": (".txt", ".text"),
    "log": (".log",),
    "asciidoc": (".adoc", ".asciidoc"),
    "org": (".org",),
    "rst": (".rst",),
    "html": (".html", ".htm", ".xhtml"),
    "pdf": (".pdf",),
    "docx": (".docx", ".docm"),
    "pptx": (".pptx", ".pptm"),
    "xlsx": (".xlsx", ".xlsm"),
    "odt": (".odt", ".ods", ".odp"),
    "rtf": (".rtf",),
    "csv": (".csv", ".tsv"),
    "json": (".json", ".jsonl", ".ndjson"),
    "yaml": (".yaml", ".yml"),
    "ini": (".ini", ".toml", ".cfg", ".conf", ".properties"),
    "xml": (".xml", ".docbook", ".dita", ".ditamap", ".rss", ".atom"),
    "sql": (".sql", ".ddl"),
    "code": tuple(LANGUAGES),
    "transcript": (".vtt", ".srt"),
    "eml": (".eml",),
    "mbox": (".mbox",),
    "msg": (".msg",),
    "doc": (".doc", ".dot"),
    "ppt": (".ppt", ".pps"),
    "xls": (".xls", ".xlt"),
    "epub": (".epub",),
    "ipynb": (".ipynb",),
    "image": tuple(sorted(PICTURES)),
}
FORMAT_OF: Mapping[str, str] = {
    suffix: name for name, suffixes in FORMATS.items() for suffix in suffixes
}
RECOGNISED = frozenset({"pdf", "image"})  # their parsers take recognised pages
TEXTUAL = frozenset(
    {
        *("markdown", "mdx", "text", "log", "asciidoc", "org", "rst", "html", "rtf", "csv", "json"),
        *("yaml", "ini", "xml", "sql", "code", "transcript", "eml", "mbox", "ipynb"),
    }
)
# Formats whose text may begin like a page of HTML.
WRITTEN = frozenset({"code", "yaml", "ini", "sql", "log"})
FORMAT_OF_NAME: Mapping[str, str] = {
    **dict.fromkeys(("makefile", "dockerfile", "containerfile", "jenkinsfile"), "code"),
    **dict.fromkeys(
        (
            *("readme", "license", "licence", "copying", "notice", "authors", "contributors"),
            *("changelog", "changes", "news", "history", "contributing", "install", "todo"),
        ),
        "text",
    ),
}

# Older or related formats, and the format to save each of them as.
SAVE_AS: Mapping[str, str] = {
    ".wpd": "docx",
    ".ppsx": "pptx",
    ".key": "pptx",
    ".xlsb": "xlsx",
    ".numbers": "xlsx",
    ".pages": "docx",
    ".mobi": "epub",
}

SUFFIXES: frozenset[str] = frozenset(FORMAT_OF)

MAIL_SUFFIXES: frozenset[str] = frozenset({".eml", ".mbox", ".msg"})
"""Of files to which other files can be attached."""

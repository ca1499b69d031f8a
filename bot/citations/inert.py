"""Take out of a model's text what a chat would act on, and what looks like our labels."""

import re

from footnote_qa.bot.citations.layout import tidied

_OPEN, _CLOSE = r"[\[［【〔〚⟦]", r"[\]］】〕〛⟧]"
# Brackets that contain only numbers and separators: a reader would take them for a label
_NUMBERED = re.compile(rf"\s*{_OPEN}[\s\d¹²³⁰-⁹^#,;.:†‡–—-]*{_CLOSE}")
# Text that a chat reacts to: pings and links in Slack's form, links and images in Markdown
_SLACK_LINK = re.compile(r"<(?:https?:|mailto:)[^>|]*\|([^>]*)>", re.IGNORECASE)
_SLACK_CONTROL = re.compile(r"<([!@#][^>]*)>")
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\]\s*(?:\([^()]*\)|\[[^\[\]]*\])")


def inert(text: str) -> str:
    """Return the part without anything that could pass as one of our labels.

    Words that a chat would turn into a ping, a link or an image are shown as text and do
    nothing.
    """
    text = "\n".join(tidied(text.splitlines()))
    before = None
    while before != text:  # removing an inner pair can turn the outer one into a label or a link
        before = text
        text = _NUMBERED.sub("", text)
        for pattern in (_SLACK_LINK, _SLACK_CONTROL, _MARKDOWN_LINK):
            text = pattern.sub(r"\1", text)
    return text.strip()

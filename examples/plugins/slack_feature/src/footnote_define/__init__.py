"""Say what a word means: `/define SSO`, the menu of a message, and a section of the home tab."""

from collections.abc import Sequence

from footnote_qa.plugins import CONTRACT, SlackCall, SlackReply


class Define:
    """Shows the passage that says most about a word, and asks where there is none.

    Args:
        words: Words on the home tab.
        max_chars: Of the passage that is shown.
    """

    contract = CONTRACT
    name = "define"
    title = "What does this mean?"
    description = "What a word means in our documents; only you see the answer"
    command = "/define"
    shortcut = True

    def __init__(self, words: Sequence[str] = (), max_chars: int = 400) -> None:
        self._words = tuple(words)
        self._max_chars = max_chars

    def reply(self, call: SlackCall) -> SlackReply:
        """Show a passage with the word; without one, ask what it means."""
        word = call.text.strip()
        if not word:
            return SlackReply(text="Put a word after the command: /define SSO")
        for passage in call.search(word, 5):
            if word.lower() in passage.chunk.text.lower():
                shown = passage.chunk.text[: self._max_chars].strip()
                return SlackReply(text=f"{shown}\n— {passage.chunk.title}")
        return SlackReply(question=f"What does {word} mean?")

    def home(self, call: SlackCall) -> str:
        """Name the words that the person's documents say something about."""
        found = [word for word in self._words if call.search(word, 1)]
        return f"Try /define with {', '.join(found)}." if found else ""

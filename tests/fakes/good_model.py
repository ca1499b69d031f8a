"""A good language model, its replies written by hand, behind the model server."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.fakes.models import blocks_in

_EVIDENCE = re.compile(r"\[\[(.+?)\]\]")


@dataclass
class GoodModel:
    """Writes hand-written replies, in order; passages are named by words of theirs: `[[words]]`.

    Attributes:
        answers: What it answers, in order; SEARCH and READ lines are answers too.
        rewritten: What it makes of the messages of a conversation, in order.
        asked: The requests, each by its kind: "question", "answer" or "check".
        prompts: Their last messages.
    """

    answers: deque[str] = field(default_factory=deque)
    rewritten: deque[str] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    def learns(self, answers: Iterable[str] = (), rewritten: Iterable[str] = ()) -> None:
        """Add replies."""
        self.answers.extend(answers)
        self.rewritten.extend(rewritten)

    def write(self, prompt: str) -> str:
        """Return the reply to the last message of a request."""
        self.prompts.append(prompt)
        if "Last message:" in prompt:
            self.asked.append("question")
            return self.rewritten.popleft()
        if "Statement:" in prompt:
            self.asked.append("check")
            count = len(re.findall(r"^\d+\. Statement:", prompt, re.MULTILINE))
            return "\n".join(f"{at}. yes" for at in range(1, count + 1))
        self.asked.append("answer")
        return cited(self.answers.popleft(), prompt)


def cited(reply: str, prompt: str) -> str:
    """Return *reply* with the numbers of the passages that have the words in its markers."""
    passages = blocks_in(prompt)

    def number(found: re.Match[str]) -> str:
        words = found[1]
        ids = [id_ for id_, text in passages if words in " ".join(text.split())]
        assert ids, f"no passage with {words!r}"
        return f"[{ids[0]}]"

    return _EVIDENCE.sub(number, reply)


def words_of(reply: str) -> str:
    """Return a hand-written reply without its markers, as it has to be shown."""
    return re.sub(r"\s*\[\[.+?\]\]", "", reply)

"""Prompts as files: loaded by name, rendered strictly, known by a digest."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from string import Template

__all__ = ["Prompt", "PromptError", "load"]


class PromptError(Exception):
    """A prompt does not exist, or was given other values than it asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The text of a prompt, with `$name` where a value goes.

    Attributes:
        name: File name without its suffix.
        template: The file's text.
    """

    name: str
    template: str

    @property
    def digest(self) -> str:
        """First 12 hex digits of the template's sha256: changes whenever a word does."""
        return hashlib.sha256(self.template.encode()).hexdigest()[:12]

    @property
    def values(self) -> frozenset[str]:
        """Names of the values that `render` wants."""
        return frozenset(Template(self.template).get_identifiers())

    def render(self, **values: str) -> str:
        """Return the prompt with each value put in once, verbatim: a `$name` in a value stays text.

        Raises:
            PromptError: If a value is missing or needless.

        >>> Prompt(name="greeting", template="Hello $who!").render(who="$who & co")
        'Hello $who & co!'
        """
        missing, needless = self.values - values.keys(), values.keys() - self.values
        if missing or needless:
            raise PromptError(
                f"prompt {self.name!r}: missing {sorted(missing)}, needless {sorted(needless)}"
            )
        return Template(self.template).substitute(values)


def load(name: str) -> Prompt:
    """Return the prompt in the file *name*`.md` of this package.

    Raises:
        PromptError: If there is no such file.

    >>> load("answer").name
    'answer'
    """
    if not name.replace("-", "").isalnum():
        raise PromptError(f"{name!r} is not the name of a prompt")
    try:
        template = resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise PromptError(f"there is no prompt {name!r}") from error
    return Prompt(name=name, template=template)

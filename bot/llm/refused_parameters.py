"""Learn from a refusal which parameters a model does not take, and leave them out from then on."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from footnote_qa.bot.settings import ProviderSettings

log = logging.getLogger(__name__)

OPTIONAL: Final = (
    *("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "seed", "stop"),
    *("logprobs", "top_logprobs", "stream_options", "reasoning_effort", "thinking"),
)
"""Parameters that a request can do without."""

RENAMED: Final[Mapping[str, str]] = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
}
"""Parameters that have another name for other models."""

MOST_AT_ONCE: Final = 4
"""How many refusals of one request are learnt from at most."""

_QUESTIONS_FAULT: Final = frozenset({400, 422})


@dataclass
class RefusedParameters:
    """The parameters that one model has refused, for as long as the process lives.

    Attributes:
        name: Name of the provider.
        refused: By parameter, the name that replaces it; None leaves it out.
        sent: The parameters of the last request.
    """

    name: str
    refused: dict[str, str | None] = field(default_factory=dict)
    sent: frozenset[str] = frozenset()

    def without(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a request without those that the model refuses."""
        kept = dict(arguments)
        for parameter in [one for one in kept if one in self.refused]:
            value, other = kept.pop(parameter), self.refused[parameter]
            if other is not None:
                kept.setdefault(other, value)
        self.sent = frozenset(kept)
        return kept

    def learn(self, *, status: int | None, message: str) -> bool:
        """Learn from a refusal; return whether another request is worth a try.

        Args:
            status: HTTP status of the reply.
            message: What it says; it is neither logged nor shown.
        """
        if status not in _QUESTIONS_FAULT:
            return False
        named = [one for one in re.findall(r"[a-z]+(?:_[a-z]+)*", message) if one in self.sent]
        for parameter in named:
            other = RENAMED.get(parameter)
            renames = other is not None and re.search(rf"\b{other}\b", message) is not None
            if parameter in self.refused or not (renames or parameter in OPTIONAL):
                continue
            self.refused[parameter] = other if renames else None
            details = {"provider": self.name, "parameter": parameter, "instead": other or ""}
            log.warning("parameter refused, left out from now on", extra=details)
            return True
        return False


_KNOWN: dict[tuple[str, str, str], RefusedParameters] = {}


def refused_parameters(provider: ProviderSettings) -> RefusedParameters:
    """Return what the model of *provider* has refused in this process."""
    key = (provider.kind, provider.base_url or "", provider.model)
    return _KNOWN.setdefault(key, RefusedParameters(name=provider.name))

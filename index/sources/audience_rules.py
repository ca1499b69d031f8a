"""Rules for who may see a document, by its path in its source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from footnote_qa.index.sources.names import prefixed
from footnote_qa.index.sources.patterns import matches
from footnote_qa.index.types import Problem, Source, SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceRule:
    """Audience of the documents that match one pattern.

    Attributes:
        match: Pattern of their paths, such as `hr/**`.
        audience: Groups that may see them; empty means everybody.
    """

    match: str
    audience: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledSource:
    """A source whose documents get the audience of the first rule that matches.

    A document that no rule matches keeps the audience of its source.

    Attributes:
        source: Where the documents come from.
        rules: Tried in this order.
        prefix: The prefix of the documents' ids.
    """

    source: Source
    rules: Sequence[AudienceRule]
    prefix: str = ""

    def files(self) -> Iterator[SourceFile | Problem]:
        """Yield the files of the source, each with its audience."""
        start = len(prefixed(self.prefix, ""))
        for file in self.source.files():
            if isinstance(file, SourceFile):
                path = file.document[start:]
                rule = next((one for one in self.rules if matches(path, one.match)), None)
                yield file if rule is None else replace(file, audience=rule.audience)
            else:
                yield file

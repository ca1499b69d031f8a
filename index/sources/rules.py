"""Who may see a document, by its path in its source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.sources.names import prefixed
from index.sources.patterns import matches
from index.types import Problem, Source, SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceRule:
    """Which documents of a source are for whom.

    Attributes:
        match: Pattern of their paths, such as `hr/**`.
        audience: Groups that may see them; empty means everybody.
    """

    match: str
    audience: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledSource:
    """A source whose documents are for whom the first rule that matches says.

    A document that no rule matches keeps the audience of its source.

    Attributes:
        source: Where the documents come from.
        rules: In the order in which they are tried.
        prefix: What stands before the ids of the documents.
    """

    source: Source
    rules: Sequence[AudienceRule]
    prefix: str = ""

    def files(self) -> Iterator[SourceFile | Problem]:
        """Yield what the source yields, each file with its audience."""
        start = len(prefixed(self.prefix, ""))
        for file in self.source.files():
            if isinstance(file, SourceFile):
                path = file.document[start:]
                rule = next((one for one in self.rules if matches(path, one.match)), None)
                yield file if rule is None else replace(file, audience=rule.audience)
            else:
                yield file

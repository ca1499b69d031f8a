"""Parser processes that are kept from build to build: starting them is most of a small build."""

from types import TracebackType

from footnote_qa.index.parsing.child import ParserPool


class LastingPool(ParserPool):
    """The real pool with real child processes; leaving it ends none of them."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, error, trace

    def close(self) -> None:
        super().__exit__(None, None, None)

"""BM25 over the words of chunks, by tantivy."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import tantivy

EVERYBODY = "*"
_WORDS = "footnote_words"
_HEAP_BYTES = 64_000_000
_LONGEST_TOKEN_CHARS = 60
_MOST_QUESTION_TERMS = 64
# Scripts written without spaces: each character becomes a term, or no word would ever match.
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])")


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalRow:
    """What is indexed of a chunk: its words and who may find it."""

    id: int
    words: str
    audience: tuple[str, ...]


def _analyzer() -> tantivy.TextAnalyzer:
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(_LONGEST_TOKEN_CHARS))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def _spaced(text: str) -> str:
    return _UNSPACED.sub(r" \1 ", text)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", stored=True, indexed=True, fast=True)
    builder.add_text_field("words", tokenizer_name=_WORDS, index_option="freq")
    builder.add_text_field("audience", tokenizer_name="raw", index_option="basic")
    return builder.build()


def write_lexical(folder: Path, rows: Iterable[LexicalRow]) -> None:
    """Write an index of *rows* into the empty *folder*."""
    index = tantivy.Index(_schema(), path=str(folder))
    index.register_tokenizer(_WORDS, _analyzer())
    # One thread: the same rows give the same segments, so two builds rank ties alike.
    writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
    for row in rows:
        document = tantivy.Document()
        document.add_unsigned("id", row.id)
        document.add_text("words", _spaced(row.words))
        for group in row.audience or (EVERYBODY,):
            document.add_text("audience", group)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()


class LexicalIndex:
    """An index of words, open for reading."""

    def __init__(self, folder: Path) -> None:
        self._index = tantivy.Index.open(str(folder))
        self._analyzer = _analyzer()
        self._index.register_tokenizer(_WORDS, self._analyzer)
        self._searcher = self._index.searcher()

    def terms(self, text: str) -> list[str]:
        """Return the terms of *text* as they are indexed: each once, in order.

        At most the first 64, so that a question as long as a book cannot hold up the search.
        """
        return list(dict.fromkeys(self._analyzer.analyze(_spaced(text))))[:_MOST_QUESTION_TERMS]

    def search(
        self, question: str, k: int, *, groups: Sequence[str] | None
    ) -> list[tuple[int, float]]:
        """Find the *k* chunks whose words fit *question* best.

        Args:
            question: Free text; it has no operators.
            k: How many at most.
            groups: Groups whose chunks may be found besides everybody's; None finds all.

        Returns:
            (chunk id, BM25) pairs, best first.
        """
        schema = self._index.schema
        terms = self.terms(question)
        if not terms:
            return []
        should = tantivy.Occur.Should
        query = tantivy.Query.boolean_query(
            [
                (should, tantivy.Query.term_query(schema, "words", term, index_option="freq"))
                for term in terms
            ]
        )
        if groups is not None:
            allowed = tantivy.Query.term_set_query(schema, "audience", [EVERYBODY, *groups])
            must = tantivy.Occur.Must
            query = tantivy.Query.boolean_query(
                [(must, query), (must, tantivy.Query.const_score_query(allowed, 0.0))]
            )
        hits = self._searcher.search(query, k).hits
        addresses = [address for _, address in hits]
        ids = [int(self._searcher.doc(address)["id"][0]) for address in addresses]
        return [(id_, float(score)) for id_, (score, _) in zip(ids, hits, strict=True)]

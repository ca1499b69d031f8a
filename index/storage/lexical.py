"""Word index (BM25) over chunks, with a bonus for words that are close together, by tantivy."""

import hashlib
import math
import os
import re
import shutil
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tantivy

from footnote_qa.index.atomic_files import writing
from footnote_qa.index.storage.acronyms import read_acronyms, write_acronyms, written_out
from footnote_qa.index.storage.analysis import ENGLISH, english, prepared, stemmed_as
from footnote_qa.index.storage.spellings import FormReader
from footnote_qa.index.storage.vocabulary import Vocabulary, write_vocabulary
from footnote_qa.index.storage.word_query import MOST_TERMS, WordQueries, only_asks

LEXICAL_VERSION = "5"
EVERYBODY = "*"
_WORDS = "footnote_words"
_LANGUAGES = "languages.txt"
_HEAP_BYTES = 64_000_000
_MOST_TERM_CHARS = 500
_FEW = 0.1
"""Share of the chunks up to which they are named in a query."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalRow:
    """The indexed data of a chunk: its words, who may find it, and its language."""

    id: int
    words: str
    audience: tuple[str, ...]
    language: str = ENGLISH


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", stored=True, indexed=True, fast=True)
    builder.add_text_field("words", tokenizer_name=_WORDS, index_option="position")
    builder.add_text_field("audience", tokenizer_name="raw", index_option="basic")
    return builder.build()


def write_lexical(folder: Path, rows: Iterable[LexicalRow]) -> None:
    """Write an index of *rows* into the empty *folder*."""
    with writing(folder, ValueError):
        index = tantivy.Index(_schema(), path=str(folder))
        index.register_tokenizer(_WORDS, english())
        # One thread: the same rows give the same segments, so ties break in the same way.
        writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        counts: Counter[str] = Counter()
        reader = FormReader()
        acronyms: list[tuple[str, str, tuple[str, ...]]] = []
        languages: Counter[str] = Counter()
        for row in rows:
            tokens = set(row.words.split())
            writer.add_document(_document(row, reader.forms(row.words, tokens)))
            counts.update(tokens)
            acronyms += [(*found, row.audience) for found in written_out(row.words)]
            languages[row.language or ENGLISH] += 1
        writer.commit()
        writer.wait_merging_threads()
        write_vocabulary(folder, counts)
        write_acronyms(folder, acronyms)
        lines = [f"{name} {count}" for name, count in sorted(languages.items())]
        (folder / _LANGUAGES).write_text("\n".join(lines), encoding="utf-8")


def _document(row: LexicalRow, forms: Sequence[str]) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("id", row.id)
    words = prepared(row.words, row.language)
    document.add_text("words", f"{words}\n{' '.join(forms)}")
    for group in row.audience or (EVERYBODY,):
        document.add_text("audience", _term(group))
    return document


def _term(group: str) -> str:
    """Return a group as a term of the index, which cannot be of any length."""
    if len(group) <= _MOST_TERM_CHARS:
        return group
    return f"#{hashlib.sha256(group.encode()).hexdigest()}"


class LexicalIndex:
    """A word index, open for reading; one of an earlier version has fewer forms of its words.

    Attributes:
        languages: How many chunks are in each language.
    """

    def __init__(self, folder: Path) -> None:
        self._analyzer = english()
        self._hidden: tuple[int, ...] = ()
        if os.access(folder, os.W_OK):
            self._open(folder)
            return
        # Opening takes a lock file; if the folder is read-only, a copy is opened instead. Its files
        # are mapped and are removed with this object.
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / "lexical"
            shutil.copytree(folder, copy, copy_function=shutil.copyfile)
            copy.chmod(0o700)
            self._open(copy)

    def _open(self, folder: Path) -> None:
        self._index = tantivy.Index.open(str(folder))
        self._index.register_tokenizer(_WORDS, self._analyzer)
        self._searcher = self._index.searcher()
        self._vocabulary = Vocabulary(folder)
        path = folder / _LANGUAGES
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        counts = {name: int(count) for name, count in (line.split(" ") for line in lines)}
        self.languages: Mapping[str, int] = counts or {ENGLISH: 1}
        self._queries = WordQueries(
            self._index,
            self._analyzer,
            languages=sorted(set(map(stemmed_as, self.languages))),
            acronyms=read_acronyms(folder),
            has_places=self._knows_places(),
        )

    def _knows_places(self) -> bool:
        """Whether the positions of words are stored; earlier versions did not store them."""
        pair = tantivy.Query.phrase_query(self._index.schema, "words", ["a", "b"])
        try:
            self._searcher.search(pair, 1)
        except ValueError:
            return False
        return True

    def hide(self, ids: Iterable[int]) -> None:
        """Find these chunks for nobody from now on."""
        self._hidden = tuple(ids)

    def terms(self, question: str) -> list[str]:
        """Return the search terms of *question*: each once, in order.

        Words that only ask ("how", "does") are left out unless there is nothing else, because they
        don't help to find an answer. At most the first 64 terms are taken, so that a very long
        question cannot slow the search down.
        """
        return list(dict.fromkeys(self._queries.in_order(question)))[:MOST_TERMS]

    def known_share(self, question: str) -> float:
        """Return which share of the terms of *question* some chunk has; 0 if it has no terms."""
        terms = self.terms(question)
        return sum(self._queries.holders(term) > 0 for term in terms) / max(1, len(terms))

    def unknown(self, question: str, *, groups: Sequence[str] | None) -> tuple[str, ...]:
        """Return the words of *question* that are in no chunk that *groups* may see, in order.

        Args:
            question: Free text.
            groups: Groups whose chunks count, besides public ones; None counts all chunks.
        """
        words = dict.fromkeys(_WORD.findall(unicodedata.normalize("NFC", question)))
        return tuple(
            word
            for at, word in enumerate(words)
            if not only_asks(word, at) and not self._is_known(word, groups)
        )

    def _is_known(self, word: str, groups: Sequence[str] | None) -> bool:
        readings = list(self._queries.analyzed(word))
        if not any(readings):
            return True  # a stop word
        return any(
            terms and all(self._is_visible(term, groups) for term in terms) for terms in readings
        )

    def _is_visible(self, term: str, groups: Sequence[str] | None) -> bool:
        if not self._queries.holders(term):
            return False
        if groups is None and not self._hidden:
            return True
        # A word from a document that the person may not see counts as unknown
        query = tantivy.Query.term_query(self._index.schema, "words", term)
        return bool(self._searcher.search(self._allowed(query, groups), 1).hits)

    def meant(self, word: str, *, groups: Sequence[str] | None) -> str | None:
        """Return the word of the index that *word* is probably a misspelling of; None for none.

        Args:
            word: A word that is in no chunk.
            groups: Groups whose chunks count, besides public ones; None counts all chunks.
        """
        near = self._vocabulary.near(word)
        return next((one for one in near if self._is_known(one, groups)), None)

    def holds(self, id_: int, text: str) -> bool:
        """Return whether the words of *text* are indexed for the chunk *id_*."""
        return any(self._holds(id_, terms) for terms in self._queries.analyzed(text))

    def _holds(self, id_: int, terms: Iterable[str]) -> bool:
        schema = self._index.schema
        wanted = [tantivy.Query.term_query(schema, "id", id_)]
        wanted += [
            tantivy.Query.term_query(schema, "words", term)
            for term in list(dict.fromkeys(terms))[:MOST_TERMS]
        ]
        query = tantivy.Query.boolean_query([(tantivy.Occur.Must, one) for one in wanted])
        return bool(self._searcher.search(query, 1).hits)

    def rarity(self, words: str) -> float:
        """Return how rare the rarest of *words* is: 1 if it is in one chunk, near 0 if in all."""
        total = self._searcher.num_docs
        terms = {term for reading in self._queries.analyzed(words) for term in reading}
        counts = [self._queries.holders(term) for term in terms]
        known = [count for count in counts if count] or [1] * bool(terms)
        return max((_idf(count, total) / _idf(1, total) for count in known), default=0.0)

    def search(
        self,
        question: str,
        k: int,
        *,
        groups: Sequence[str] | None,
        only: Collection[int] | None = None,
    ) -> list[tuple[int, float]]:
        """Find the *k* chunks whose words fit *question* best.

        Two consecutive words of the question, small ones aside, count once more if they are close
        together in the chunk, in that order or, two words closer, in the other. This is between the
        sequential and the unordered dependence of Metzler and Croft, "A Markov Random Field Model
        for Term Dependencies" (2005), with BM25 for their likelihoods.

        Args:
            question: Free text; it has no operators.
            k: How many at most.
            groups: Groups whose chunks may be found, besides public ones; None finds all.
            only: Ids of the chunks that may be found; None finds all.

        Returns:
            (chunk id, score) pairs, best first.
        """
        query = self._queries.query(question, groups)
        if query is None:
            return []
        query = self._allowed(query, groups)
        if only is None:
            return self._hits(query, k)
        share = len(only) / max(1, self._searcher.num_docs)
        if share < _FEW:
            return self._hits(self._among(query, only), k)
        # Naming many ids takes longer than finding more chunks and leaving some out
        many = k
        while True:
            many = min(self._searcher.num_docs, round(many / share) + k)
            hits = self._hits(query, many)
            found = [hit for hit in hits if hit[0] in only][:k]
            if len(found) == k or len(hits) < many or many == self._searcher.num_docs:
                return found

    def _hits(self, query: tantivy.Query, k: int) -> list[tuple[int, float]]:
        hits = self._searcher.search(query, k).hits
        addresses = [address for _, address in hits]
        ids = [int(self._searcher.doc(address)["id"][0]) for address in addresses]
        return [(id_, float(score)) for id_, (score, _) in zip(ids, hits, strict=True)]

    def _among(self, query: tantivy.Query, only: Iterable[int]) -> tantivy.Query:
        """Return *query* for some chunks; the scores stay as they are."""
        must = tantivy.Occur.Must
        some = tantivy.Query.term_set_query(self._index.schema, "id", list(only))
        return tantivy.Query.boolean_query(
            [(must, query), (must, tantivy.Query.const_score_query(some, 0.0))]
        )

    def _allowed(self, query: tantivy.Query, groups: Sequence[str] | None) -> tantivy.Query:
        """Return *query* for what *groups* may see; the scores stay as they are."""
        schema, must = self._index.schema, tantivy.Occur.Must
        parts = [(must, query)]
        if groups is not None:
            everyone = [EVERYBODY, *map(_term, groups)]
            allowed = tantivy.Query.term_set_query(schema, "audience", everyone)
            parts.append((must, tantivy.Query.const_score_query(allowed, 0.0)))
        if self._hidden:
            hidden = tantivy.Query.term_set_query(schema, "id", list(self._hidden))
            parts.append((tantivy.Occur.MustNot, hidden))
        return tantivy.Query.boolean_query(parts) if len(parts) > 1 else query


def _idf(holders: int, total: int) -> float:
    return math.log(1 + (total - holders + 0.5) / (holders + 0.5))

"""Word index (BM25) over chunks, with a bonus for words that are close together, by tantivy."""

import math
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

import tantivy

from index.atomic_files import writing

LEXICAL_VERSION = "4"
EVERYBODY = "*"
_WORDS = "footnote_words"
_HEAP_BYTES = 64_000_000
_LONGEST_TOKEN_CHARS = 60
_MOST_QUESTION_TERMS = 64
_MOST_PAIRS = 24
_PAIR_WEIGHT = 0.2
_PAIR_GAP = 4  # most words between the two of a pair, small ones counted
_WORD = re.compile(r"\w+")
_ASKING_WORDS = (
    "what which who whom whose when where why how do does did is are was were be been can could "
    "should would will may might must have has had i me my you your we us our it its they their "
    "there about from get"
)
_ASKING = frozenset(_ASKING_WORDS.split())
# Scripts written without spaces: each character is a term, or no word would ever match.
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])")


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalRow:
    """The indexed data of a chunk: its words and who may find it."""

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
    # An accent can be part of its letter or follow it; both must give the same term.
    return _UNSPACED.sub(r" \1 ", unicodedata.normalize("NFC", text))


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
        index.register_tokenizer(_WORDS, _analyzer())
        # One thread: the same rows give the same segments, so ties break in the same way.
        writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        for row in rows:
            writer.add_document(_document(row))
        writer.commit()
        writer.wait_merging_threads()


def _document(row: LexicalRow) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("id", row.id)
    document.add_text("words", _spaced(row.words))
    for group in row.audience or (EVERYBODY,):
        document.add_text("audience", group)
    return document


class LexicalIndex:
    """A word index, open for reading."""

    def __init__(self, folder: Path) -> None:
        self._analyzer = _analyzer()
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
        self._has_places = self._knows_places()

    def _knows_places(self) -> bool:
        """Whether the positions of words are stored; earlier versions did not store them."""
        pair = tantivy.Query.phrase_query(self._index.schema, "words", ["a", "b"])
        try:
            self._searcher.search(pair, 1)
        except ValueError:
            return False
        return True

    def terms(self, question: str) -> list[str]:
        """Return the search terms of *question*: each once, in order.

        Words that only ask ("how", "does") are left out unless there is nothing else, because they
        don't help to find an answer. At most the first 64 terms are taken, so that a very long
        question cannot slow the search down.
        """
        return list(dict.fromkeys(self._in_order(question)))[:_MOST_QUESTION_TERMS]

    def _in_order(self, question: str) -> list[str]:
        whole = _spaced(question)
        words = enumerate(_WORD.finditer(whole))
        asking = [one.span() for at, one in words if _only_asks(one.group(), at)]
        # All other text goes to the analyzer as it is: only the analyzer knows where its words end
        starts, ends = (
            [0, *(end for _, end in asking)],
            [*(start for start, _ in asking), len(whole)],
        )
        telling = " ".join(whole[start:end] for start, end in zip(starts, ends, strict=True))
        return self._analyzer.analyze(telling) or self._analyzer.analyze(whole)

    def unknown(self, question: str, *, groups: Sequence[str] | None) -> tuple[str, ...]:
        """Return the words of *question* that are in no chunk that *groups* may see, in order.

        Args:
            question: Free text.
            groups: Groups whose chunks count, besides public ones; None counts all chunks.
        """
        words = dict.fromkeys(_WORD.findall(_spaced(question)))
        found: list[str] = []
        for at, word in enumerate(words):
            terms = [] if _only_asks(word, at) else self._analyzer.analyze(word)
            if terms and not all(self._is_known(term, groups) for term in terms):
                found.append(word)
        return tuple(found)

    def _is_known(self, term: str, groups: Sequence[str] | None) -> bool:
        if not self._searcher.doc_freq("words", term):
            return False
        # A word from a document that the person may not see counts as unknown
        return groups is None or bool(self.search(term, 1, groups=groups))

    def holds(self, id_: int, text: str) -> bool:
        """Return whether the words of *text* are indexed for the chunk *id_*."""
        schema, must = self._index.schema, tantivy.Occur.Must
        terms = dict.fromkeys(self._analyzer.analyze(_spaced(text)))
        wanted = [tantivy.Query.term_query(schema, "id", id_)]
        wanted += [
            tantivy.Query.term_query(schema, "words", term, index_option="freq")
            for term in islice(terms, _MOST_QUESTION_TERMS)
        ]
        query = tantivy.Query.boolean_query([(must, one) for one in wanted])
        return bool(self._searcher.search(query, 1).hits)

    def rarity(self, words: str) -> float:
        """Return how rare the rarest of *words* is: 1 if it is in one chunk, near 0 if in all."""
        total = self._searcher.num_docs
        counts = [self._searcher.doc_freq("words", term) for term in self._analyzer.analyze(words)]
        return max((_idf(max(1, n), total) / _idf(1, total) for n in counts), default=0.0)

    def search(
        self, question: str, k: int, *, groups: Sequence[str] | None
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

        Returns:
            (chunk id, score) pairs, best first.
        """
        should = tantivy.Occur.Should
        wanted = [(should, one) for one in self._wanted(question)]
        if not wanted:
            return []
        query = tantivy.Query.boolean_query(wanted)
        if groups is not None:
            everyone = [EVERYBODY, *groups]
            allowed = tantivy.Query.term_set_query(self._index.schema, "audience", everyone)
            must = tantivy.Occur.Must
            query = tantivy.Query.boolean_query(
                [(must, query), (must, tantivy.Query.const_score_query(allowed, 0.0))]
            )
        hits = self._searcher.search(query, k).hits
        addresses = [address for _, address in hits]
        ids = [int(self._searcher.doc(address)["id"][0]) for address in addresses]
        return [(id_, float(score)) for id_, (score, _) in zip(ids, hits, strict=True)]

    def _wanted(self, question: str) -> Iterator[tantivy.Query]:
        schema, make = self._index.schema, tantivy.Query
        for term in self.terms(question):
            yield make.term_query(schema, "words", term, index_option="freq")
        pairs = dict.fromkeys(pairwise(self._in_order(question))) if self._has_places else ()
        for pair in islice(pairs, _MOST_PAIRS):  # each costs as much as a dozen words
            near = make.phrase_query(schema, "words", list(pair), slop=_PAIR_GAP)
            yield make.boost_query(near, _PAIR_WEIGHT)


def _idf(holders: int, total: int) -> float:
    return math.log(1 + (total - holders + 0.5) / (holders + 0.5))


def _only_asks(word: str, at: int) -> bool:
    """Return whether a word only asks: "who" does, but "WHO" or a later "May" don't."""
    if word.lower() not in _ASKING:
        return False
    return word.islower() or word == "I" or (at == 0 and not word.isupper())

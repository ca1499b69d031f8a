"""The words of a question become a query: each word, or its other spellings, and pairs of words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import tantivy

from footnote_qa.index.storage.acronyms import Acronym
from footnote_qa.index.storage.analysis import prepared
from footnote_qa.index.storage.spellings import Spelling, spellings

MOST_TERMS = 64
_MOST_PAIRS = 24
_PAIR_WEIGHT = 0.2
_PAIR_GAP = 4  # most words between the two of a pair, small ones counted
_EXACT_WEIGHT = 2.0  # one term stands for a day, a month and a year
_PARTLY_WEIGHT = 0.4
_ACRONYM_WEIGHT = 0.8
_JOINED_WEIGHT = 0.6  # a text that has the words and the joined form counts by its words
_PARTICLE_WEIGHT = 0.5
_ACRONYM_GAP = 2
_MOST_MEANINGS = 3
_SHORTEST_SPLIT, _SHORTEST_PART, _LONGEST_SPLIT = 5, 2, 20
_PARTICLES = frozenset({"in", "on", "to"})  # stop words, so that the index does not have them
_WORD = re.compile(r"\w+")
_ASKING_WORDS = (
    "what which who whom whose when where why how do does did is are was were be been can could "
    "should would will may might must have has had i me my you your we us our it its they their "
    "there about from get"
)
_ASKING = frozenset(_ASKING_WORDS.split())


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a question: a spelling with its forms, or words between two of them."""

    text: str
    spelling: Spelling | None = None


class WordQueries:
    """Makes the queries for one word index.

    Args:
        index: The index.
        analyzer: Turns prepared text into terms.
        languages: Languages by whose rules its texts were stemmed.
        acronyms: Those that its texts write out.
        has_places: Whether it has the positions of words.
    """

    def __init__(
        self,
        index: tantivy.Index,
        analyzer: tantivy.TextAnalyzer,
        *,
        languages: Sequence[str],
        acronyms: Sequence[Acronym],
        has_places: bool,
    ) -> None:
        self._schema, self._searcher = index.schema, index.searcher()
        self._analyzer, self._languages, self._has_places = analyzer, languages, has_places
        self._meanings: dict[str, list[Acronym]] = {}
        self._shortened: dict[str, list[Acronym]] = {}
        for one in acronyms:
            self._meanings.setdefault(one.short.lower(), []).append(one)
            self._shortened.setdefault(one.words.partition(" ")[0], []).append(one)

    def in_order(self, question: str) -> list[str]:
        """Return the terms of *question*, in order, by the rules of the first language."""
        return self._in_order(question, self._languages[0])

    def analyzed(self, text: str) -> Iterator[list[str]]:
        """Yield the terms of *text* by the rules of each language."""
        for language in self._languages:
            yield self._analyzer.analyze(prepared(text, language))

    def _in_order(self, question: str, language: str) -> list[str]:
        pieces = [one.text for one in _pieces(question)]
        found = [
            term for text in pieces for term in self._analyzer.analyze(prepared(text, language))
        ]
        return found or self._analyzer.analyze(prepared(question, language))

    def query(self, question: str, groups: Sequence[str] | None) -> tantivy.Query | None:
        """Return the query for *question*; None if no word of it can be searched."""
        wanted = list(self._wanted(question, groups))
        return _any_of(wanted) if wanted else None

    def _wanted(self, question: str, groups: Sequence[str] | None) -> Iterator[tantivy.Query]:
        seen: set[str] = set()
        for language in self._languages:
            for piece in _pieces(question) or [_Piece(question)]:
                yield from self._of_piece(piece, language, groups=groups, seen=seen)
            if not seen:  # it only asks
                yield from self._of_piece(_Piece(question), language, groups=groups, seen=seen)
            pairs = dict.fromkeys(pairwise(self._in_order(question, language)))
            for pair in islice(pairs, _MOST_PAIRS if self._has_places else 0):
                # each costs as much as a dozen words
                yield tantivy.Query.boost_query(self._phrase(pair, _PAIR_GAP), _PAIR_WEIGHT)
        yield from self._short_forms(question, groups)

    def _of_piece(
        self, piece: _Piece, language: str, *, groups: Sequence[str] | None, seen: set[str]
    ) -> Iterator[tantivy.Query]:
        terms = self._analyzer.analyze(prepared(piece.text, language))
        new = [term for term in dict.fromkeys(terms) if term not in seen]
        new = new[: max(0, MOST_TERMS - len(seen))]
        seen.update(new)
        if piece.spelling is not None:
            yield from self._spelled(piece.spelling, new)
            return
        others = self._others(piece.text, language, groups) if new else {}
        ways = {term: _best_of([self._term(term), *others.get(term, ())]) for term in new}
        for parts, joined in self._joined(piece.text, language):
            if joined not in seen and all(part in ways for part in parts):
                apart = [ways.pop(part) for part in dict.fromkeys(parts)]
                yield _best_of([_any_of(apart), self._weighted(joined, _JOINED_WEIGHT)])
        yield from ways.values()

    def _spelled(self, spelling: Spelling, terms: Sequence[str]) -> Iterator[tantivy.Query]:
        """Yield the words of a spelling, or its one form, whichever a text fits better."""
        known = [
            term
            for form in spelling.forms
            for term in self._analyzer.analyze(form)
            if term not in terms and self.holders(term)
        ]
        words = [self._term(term) for term in terms]
        if not known:
            yield from words
        elif spelling.is_exact:
            weights = (_EXACT_WEIGHT, *[_PARTLY_WEIGHT] * len(known))
            exact = known[0] == spelling.forms[0]
            weighted = zip(known, weights if exact else weights[1:], strict=False)
            yield from (self._weighted(term, weight) for term, weight in weighted)
            yield from (tantivy.Query.boost_query(one, _PARTLY_WEIGHT) for one in words)
        else:
            forms = [self._weighted(term, _JOINED_WEIGHT) for term in known]
            yield _best_of([*([_any_of(words)] if words else []), *forms])

    def _others(
        self, text: str, language: str, groups: Sequence[str] | None
    ) -> dict[str, list[tantivy.Query]]:
        """Return other ways to say the words of *text*, by the term of the word."""
        found: dict[str, list[tantivy.Query]] = {}
        for word in _WORD.findall(text):
            others = [*self._apart(word), *self._meant(word, groups)]
            if others:
                for term in self._analyzer.analyze(prepared(word, language)):
                    found.setdefault(term, []).extend(others)
        return found

    def _apart(self, word: str) -> Iterator[tantivy.Query]:
        """Yield *word* written as two words: "setup" as "set up"."""
        if not (_SHORTEST_SPLIT <= len(word) <= _LONGEST_SPLIT and word.isalpha()):
            return
        for at in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            first, second = word[:at].lower(), word[at:].lower()
            terms = self._analyzer.analyze(first)
            if len(terms) != 1 or not self.holders(terms[0]):
                continue
            if second in _PARTICLES:
                yield self._weighted(terms[0], _PARTICLE_WEIGHT)
                continue
            rest = self._analyzer.analyze(second)
            if self._has_places and len(rest) == 1 and self.holders(rest[0]):
                phrase = self._phrase((terms[0], rest[0]), 0)
                if self._searcher.search(phrase, 1).hits:
                    yield phrase

    def _joined(self, text: str, language: str) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the terms of each two words of *text* that the index has as one, and that term."""
        for first, second in pairwise(_WORD.findall(text)):
            joined = self._analyzer.analyze((first + second).lower())
            before = self._analyzer.analyze(prepared(first, language))
            after = self._analyzer.analyze(prepared(second, language))
            is_word = before and len(joined) == 1 and not joined[0].isdecimal()
            if is_word and len(after) <= 1 and self.holders(joined[0]):
                yield (before[0], *after), joined[0]

    def _meant(self, word: str, groups: Sequence[str] | None) -> Iterator[tantivy.Query]:
        """Yield what *word* stands for, if it is an acronym."""
        lower = word.lower()
        meanings = self._meanings.get(lower) or self._meanings.get(lower.removesuffix("s"), [])
        usable = [one for one in meanings if _is_written(one, word) and one.may_be_used(groups)]
        usable.sort(key=lambda one: -len(one.audiences))
        for one in usable[:_MOST_MEANINGS]:
            yield from self._words_of(one)

    def _words_of(self, acronym: Acronym) -> Iterator[tantivy.Query]:
        terms = self._analyzer.analyze(acronym.words)
        if len(terms) > 1 and self._has_places:
            phrase = self._phrase(terms, _ACRONYM_GAP)
            yield tantivy.Query.boost_query(phrase, _ACRONYM_WEIGHT)

    def _short_forms(self, question: str, groups: Sequence[str] | None) -> Iterator[tantivy.Query]:
        """Yield the acronyms of what *question* writes out."""
        words = [word.lower() for word in _WORD.findall(question)]
        whole = f" {' '.join(words)} "
        for word in dict.fromkeys(words):
            for one in self._shortened.get(word, ()):
                if f" {one.words} " in whole and one.may_be_used(groups):
                    for term in self._analyzer.analyze(one.short):
                        yield self._weighted(term, _ACRONYM_WEIGHT)

    def holders(self, term: str) -> int:
        """Return how many chunks have *term*."""
        return int(self._searcher.doc_freq("words", term))

    def _term(self, term: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, "words", term, index_option="freq")

    def _weighted(self, term: str, weight: float) -> tantivy.Query:
        return tantivy.Query.boost_query(self._term(term), weight)

    def _phrase(self, terms: Iterable[str], gap: int) -> tantivy.Query:
        return tantivy.Query.phrase_query(self._schema, "words", list(terms), slop=gap)


def _is_written(acronym: Acronym, word: str) -> bool:
    """Return whether *word* is the acronym; a short one must be in capitals, like "IT"."""
    return word.isupper() or len(word) > _SHORTEST_PART or word == acronym.short


def _any_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, one) for one in queries])


def _best_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.disjunction_max_query(list(queries))


def _pieces(question: str) -> list[_Piece]:
    """Return the parts of *question* that tell what is searched, without words that only ask."""
    special = spellings(question)
    found: list[_Piece] = []
    after = 0
    for one in special:
        found += _telling(question, after, one.start)
        found.append(_Piece(question[one.start : one.end], one))
        after = one.end
    found += _telling(question, after, len(question))
    return found


def _telling(question: str, start: int, end: int) -> Iterator[_Piece]:
    words = enumerate(_WORD.finditer(question))
    asking = [
        word.span()
        for at, word in words
        if start <= word.start() and word.end() <= end and only_asks(word.group(), at)
    ]
    # All other text goes to the analyzer as it is: only the analyzer knows where its words end
    starts = [start, *(stop for _, stop in asking)]
    ends = [*(begin for begin, _ in asking), end]
    text = " ".join(question[first:last] for first, last in zip(starts, ends, strict=True))
    if text.strip():
        yield _Piece(text)


def only_asks(word: str, at: int) -> bool:
    """Return whether a word only asks: "who" does, but "WHO" or a later "May" don't."""
    if word.lower() not in _ASKING:
        return False
    return word.islower() or word == "I" or (at == 0 and not word.isupper())

"""Split text into words and reduce them to stems."""

import re

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_UNSPACED = 0x2E80  # from here on most scripts write words without a space between them
_SHORT = 3


def listed(words: str) -> frozenset[str]:
    """Return the words of a list that is written as one string."""
    return frozenset(words.split())


# Words about how something is asked or said, not about its subject
STOPWORDS = listed(
    "a an the this that these those some any each every all both either such own same other "
    "i me my we us our you your he him his she her it its they them their one ones who whom whose "
    "what which when where why how is are was were be been being am do does did doing done have "
    "has had having can could will would shall should may might must of in on at by for from to "
    "with without into onto about as than then and or but if so because while there here also "
    "just very too more most much many few not no nor only up out over under per via get gets got "
    "please tell know need want let according called name named "
    "der die das den dem des ein eine einen einem einer eines ich wir du sie er es mein unser und "
    "oder aber wenn weil dass ist sind war waren wird werden wurde hat haben hatte kann können "
    "muss müssen soll darf wer was wann wo wie warum welche welcher welches viel viele im am zum "
    "zur von mit für auf bei nach aus zu in an nicht auch "
    "le la les un une des du de et ou est sont était je nous vous il elle ils que qui quoi quand "
    "comment pourquoi quel quelle combien dans pour par sur avec ce cette au aux "
    "el los las una unos del y o es son era yo nosotros usted ellos qué quién cuándo cómo dónde "
    "cuál cuánto cuántos en para por con al"
)


def words(text: str) -> list[str]:
    """Return the words of *text* in lower case; pairs of characters for scripts without spaces.

    >>> words("The fee's 3 €")
    ['the', "fee's", '3']
    """
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match.group().lower().replace("’", "'")
        if ord(word[0]) >= _UNSPACED:
            found.extend(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            found.append(word)
    return found


def stem(word: str) -> str:
    """Return what inflected forms of a word have in common, roughly and mainly for English.

    >>> stem("covered"), stem("covers"), stem("cover"), stem("policies"), stem("policy")
    ('cover', 'cover', 'cover', 'polic', 'polic')
    """
    word = word.removesuffix("'s")
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "s", "ly", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORT:
            return word.removesuffix(ending)
    return word


def stems_of(text: str) -> list[str]:
    """Return the stems of the words of *text* that carry its meaning, in order.

    >>> stems_of("How many days are covered?")
    ['day', 'cover']
    """
    return [stem(word) for word in words(text) if word not in STOPWORDS]

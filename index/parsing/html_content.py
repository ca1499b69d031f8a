"""Choose the parts of a web page that its reader came for: no menus, banners or hidden boxes."""

import re

from bs4 import BeautifulSoup, Tag

_DROPPED = ("script", "style", "template", "noscript", "iframe", "object", "svg", "canvas", "title")
_STRUCK = ("del", "s", "strike")
_HIDING = re.compile(r"display:none|visibility:hidden")
_STRIKING = re.compile(r"text-decoration(?:-line)?:[^;]*line-through")
# Hidden until a click: tabs, accordions and what opens.
_OPENED = re.compile(
    r"tab|accordion|collaps[ei]|panel|pane\b|details|expand|toggle|disclosure|spoiler", re.I
)
# Left by programs that show formulas, beside the formula itself, and links to a heading itself.
_ECHOES = re.compile(
    r"^(?:katex-html|MathJax(?:_Preview)?|mjx-chtml|mwe-math-fallback.*|headerlink|anchorjs-link)$"
)

_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar"}
)
_BESIDE = re.compile(
    r"(?:^|[-_ ])(?:cookies?|consent|gdpr|side-?bar|breadcrumbs?|nav-?bar|site-?nav|navigation|"
    r"nav-?(?:header|footer|links?|list|menu|menus|items?|tabs?)|navbox|toc|table-of-contents|pagination|pager|share|sharing|social|related|"
    r"recommend(?:ed|ations)?|newsletter|subscribe|signup|advert(?:isement)?s?|ads?|promo|"
    r"skip-?(?:link|to)?|footer|page-?footer|site-?header|masthead|edit-?(?:link|page|section)|"
    r"feedback|comments-?form|back-?to-?top|prev-?next|menu|catlinks|printfooter|sitesub|contentsub|"
    r"mw-editsection|lang(?:uage)?-?(?:list|switcher|selector|btn))(?:$|[-_ ])",
    re.I,
)
_LEAST_MAIN_CHARS = 200
_LEAST_MAIN_SHARE = 0.2
_MOST_BESIDE_SHARE = 0.4
_LINKS_SHARE = 0.6
_LEAST_LINKS = 4
_LONG_CHARS = 1_500  # of sentences with links among them
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")


def remove_unseen(soup: BeautifulSoup) -> None:
    """Remove what a reader does not see: scripts, hidden boxes, struck-out words, menus."""
    _remove(soup.find_all([*_DROPPED, *_STRUCK, "nav"]))
    _remove(soup.find_all(_is_unseen))


def keep_main_content(soup: BeautifulSoup) -> None:
    """Reduce a page of a website to its main content, if it has one beside the rest."""
    body = soup.body
    if body is None:
        return
    total = _length(body)
    main = _main(body, total)
    # Each part is judged by itself; a page that is nothing but such parts keeps them.
    for tag in [one for one in (main or body).find_all(name=True) if _is_beside(one)]:
        if not tag.decomposed and _length(tag) <= _MOST_BESIDE_SHARE * total:
            tag.decompose()
    if main is not None:
        _reduce(body, main)


def _reduce(body: Tag, main: Tag) -> None:
    """Leave only *main* in *body*, with the title of the page if that is outside of it."""
    title = None if main.find("h1") else body.find("h1")
    kept = [tag.extract() for tag in (title, main) if tag is not None]
    body.clear()
    body.extend(kept)


def _main(body: Tag, total: int) -> Tag | None:
    """Return the element with the main content; None if the page does not mark it."""
    marked = body.find_all(lambda tag: tag.name == "main" or tag.get("role") == "main")
    articles = [tag for tag in body.find_all("article") if tag.find_parent("article") is None]
    named = body.find_all(id=re.compile(r"^(?:main-?)?content(?:-?main)?$|^mw-content-text$", re.I))
    for found in (marked, articles, named):
        only = found[0] if len(found) == 1 else None
        if isinstance(only, Tag) and _is_most(_length(only), total):
            return only
    return None


def _is_most(length: int, total: int) -> bool:
    return length >= _LEAST_MAIN_CHARS or length >= _LEAST_MAIN_SHARE * total


def _is_beside(tag: Tag) -> bool:
    """Return whether *tag* is beside the content: a header, footer, menu or banner."""
    if tag.name in {"nav", "aside", "footer"} or str(tag.get("role", "")) in _ROLES:
        return tag.find_parent("article") is None or tag.name != "aside"
    if tag.name == "header":
        return tag.find("h1") is None and tag.find_parent(["article", "main"]) is None
    if tag.name in {"div", "section", "ul", "ol", "form", "p", "span", "table"} and _names(tag):
        return _is_named_beside(tag)
    return False


def _is_named_beside(tag: Tag) -> bool:
    if not _BESIDE.search(_names(tag)) or tag.find(["h1", "main"]) is not None:
        return False
    # A "menu" can be a canteen's, and "related" a heading: links are what such parts are made of.
    words = _length(tag)
    links = tag.find_all("a")
    linked = sum(_length(link) for link in links)
    if _is_section(tag) or words > _LONG_CHARS:
        return linked >= _LINKS_SHARE * words
    return words == 0 or linked >= _LINKS_SHARE * words or len(links) >= _LEAST_LINKS * 2


def _is_section(tag: Tag) -> bool:
    """Return whether the id of *tag* is made of its heading, as programs do for links to it."""
    heading = tag.find(_HEADINGS)
    named = "".join(filter(str.isalnum, str(tag.get("id", "")))).lower()
    words = "" if heading is None else heading.get_text()
    return bool(named) and "".join(filter(str.isalnum, words)).lower().startswith(named)


def _names(tag: Tag) -> str:
    classes = tag.get("class") or []
    return " ".join(
        [*(classes if isinstance(classes, list) else [classes]), str(tag.get("id", ""))]
    )


def _length(tag: Tag) -> int:
    return sum(len(text.strip()) for text in tag.find_all(string=True))


def _is_unseen(tag: Tag) -> bool:
    style = str(tag.get("style", "")).replace(" ", "").lower()
    if style and _STRIKING.search(style):
        return True
    names = tag.get("class") or []
    if any(_ECHOES.match(name) for name in (names if isinstance(names, list) else [names])):
        return True
    is_hidden = tag.has_attr("hidden") or bool(style and _HIDING.search(style))
    return is_hidden and not _opens(tag)


def _opens(tag: Tag) -> bool:
    """Return whether a click shows a hidden element, as the panels of tabs are shown."""
    if tag.get("role") in {"tabpanel", "region"} or tag.get("hidden") == "until-found":
        return True
    if tag.name == "dialog" or tag.get("role") in {"dialog", "alertdialog", "tooltip", "alert"}:
        return False
    return bool(_OPENED.search(_names(tag))) or tag.has_attr("aria-labelledby")


def _remove(tags: list[Tag]) -> None:
    for tag in tags:
        if not tag.decomposed:
            tag.decompose()

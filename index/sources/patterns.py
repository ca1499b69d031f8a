"""Match paths with patterns such as `guides/**/*.md`."""

from fnmatch import fnmatchcase


def matches(path: str, pattern: str) -> bool:
    """Return whether the relative *path* matches *pattern*.

    `*`, `?` and `[…]` match characters within one name; `**` matches any number of folders,
    including none. A pattern without `/` is matched with the last name alone; one that ends in `/`
    matches everything below a folder.

    >>> matches("a/b/c.md", "*.md"), matches("a/b/c.md", "a/*.md"), matches("a/b/c.md", "a/**")
    (True, False, True)
    """
    if pattern.endswith("/"):
        pattern += "**"
    names = path.split("/")
    if "/" not in pattern and pattern != "**":
        return fnmatchcase(names[-1], pattern)
    parts = pattern.lstrip("/").split("/")
    # Track every position in the pattern that the names so far can reach. Without backtracking,
    # many `**` cost only their number.
    places = _after_stars({0}, parts)
    for name in names:
        places = _after_stars(
            {next_ for place in places for next_ in _step(parts, place, name)}, parts
        )
    # A `**` at the end matches the contents of a folder, not the folder itself.
    return len(parts) in places


def _step(parts: list[str], place: int, name: str) -> list[int]:
    if place == len(parts):
        return []
    if parts[place] == "**":
        return [place, place + 1] if place == len(parts) - 1 else [place]
    return [place + 1] if fnmatchcase(name, parts[place]) else []


def _after_stars(places: set[int], parts: list[str]) -> set[int]:
    """Add the positions after each `**` that matches no folder."""
    reached = set(places)
    for place in sorted(places):
        following = place
        while following < len(parts) - 1 and parts[following] == "**":
            following += 1
            reached.add(following)
    return reached

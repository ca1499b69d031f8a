"""Kinds of sources that send messages: feeds and mail."""

from typing import Final

from footnote_qa.index.sources.connectors.kinds import ConnectorKind, Option, Secret
from footnote_qa.index.sources.connectors.known_files import SETTINGS_ALONE

_FEED: Final = ConnectorKind(
    name="feed",
    title="A feed (RSS or Atom)",
    target="footnote_qa.index.sources.connectors.feed:make",
    place="feeds",
    options=(
        Option(
            name="feeds",
            help="addresses of feeds, such as https://blog.acme.com/feed.xml",
            is_needed=True,
            default=(),
        ),
        Option(
            name="linked",
            help="whether the page that an entry leads to is read instead of the entry",
            default=False,
        ),
        Option(
            name="complete",
            help="whether the feed lists everything, so that what is missing was deleted",
            default=False,
        ),
        Option(name="allow_private", help="whether it may be on a private network", default=False),
    ),
)

_MAIL: Final = ConnectorKind(
    name="mail",
    title="Mail",
    target="footnote_qa.index.sources.connectors.mail:make",
    place="place",
    options=(
        Option(name="place", help="a name for it, of your own", default="mail"),
        Option(name="host", help="the server, such as imap.acme.com"),
        Option(name="user", help="name of the account at the server"),
        Option(name="path", help="a folder with mailboxes (.mbox), instead of a server"),
        SETTINGS_ALONE,
        Option(name="folders", help="folders to read at the server", default=("INBOX",)),
        Option(name="days", help="how old a mail may be; 0 takes all", default=365),
        Option(name="page", help="address of a thread, with {id} for the id of its first mail"),
        Option(name="port", help="port of the server; 0 takes the usual one", default=0),
        Option(
            name="security",
            help="tls, starttls, or none on a network of your own",
            default="tls",
            choices=("tls", "starttls", "none"),
        ),
    ),
    secrets=(
        Secret(
            name="password",
            variable="MAIL_PASSWORD",
            help="the password of the account, or one for applications",
            is_needed=False,
        ),
    ),
    extra="",
)

NEWS_KINDS: Final[tuple[ConnectorKind, ...]] = (_FEED, _MAIL)

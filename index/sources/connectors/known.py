"""The kinds of services that documents come from, and their settings."""

from typing import Final

from footnote_qa.index.sources.connectors.kinds import ConnectorKind, Option, Secret
from footnote_qa.index.sources.connectors.known_files import FILE_KINDS, PERMISSIONS
from footnote_qa.index.sources.connectors.known_news import NEWS_KINDS
from footnote_qa.plugins.registry import is_reference

_TEXTS: Final = (".md", ".mdx", ".rst", ".adoc", ".txt", ".org", ".ipynb", ".pdf", ".docx")


def _webhook(service: str) -> Secret:
    return Secret(
        name="webhook",
        variable=f"{service}_WEBHOOK_SECRET",
        help="the secret of its webhooks; empty if it has none",
        is_needed=False,
    )


KINDS: Final[dict[str, ConnectorKind]] = {
    one.name: one
    for one in (
        ConnectorKind(
            name="confluence",
            title="Confluence",
            target="footnote_qa.index.sources.connectors.confluence:make",
            place="site",
            options=(
                Option(
                    name="site",
                    help="address of the site, such as https://acme.atlassian.net",
                    is_needed=True,
                ),
                Option(
                    name="edition",
                    help="cloud or data_center; the address shows which, if it is left out",
                    choices=("", "cloud", "data_center"),
                ),
                Option(name="spaces", help="keys of the spaces; all if it is left out", default=()),
                Option(name="email", help="e-mail address of the account (cloud)"),
                Option(name="attachments", help="whether files are taken too", default=True),
                PERMISSIONS,
            ),
            secrets=(
                Secret(
                    name="token",
                    variable="CONFLUENCE_TOKEN",
                    help="an API token (cloud) or a personal access token (data center)",
                ),
                _webhook("CONFLUENCE"),
            ),
        ),
        ConnectorKind(
            name="notion",
            title="Notion",
            target="footnote_qa.index.sources.connectors.notion:make",
            place="workspace",
            options=(
                Option(name="workspace", help="a name for it, of your own", default="notion"),
                Option(
                    name="permissions",
                    help="must be `settings`: Notion does not tell who may read a page, so"
                    " audience alone says who sees its documents",
                    is_needed=True,
                    choices=("settings",),
                ),
                Option(name="api", help="address of the API", default="https://api.notion.com/v1"),
            ),
            secrets=(
                Secret(
                    name="token",
                    variable="NOTION_TOKEN",
                    help="the secret of an internal connection that may read content",
                ),
                _webhook("NOTION"),
            ),
        ),
        ConnectorKind(
            name="jira",
            title="Jira Cloud",
            target="footnote_qa.index.sources.connectors.jira:make",
            place="site",
            options=(
                Option(
                    name="site",
                    help="address of the site, such as https://acme.atlassian.net",
                    is_needed=True,
                ),
                Option(name="email", help="e-mail address of the account"),
                Option(
                    name="projects",
                    help="keys of the projects, such as OPS",
                    is_needed=True,
                    default=(),
                ),
                PERMISSIONS,
            ),
            secrets=(
                Secret(name="token", variable="JIRA_TOKEN", help="an API token"),
                _webhook("JIRA"),
            ),
        ),
        ConnectorKind(
            name="slack",
            title="Slack channels",
            target="footnote_qa.index.sources.connectors.slack:make",
            place="channels",
            options=(
                Option(
                    name="channels",
                    help="ids of the channels, such as C0123ABC; no other one is read",
                    is_needed=True,
                    default=(),
                ),
                Option(name="days", help="how old a thread may be; 0 takes all", default=365),
                Option(name="api", help="address of the API", default="https://slack.com/api"),
                PERMISSIONS,
            ),
            secrets=(
                Secret(
                    name="token",
                    variable="SLACK_BOT_TOKEN",
                    help="the bot token of an app in these channels, with channels:history,"
                    " channels:read, users:read and users:read.email",
                ),
            ),
        ),
        ConnectorKind(
            name="crawl",
            title="A website without a sitemap",
            target="footnote_qa.index.sources.connectors.crawl:make",
            place="start",
            options=(
                Option(
                    name="start",
                    help="address of the first page; only pages below its folder are taken",
                    is_needed=True,
                ),
                Option(name="max_depth", help="most links from the first page", default=10),
                Option(name="max_pages", help="most pages", default=1000),
                Option(
                    name="allow_private",
                    help="whether it may be on a private network",
                    default=False,
                ),
            ),
        ),
        ConnectorKind(
            name="github",
            title="GitHub",
            target="footnote_qa.index.sources.connectors.github:make",
            place="repositories",
            options=(
                Option(
                    name="repositories",
                    help="repositories, such as acme/handbook",
                    is_needed=True,
                    default=(),
                ),
                Option(name="branch", help="branch of the files; the default one if left out"),
                Option(name="files", help="whether files are taken", default=True),
                Option(name="suffixes", help="endings of the files to take", default=_TEXTS),
                Option(name="issues", help="whether issues are taken", default=True),
                Option(name="discussions", help="whether discussions are taken", default=True),
                Option(
                    name="api",
                    help="address of the API, for a server of one's own",
                    default="https://api.github.com",
                ),
                PERMISSIONS,
            ),
            secrets=(
                Secret(
                    name="token",
                    variable="GITHUB_TOKEN",
                    help="a fine-grained token that may read contents, issues, discussions and"
                    " administration",
                ),
                _webhook("GITHUB"),
            ),
        ),
        *FILE_KINDS,
        *NEWS_KINDS,
    )
}


def kind_of(name: str) -> ConnectorKind | None:
    """Return the kind of this name, or one for `plugin:NAME` or `module:Class`; else None."""
    if name not in KINDS and is_reference(name):
        return ConnectorKind(name=name, title=name, target=name, extra="")
    return KINDS.get(name)

"""Kinds of services that hold files: their settings."""

from typing import Final

from footnote_qa.index.sources.connectors.kinds import ConnectorKind, Option, Secret

SUFFIXES: Final = (
    *(".adoc", ".asciidoc", ".atom", ".cfg", ".conf", ".csv", ".dita", ".ditamap", ".doc"),
    *(".docbook", ".docm", ".docx", ".dot", ".eml", ".epub", ".htm", ".html", ".ini", ".ipynb"),
    *(".json", ".jsonl", ".log", ".markdown", ".mbox", ".md", ".mdx", ".msg", ".ndjson", ".odp"),
    *(".ods", ".odt", ".org", ".pdf", ".pps", ".ppt", ".pptm", ".pptx", ".properties", ".rss"),
    *(".rst", ".rtf", ".srt", ".text", ".toml", ".tsv", ".txt", ".vtt", ".xhtml", ".xls"),
    *(".xlsm", ".xlsx", ".xlt", ".xml", ".yaml", ".yml"),
)
"""Endings of the documents that are taken from services with files of every kind."""

PERMISSIONS: Final = Option(
    name="permissions",
    help="`source` shows a document to those who may read it there; `settings` goes by audience "
    "alone, and leaves out what is restricted there",
    default="source",
    choices=("source", "settings"),
)
SETTINGS_ALONE: Final = Option(
    name="permissions",
    help="must be `settings`: this service does not say who may read a document, so audience"
    " alone says who sees it",
    is_needed=True,
    choices=("settings",),
)
_SUFFIXES: Final = Option(name="suffixes", help="endings of the files to take", default=SUFFIXES)
_ANONYMOUS: Final = Option(
    name="anonymous", help="whether it is read without an account", default=False
)
_PAGES: Final = Option(
    name="pages", help="address below which people open the files; the object's own if left out"
)
_ENDPOINT: Final = Option(name="endpoint", help="address of another server with this interface")


def _bucket(name: str, title: str, *more: Option, secrets: tuple[Secret, ...]) -> ConnectorKind:
    scheme = {"gcs": "gs", "azure": "az"}.get(name, name)
    url = Option(
        name="url",
        help=f"the bucket, or a folder in it, such as {scheme}://acme-documents/handbook",
        is_needed=True,
    )
    return ConnectorKind(
        name=name,
        title=title,
        target=f"footnote_qa.index.sources.connectors.bucket:make_{name}",
        place="url",
        options=(url, SETTINGS_ALONE, *more, _SUFFIXES, _ANONYMOUS, _PAGES, _ENDPOINT),
        secrets=secrets,
        extra="object-store",
    )


_BUCKETS: Final = (
    _bucket(
        "s3",
        "Amazon S3",
        Option(name="region", help="region of the bucket, such as eu-central-1"),
        secrets=(
            Secret(
                name="key_id",
                variable="AWS_ACCESS_KEY_ID",
                help="access key of an identity that may list and get objects; empty takes the"
                " role of the machine",
                is_needed=False,
            ),
            Secret(
                name="secret",
                variable="AWS_SECRET_ACCESS_KEY",
                help="secret of that access key",
                is_needed=False,
            ),
            Secret(
                name="session",
                variable="AWS_SESSION_TOKEN",
                help="only for keys that are lent for a time",
                is_needed=False,
            ),
        ),
    ),
    _bucket(
        "gcs",
        "Google Cloud Storage",
        secrets=(
            Secret(
                name="account_file",
                variable="GOOGLE_APPLICATION_CREDENTIALS",
                help="path of the key file of a service account that may view objects; empty"
                " takes the account of the machine",
                is_needed=False,
            ),
        ),
    ),
    _bucket(
        "azure",
        "Azure Blob Storage",
        Option(name="account", help="name of the storage account", is_needed=True),
        secrets=(
            Secret(
                name="key",
                variable="AZURE_STORAGE_ACCOUNT_KEY",
                help="access key of the storage account; empty takes the identity of the machine",
                is_needed=False,
            ),
        ),
    ),
)

_DRIVE: Final = ConnectorKind(
    name="google_drive",
    title="Google Drive",
    target="footnote_qa.index.sources.connectors.drive:make",
    place="workspace",
    options=(
        Option(name="workspace", help="a name for it, of your own", default="drive"),
        Option(name="drives", help="ids of shared drives", default=()),
        Option(
            name="folders",
            help="ids of folders; all files of the account if neither drives nor folders are given",
            default=(),
        ),
        Option(name="subject", help="e-mail address of the person whom a service account acts for"),
        Option(
            name="directory",
            help="whether the members of groups are read; the account must be allowed to",
            default=False,
        ),
        Option(
            name="links",
            help="whether a link for a domain or for everybody lets these people read",
            default=False,
        ),
        _SUFFIXES,
        PERMISSIONS,
        Option(name="api", help="address of the API", default="https://www.googleapis.com"),
        Option(
            name="directory_api",
            help="address of the API for groups",
            default="https://admin.googleapis.com",
        ),
    ),
    secrets=(
        Secret(
            name="credentials",
            variable="GOOGLE_DRIVE_CREDENTIALS",
            help="path of the key file of a service account, with which files or drives are shared",
        ),
    ),
)

_SHAREPOINT: Final = ConnectorKind(
    name="sharepoint",
    title="SharePoint and OneDrive",
    target="footnote_qa.index.sources.connectors.sharepoint:make",
    place="tenant",
    options=(
        Option(
            name="tenant",
            help="the tenant of the organisation, such as acme.onmicrosoft.com",
            is_needed=True,
        ),
        Option(name="client_id", help="client id of the application", is_needed=True),
        Option(
            name="sites",
            help="addresses of sites, such as acme.sharepoint.com/sites/handbook",
            default=(),
        ),
        Option(name="users", help="people whose OneDrive is read, by address", default=()),
        Option(name="libraries", help="names of document libraries; all if left out", default=()),
        Option(
            name="site_groups",
            help="groups of a site and the group of Entra with the same people, such as"
            " Handbook Members=6a1b…",
            default=(),
        ),
        Option(
            name="domains",
            help="domains of the organisation's addresses: who everybody in it is",
            default=(),
        ),
        Option(
            name="links",
            help="whether a link for the organisation or for everybody lets these people read",
            default=False,
        ),
        _SUFFIXES,
        PERMISSIONS,
        Option(name="api", help="address of Graph", default="https://graph.microsoft.com/v1.0"),
        Option(
            name="login", help="address that signs in", default="https://login.microsoftonline.com"
        ),
    ),
    secrets=(
        Secret(
            name="secret",
            variable="SHAREPOINT_CLIENT_SECRET",
            help="a client secret of the application, which may read sites and groups",
        ),
    ),
)

FILE_KINDS: Final[tuple[ConnectorKind, ...]] = (*_BUCKETS, _DRIVE, _SHAREPOINT)

"""The tables of the durable state, and their migrations."""

from typing import Final

from footnote_qa.bot.database import Database, Schema, Target, open_database

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """
        CREATE TABLE question (
            seq         INTEGER PRIMARY KEY AUTOINCREMENT,
            id          TEXT NOT NULL UNIQUE,
            event_id    TEXT NOT NULL UNIQUE,
            team        TEXT NOT NULL,
            channel     TEXT NOT NULL,
            ts          TEXT NOT NULL,
            thread_ts   TEXT NOT NULL,
            "user"        TEXT NOT NULL,
            text        TEXT NOT NULL,
            turned_away INTEGER NOT NULL,
            received_at REAL NOT NULL,
            state       TEXT NOT NULL DEFAULT 'waiting',
            owner       TEXT NOT NULL DEFAULT '',
            lease_until REAL NOT NULL DEFAULT 0,
            attempts    INTEGER NOT NULL DEFAULT 0,
            outcome     TEXT,
            posted_ts   TEXT,
            UNIQUE (team, channel, ts)
        ) STRICT
        """,
        "CREATE INDEX question_open ON question (seq) WHERE state != 'done'",
        """
        CREATE INDEX question_thread ON question (team, channel, thread_ts, seq)
            WHERE state != 'done'
        """,
    ),
    (
        "ALTER TABLE question ADD COLUMN kind TEXT NOT NULL DEFAULT 'mention'",
        "ALTER TABLE question ADD COLUMN response_url TEXT NOT NULL DEFAULT ''",
        # The messages that show its answer while it is written: another one when the first is full
        "ALTER TABLE question ADD COLUMN parts TEXT NOT NULL DEFAULT '[]'",
        'CREATE INDEX question_user ON question ("user")',
        "CREATE INDEX question_received ON question (received_at)",
        "CREATE INDEX question_in_thread ON question (team, channel, thread_ts, seq)",
        """
        CREATE TABLE answer (
            question_id TEXT PRIMARY KEY,
            team        TEXT NOT NULL,
            channel     TEXT NOT NULL,
            thread_ts   TEXT NOT NULL,
            "user"        TEXT NOT NULL,
            question    TEXT NOT NULL,
            record      TEXT NOT NULL,
            at          REAL NOT NULL,
            shared_at   REAL
        ) STRICT
        """,
        "CREATE INDEX answer_thread ON answer (team, channel, thread_ts, at)",
        'CREATE INDEX answer_user ON answer ("user", at)',
        """
        CREATE TABLE feedback (
            question_id TEXT NOT NULL,
            "user"        TEXT NOT NULL,
            rating      TEXT NOT NULL,
            reason      TEXT NOT NULL DEFAULT '',
            comment     TEXT NOT NULL DEFAULT '',
            at          REAL NOT NULL,
            PRIMARY KEY (question_id, "user")
        ) STRICT
        """,
        """
        CREATE TABLE handoff (
            question_id TEXT PRIMARY KEY,
            helper      TEXT NOT NULL,
            asked_by    TEXT NOT NULL,
            message_ts  TEXT NOT NULL DEFAULT '',
            opened_at   REAL NOT NULL,
            closed_at   REAL,
            closed_by   TEXT NOT NULL DEFAULT ''
        ) STRICT
        """,
        """
        CREATE TABLE approved (
            file        TEXT PRIMARY KEY,
            team        TEXT NOT NULL,
            channel     TEXT NOT NULL,
            ts          TEXT NOT NULL,
            author      TEXT NOT NULL,
            approver    TEXT NOT NULL,
            at          REAL NOT NULL,
            UNIQUE (team, channel, ts)
        ) STRICT
        """,
        """
        CREATE TABLE channel (
            team        TEXT NOT NULL,
            id          TEXT NOT NULL,
            chosen      TEXT NOT NULL,
            changed_by  TEXT NOT NULL,
            at          REAL NOT NULL,
            PRIMARY KEY (team, id)
        ) STRICT
        """,
        """
        CREATE TABLE quiet_thread (
            team        TEXT NOT NULL,
            channel     TEXT NOT NULL,
            thread_ts   TEXT NOT NULL,
            at          REAL NOT NULL,
            PRIMARY KEY (team, channel, thread_ts)
        ) STRICT
        """,
    ),
    ("ALTER TABLE question ADD COLUMN is_open INTEGER NOT NULL DEFAULT 0",),
    (
        """
        CREATE TABLE stream (
            id           TEXT PRIMARY KEY,
            started_at   REAL NOT NULL,
            active_until REAL NOT NULL
        ) STRICT
        """,
    ),
    (
        # Who is signed in to the web pages; the id is a digest of the cookie
        """
        CREATE TABLE web_session (
            id          TEXT PRIMARY KEY,
            via         TEXT NOT NULL,
            "user"        TEXT NOT NULL,
            name        TEXT NOT NULL,
            groups      TEXT NOT NULL,
            roles       TEXT NOT NULL,
            csrf        TEXT NOT NULL,
            expires_at  REAL NOT NULL
        ) STRICT
        """,
        # Keys of other programs; the secret is a digest
        """
        CREATE TABLE api_key (
            id          TEXT PRIMARY KEY,
            name        TEXT NOT NULL,
            secret      TEXT NOT NULL,
            scopes      TEXT NOT NULL,
            groups      TEXT NOT NULL,
            created_at  REAL NOT NULL,
            revoked_at  REAL
        ) STRICT
        """,
        # What the page for owners needs of each answer, made from it; the record is large
        """
        CREATE TABLE asked (
            question_id TEXT PRIMARY KEY,
            team        TEXT NOT NULL,
            channel     TEXT NOT NULL,
            "user"        TEXT NOT NULL,
            question    TEXT NOT NULL,
            status      TEXT NOT NULL,
            answerer    TEXT NOT NULL,
            ms          REAL NOT NULL,
            at          REAL NOT NULL,
            model       TEXT NOT NULL DEFAULT '',
            vector      TEXT NOT NULL DEFAULT ''
        ) STRICT
        """,
        "ALTER TABLE approved ADD COLUMN question TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE approved ADD COLUMN review_at REAL",
        # SHA-256 of each document that the answer quotes, by its id, as JSON
        "ALTER TABLE approved ADD COLUMN quoted TEXT NOT NULL DEFAULT '{}'",
    ),
    (
        # Its groups in the sources are looked up at each request; "" if it is not verified
        "ALTER TABLE web_session ADD COLUMN email TEXT NOT NULL DEFAULT ''",
        # Names the person to the provider on signing out
        "ALTER TABLE web_session ADD COLUMN id_token TEXT NOT NULL DEFAULT ''",
        # Sign-ins that have begun; the id and the browser are digests
        """
        CREATE TABLE web_sign_in (
            id          TEXT PRIMARY KEY,
            browser     TEXT NOT NULL,
            nonce       TEXT NOT NULL,
            verifier    TEXT NOT NULL,
            address     TEXT NOT NULL,
            expires_at  REAL NOT NULL
        ) STRICT
        """,
    ),
    (
        # Is shown beside a source that is a verified answer
        "ALTER TABLE approved ADD COLUMN approver_name TEXT NOT NULL DEFAULT ''",
        """
        CREATE TABLE topic (
            team        TEXT NOT NULL,
            channel     TEXT NOT NULL,
            words       TEXT NOT NULL,
            helper      TEXT NOT NULL,
            changed_by  TEXT NOT NULL,
            at          REAL NOT NULL,
            PRIMARY KEY (team, channel, words)
        ) STRICT
        """,
        """
        CREATE TABLE digest (
            team        TEXT NOT NULL,
            channel     TEXT NOT NULL,
            "user"        TEXT NOT NULL,
            next_at     REAL NOT NULL,
            PRIMARY KEY (team, channel, "user")
        ) STRICT
        """,
    ),
)
"""Step n brings a database from version n to n + 1; a released step is never changed."""

SCHEMA: Final = Schema(
    name="state", steps=MIGRATIONS, usable_from=3, numbered=(("question", "seq"),)
)

TABLES: Final = (
    *("question", "answer", "feedback", "handoff"),
    *("approved", "channel", "quiet_thread", "api_key", "topic", "digest"),
)
"""The tables of a backup."""


def open_state(target: Target) -> Database:
    """Open the durable state in a file or a PostgreSQL database; raises `StoreError`."""
    return open_database(target, SCHEMA)

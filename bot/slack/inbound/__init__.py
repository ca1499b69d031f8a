"""From a Slack event to a worker: access checks, the inbox, dispatch, the HTTP endpoint."""

from footnote_qa.bot.slack.inbound.access import People, Standing
from footnote_qa.bot.slack.inbound.audiences import Audiences, Directory
from footnote_qa.bot.slack.inbound.dispatcher import Cancellations, Dispatcher, Limits
from footnote_qa.bot.slack.inbound.http import (
    EVENTS_PATH,
    Address,
    Events,
    Health,
    parse_address,
    served,
)
from footnote_qa.bot.slack.inbound.inbox import Arrival, Inbox, register

__all__ = [
    "EVENTS_PATH",
    "Address",
    "Arrival",
    "Audiences",
    "Cancellations",
    "Directory",
    "Dispatcher",
    "Events",
    "Health",
    "Inbox",
    "Limits",
    "People",
    "Standing",
    "parse_address",
    "register",
    "served",
]

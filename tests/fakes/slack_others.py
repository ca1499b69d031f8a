"""Methods that apps call now and then; each as docs.slack.dev/reference/methods has it."""

from tests.fakes.slack_limits import view_problems
from tests.fakes.slack_state import (
    BOT_USER,
    TEAM,
    Args,
    Conversation,
    Method,
    MethodError,
    Reply,
    State,
    open_to_bot,
)


def permalink(state: State, args: Args) -> Reply:
    conversation = state.conversation(args["channel"])
    if conversation.message(args["message_ts"]) is None:
        raise MethodError("message_not_found")
    number = str(args["message_ts"]).replace(".", "")
    return {
        "channel": conversation.id,
        "permalink": f"https://fake.slack.example/archives/{conversation.id}/p{number}",
    }


def conversation_info(state: State, args: Args) -> Reply:
    found = _known(state, args["channel"])
    return {
        "channel": {
            "id": found.id,
            "is_im": found.id.startswith("D"),
            "is_private": found.is_private,
            "is_archived": found.is_archived,
            "is_ext_shared": found.is_ext_shared,
            "is_read_only": found.is_read_only,
            "is_member": BOT_USER not in found.outside,
        }
    }


def conversation_members(state: State, args: Args) -> Reply:
    found = _known(state, args["channel"])
    members = [user for user in state.users if user not in found.outside]
    return {"members": members, "response_metadata": {"next_cursor": ""}}


def add_reaction(state: State, args: Args) -> Reply:
    message = _message(state, args)
    reactions = message.setdefault("reactions", [])
    if args["name"] in reactions:
        raise MethodError("already_reacted")
    reactions.append(args["name"])
    return {}


def remove_reaction(state: State, args: Args) -> Reply:
    reactions = _message(state, args).get("reactions", [])
    if args["name"] not in reactions:
        raise MethodError("no_reaction")
    reactions.remove(args["name"])
    return {}


def update_view(state: State, args: Args) -> Reply:
    view = next((v for v in state.views if v["id"] == args.get("view_id")), None)
    if view is None:
        raise MethodError("not_found")
    _check_modal(args)
    view |= args["view"]
    return {"view": view}


def push_view(state: State, args: Args) -> Reply:
    _check_modal(args)
    if len(state.views) >= 3:  # docs.slack.dev/surfaces/modals: a stack of up to three
        raise MethodError("push_limit_reached")
    state.views.append({"id": f"V{len(state.views)}"} | dict(args["view"]))
    return {"view": state.views[-1]}


def file_info(state: State, args: Args) -> Reply:
    for conversation in state.conversations.values():
        for message in conversation.messages:
            for file in message.get("files") or ():
                if file["id"] == args["file"]:
                    return {"file": file}
    raise MethodError("file_not_found")


def oauth_access(_: State, args: Args) -> Reply:
    if args["code"] != "good-code":
        raise MethodError("invalid_code")
    return {
        "access_token": "xoxb-fake-bot-token",
        "token_type": "bot",
        "bot_user_id": BOT_USER,
        "team": {"id": TEAM, "name": "Fake"},
    }


def _known(state: State, channel: object) -> Conversation:
    found = state.conversation(channel)
    if found.is_private and BOT_USER in found.outside:
        raise MethodError("channel_not_found")
    return found


def _message(state: State, args: Args) -> Reply:
    message = open_to_bot(state, args["channel"]).message(args["timestamp"])
    if message is None:
        raise MethodError("message_not_found")
    return message


def _check_modal(args: Args) -> None:
    wrong = view_problems(args["view"], "modal")
    if wrong:
        raise MethodError("invalid_arguments", response_metadata={"messages": wrong})


_POINTED = ("channel", "timestamp", "name")

OTHERS = {
    "chat.getPermalink": Method(permalink, "", ("channel", "message_ts")),
    "conversations.info": Method(conversation_info, "channels:read", ("channel",)),
    "conversations.members": Method(
        conversation_members, "channels:read", ("channel",), ("cursor", "limit")
    ),
    "reactions.add": Method(add_reaction, "reactions:write", _POINTED),
    "reactions.remove": Method(remove_reaction, "reactions:write", _POINTED),
    "views.update": Method(update_view, "", ("view", "view_id"), ("hash",)),
    "views.push": Method(push_view, "", ("trigger_id", "view")),
    "files.info": Method(file_info, "files:read", ("file",)),
    "oauth.v2.access": Method(
        oauth_access, "", ("code",), ("client_id", "client_secret", "redirect_uri")
    ),
}

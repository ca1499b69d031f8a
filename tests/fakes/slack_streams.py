"""Messages that grow while they are written, and all that can end them."""

from tests.fakes.slack_limits import problems
from tests.fakes.slack_state import (
    BOT_ID,
    BOT_USER,
    STREAM_BYTES,
    STREAM_LIVES_S,
    Args,
    Conversation,
    MethodError,
    Reply,
    State,
    Stream,
    open_to_bot,
    own,
)


def start_stream(state: State, args: Args) -> Reply:
    conversation = open_to_bot(state, args["channel"])
    # docs.slack.dev/reference/methods/chat.startStream: the recipient is required outside DMs
    if not conversation.id.startswith("D"):
        for key in ("recipient_user_id", "recipient_team_id"):
            if not args.get(key):
                raise MethodError(f"missing_{key}")
    # A deleted parent fails here, unlike for a post: langchain-ai/open-swe#2753, slack-go#1571
    if conversation.message(args["thread_ts"]) is None:
        raise MethodError("invalid_thread_ts")
    message = state.add(
        conversation.id,
        {"user": BOT_USER, "bot_id": BOT_ID, "text": "", "markdown": "", "streaming": True}
        | {"thread_ts": args["thread_ts"]},
    )
    mode = "chunks" if args.get("chunks") is not None else "markdown_text"
    state.streams[conversation.id, message["ts"]] = Stream(begun_s=state.passed_s, mode=mode)
    try:
        _grow(state, conversation, {**args, "ts": message["ts"]})
    except MethodError:
        del state.streams[conversation.id, message["ts"]]
        conversation.messages.remove(message)
        raise
    return {"channel": conversation.id, "ts": message["ts"]}


def append_stream(state: State, args: Args) -> Reply:
    conversation = open_to_bot(state, args["channel"])
    if not args.get("chunks") and not args.get("markdown_text"):
        raise MethodError("no_text")
    _running(state, conversation, args["ts"])
    _grow(state, conversation, args)
    return {"channel": conversation.id, "ts": args["ts"]}


def stop_stream(state: State, args: Args) -> Reply:
    conversation = open_to_bot(state, args["channel"])
    stream = _running(state, conversation, args["ts"], by_user="message_not_in_streaming_state")
    wrong = problems(args["blocks"]) if args.get("blocks") is not None else []
    if wrong:
        raise MethodError("invalid_blocks", response_metadata={"messages": wrong})
    if args.get("chunks") or args.get("markdown_text"):
        _grow(state, conversation, args)
    message = own(conversation, args["ts"], "message_not_owned_by_app")
    message.update({k: args[k] for k in ("blocks", "metadata") if args.get(k) is not None})
    message["streaming"] = False
    stream.ended_by = "app"
    return {"channel": conversation.id, "ts": args["ts"], "message": message}


def _running(
    state: State, conversation: Conversation, ts: object, *, by_user: str = "stopped_by_user"
) -> Stream:
    own(conversation, ts, "message_not_owned_by_app")
    stream = state.streams.get((conversation.id, str(ts)))
    if stream is None:
        raise MethodError("message_not_in_streaming_state")
    if not stream.ended_by and state.passed_s - stream.begun_s >= STREAM_LIVES_S:
        stream.ended_by = "age"
    if stream.ended_by == "user":
        raise MethodError(by_user)
    if stream.ended_by:
        raise MethodError("message_not_in_streaming_state")
    return stream


def _grow(state: State, conversation: Conversation, args: Args) -> None:
    chunks, plain = args.get("chunks"), args.get("markdown_text")
    if chunks is not None and plain is not None:
        raise MethodError("cannot_provide_both_markdown_text_and_chunks")
    stream = state.streams[conversation.id, str(args["ts"])]
    if stream.mode != ("chunks" if chunks is not None else "markdown_text"):
        raise MethodError("streaming_mode_mismatch")
    if chunks is not None and not all(
        c.get("type") == "markdown_text" and isinstance(c.get("text"), str) for c in chunks
    ):
        raise MethodError("invalid_chunks")
    text = plain if plain is not None else "".join(c["text"] for c in chunks or ())
    if len(text) > 12_000 or stream.size + len(text.encode()) > STREAM_BYTES:
        raise MethodError("msg_too_long")
    stream.size += len(text.encode())
    message = conversation.message(args["ts"])
    if message is not None:
        message["markdown"] += text

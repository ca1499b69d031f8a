"""The table of all endpoints; routes and the OpenAPI document are made from it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from footnote_qa.bot.state import Scope
from footnote_qa.bot.web.api import chat, endpoints, shapes
from footnote_qa.bot.web.api.calls import CallError, Endpoint, failed

V1: Final = "/api/v1"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One endpoint.

    Attributes:
        path: Where it is.
        method: Of HTTP.
        scope: What a key needs.
        name: Its operationId.
        work: Answers it; its docstring is the summary.
        takes: Shape of the body; None if it has none.
        gives: Shape of the reply; None if it is OpenAI's.
        query: Names and types of the parameters in the address.
        streams: Whether it can also answer with server-sent events.
    """

    path: str
    method: str
    scope: Scope
    name: str
    work: Endpoint
    takes: type[BaseModel] | None = None
    gives: type[BaseModel] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    streams: bool = False


OPERATIONS: Final[Sequence[Operation]] = (
    Operation(
        path=f"{V1}/ask",
        method="POST",
        scope=Scope.ASK,
        name="ask",
        work=endpoints.on_ask,
        takes=shapes.AskRequest,
        gives=shapes.AnswerReply,
        streams=True,
    ),
    Operation(
        path=f"{V1}/search",
        method="POST",
        scope=Scope.SEARCH,
        name="search",
        work=endpoints.on_search,
        takes=shapes.SearchRequest,
        gives=shapes.SearchReply,
    ),
    Operation(
        path=f"{V1}/documents",
        method="GET",
        scope=Scope.DOCUMENTS,
        name="listDocuments",
        work=endpoints.on_documents,
        gives=shapes.DocumentsReply,
        query={"limit": "integer", "after": "string"},
    ),
    Operation(
        path=f"{V1}/documents/{{document:path}}",
        method="GET",
        scope=Scope.DOCUMENTS,
        name="readDocument",
        work=endpoints.on_document,
        gives=shapes.DocumentReply,
    ),
    Operation(
        path=f"{V1}/feedback",
        method="POST",
        scope=Scope.FEEDBACK,
        name="rate",
        work=endpoints.on_feedback,
        takes=shapes.FeedbackRequest,
        gives=shapes.FeedbackReply,
    ),
    Operation(
        path=f"{V1}/builds",
        method="GET",
        scope=Scope.BUILDS,
        name="listBuilds",
        work=endpoints.on_builds,
        gives=shapes.BuildsReply,
    ),
    Operation(
        path=f"{V1}/status",
        method="GET",
        scope=Scope.BUILDS,
        name="status",
        work=endpoints.on_status,
        gives=shapes.StatusReply,
    ),
    Operation(
        path="/v1/chat/completions",
        method="POST",
        scope=Scope.ASK,
        name="createChatCompletion",
        work=chat.on_chat,
        takes=chat.ChatRequest,
        streams=True,
    ),
    Operation(
        path="/v1/models",
        method="GET",
        scope=Scope.ASK,
        name="listModels",
        work=chat.on_models,
    ),
    Operation(
        path="/v1/models/{model}",
        method="GET",
        scope=Scope.ASK,
        name="retrieveModel",
        work=chat.on_model,
    ),
)


def routes() -> list[Route]:
    """Return the routes of the API; an unknown address below them is an error in JSON."""
    made = [Route(one.path, one.work, methods=[one.method]) for one in OPERATIONS]
    made.append(Route(f"{V1}/openapi.json", _document))
    return [*made, Route("/api/{rest:path}", _unknown), Route("/v1/{rest:path}", _unknown)]


async def _document(_: Request) -> Response:
    return JSONResponse(openapi())


async def _unknown(_: Request) -> Response:
    message = f"there is nothing here: {V1}/openapi.json lists the endpoints"
    return failed(CallError(404, "no_endpoint", message))


def openapi() -> Json:
    """Return the OpenAPI document, version 3.1."""
    models: list[type[BaseModel]] = [shapes.ErrorReply]
    models += [one for op in OPERATIONS for one in (op.takes, op.gives) if one is not None]
    inputs = [(one, "validation") for one in sorted(set(models), key=_name)]
    refs, definitions = models_json_schema(inputs, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]  # a list of pairs
    schemas = {model.__name__: ref for (model, _), ref in refs.items()}
    paths: dict[str, Json] = {}
    for one in OPERATIONS:
        place = paths.setdefault(re.sub(r":\w+}", "}", one.path), {})
        place[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Footnote", "version": version("footnote-qa")},
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    }


def _name(model: type[BaseModel]) -> str:
    return model.__name__


def _operation(one: Operation, schemas: Mapping[str, Any]) -> Json:
    reply: Json = {"application/json": {"schema": schemas[one.gives.__name__] if one.gives else {}}}
    if one.streams:
        reply["text/event-stream"] = {"schema": {"type": "string"}}
    error = {"application/json": {"schema": schemas["ErrorReply"]}}
    described: Json = {
        "operationId": one.name,
        "summary": (one.work.__doc__ or "").strip(),
        "description": f"Needs a key with the scope {one.scope}.",
        "responses": {
            "200": {"description": "It went well.", "content": reply},
            "default": {"description": "It did not.", "content": error},
        },
    }
    if parameters := _parameters(one):
        described["parameters"] = parameters
    if one.takes is not None:
        content = {"application/json": {"schema": schemas[one.takes.__name__]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameters(one: Operation) -> list[Json]:
    in_path = re.findall(r"{(\w+)", one.path)
    return [
        *(
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in in_path
        ),
        *(
            {"name": name, "in": "query", "required": False, "schema": {"type": kind}}
            for name, kind in one.query.items()
        ),
    ]

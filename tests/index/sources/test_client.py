"""The HTTP client of connectors: where a token goes, and what is too much."""

from collections.abc import Iterator

import pytest

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.sync import (
    Client,
    ClientOptions,
    ForbiddenError,
    ItemError,
    MissingError,
)
from tests.fakes.services.server import Answer, FakeClock, FakeService, Request, serving


class Service(FakeService):
    """Gives the answers that a test puts in."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Answer] = {}

    def is_body(self, _: Request) -> bool:
        return False

    def is_allowed(self, _: Request) -> bool:
        return True

    def reply(self, request: Request) -> Answer:
        return self.answers.get(request.path, Answer(status=404))


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()
    with serving(found):
        yield found


@pytest.fixture
def other() -> Iterator[Service]:
    found = Service()
    with serving(found):
        yield found


def client(service: Service, clock: FakeClock | None = None) -> Client:
    return Client(
        service.address,
        ClientOptions(
            headers={"Authorization": "Bearer s3cret"},
            token_name="MY_TOKEN",  # noqa: S106 - the name of a variable
            service="The service",
            clock=clock or FakeClock(),
        ),
    )


def test_a_token_does_not_follow_a_redirect_to_another_host(
    service: Service, other: Service
) -> None:
    service.answers["/file"] = Answer(status=302, headers={"Location": f"{other.address}/file"})
    other.answers["/file"] = Answer(value=b"bytes")

    with pytest.raises(ItemError, match="not encrypted"):
        client(service).reply("/file", max_bytes=100)
    assert other.asked == []


def test_a_redirect_on_the_same_host_keeps_the_token(service: Service) -> None:
    service.answers["/file"] = Answer(status=302, headers={"Location": "/moved"})
    service.answers["/moved"] = Answer(value=b"bytes")

    assert client(service).reply("/file", max_bytes=100).content == b"bytes"
    assert {one.headers["Authorization"] for one in service.asked} == {"Bearer s3cret"}


def test_a_link_to_another_host_is_refused(service: Service, other: Service) -> None:
    service.answers["/list"] = Answer(value={"next": f"{other.address}/list?page=2"})

    with pytest.raises(SourceError, match="leads to another host"):
        list(client(service).pages("/list", {}, lambda page: page["next"]))
    assert other.asked == []


def test_a_list_that_repeats_itself_ends(service: Service) -> None:
    service.answers["/list"] = Answer(value={"next": "/list"})

    with pytest.raises(SourceError, match="without end"):
        list(client(service).pages("/list", {}, lambda page: page["next"]))


def test_a_body_that_is_too_large_is_not_read(service: Service) -> None:
    service.answers["/file"] = Answer(value=b"x" * 200_000)

    with pytest.raises(ItemError, match=r"at most 0\.1 MB"):
        client(service).reply("/file", max_bytes=100_000)


@pytest.mark.parametrize(
    ("status", "error"), [(403, ForbiddenError), (404, MissingError), (410, MissingError)]
)
def test_what_is_hidden_is_no_fault_of_the_service(
    service: Service, status: int, error: type[ItemError]
) -> None:
    service.answers["/page"] = Answer(status=status)

    with pytest.raises(error):
        client(service).json("/page")


def test_an_answer_that_is_no_json_is_the_fault_of_its_item(service: Service) -> None:
    service.answers["/page"] = Answer(value=b"<html>sign in</html>")

    with pytest.raises(ItemError, match="else than JSON"):
        client(service).json("/page")


def test_a_service_that_is_away_is_tried_a_few_times(service: Service) -> None:
    clock = FakeClock()
    gone = client(service, clock)
    gone.base = service.address
    service.faults = [Answer(status=503)] * 100

    with pytest.raises(SourceError, match="try later"):
        gone.json("/page")

    assert len(service.asked) == 6
    assert 20 < sum(clock.slept) < 60


def test_neither_a_message_nor_a_repr_has_the_token(service: Service) -> None:
    service.answers["/page"] = Answer(status=401)
    found = client(service)

    with pytest.raises(SourceError) as caught:
        found.json("/page")

    assert "MY_TOKEN" in str(caught.value)
    options = ClientOptions(headers={"Authorization": "Bearer s3cret"})
    assert "s3cret" not in f"{caught.value}{caught.value!r}{options!r}{found!r}"

"""What every door does alike: problems, pages, tokens, headers, health, metrics."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from doors.guard import BODY_BYTES_MAX
from doors.tokens import bearer
from tests.doors.toys import TOKEN, Toy


@pytest.fixture
def toy() -> Toy:
    """A door."""
    return Toy()


@pytest.fixture
def client(toy: Toy) -> Iterator[TestClient]:
    """Somebody at the door; what is logged is kept from the terminal."""
    with capture_logs():
        yield TestClient(toy.app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/nowhere", None, 404, "nothing at /nowhere"),
        ("DELETE", "/numbers", None, 405, "allowed: GET"),
        ("GET", "/numbers?limit=0", None, 422, "query.limit: Input should be greater"),
        ("GET", "/numbers?offset=-1", None, 422, "query.offset"),
        ("POST", "/wishes", b'{"quantity"', 400, "body"),
        ("POST", "/wishes", b'{"quantity": "0"}', 422, "above 0"),
        ("POST", "/wishes", b'{"quantity": "1.123456789"}', 422, "body.quantity"),
        ("POST", "/wishes", b'{"quantity": 1.5}', 422, "valid string"),
        ("POST", "/wishes", b" " * (BODY_BYTES_MAX + 1), 413, "65536 bytes"),
        ("GET", "/books/BTC-USD", None, 404, "BTC-USD is unknown"),
        ("GET", "/books/btc%20usd", None, 422, "path.instrument"),
        ("GET", "/secret", None, 401, "token"),
        ("GET", "/failing", None, 500, "did not foresee"),
    ],
)
def test_every_error_is_a_problem_detail_that_says_why(
    client: TestClient, method: str, path: str, body: bytes | None, status: int, words: str
) -> None:
    answer = client.request(
        method, path, content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert words in problem["detail"]
    assert problem["instance"] == path.partition("?")[0].replace("%20", " ")


def test_a_method_that_is_not_allowed_is_told_all_that_are(client: TestClient) -> None:
    assert client.put("/wishes").headers["allow"] == "GET, POST"


def test_a_failure_is_logged_with_its_cause_and_the_service_goes_on(client: TestClient) -> None:
    with capture_logs() as logs:
        client.get("/failing")
    assert [line["error"] for line in logs if line["event"] == "request_failed"] == [
        "RuntimeError('a bug')"
    ]
    assert client.get("/numbers").status_code == 200


def test_a_body_without_a_length_is_bounded_too(client: TestClient) -> None:
    chunks = (b" " * 1_000 for _ in range(100))
    assert client.post("/wishes", content=chunks).status_code == 413


def test_pages_lead_through_a_list_without_gap_or_double(client: TestClient) -> None:
    seen: list[int] = []
    path: str | None = "/numbers?limit=99"
    while path:
        answer = client.get(path)
        seen += answer.json()["items"]
        found = re.search(r'<([^>]*)>; rel="next"', answer.headers.get("link", ""))
        path = found and found.group(1)
    assert seen == list(range(250))
    assert answer.json()["total"] == 250
    assert 'rel="prev"' in answer.headers["link"]


def test_a_token_opens_and_another_does_not(client: TestClient) -> None:
    assert client.get("/secret", headers={"Authorization": f"Bearer {TOKEN}"}).json() == "told"
    for wrong in ("Bearer wrong", f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN}x", "Bearer ä"):
        answer = client.get("/secret", headers={"Authorization": wrong.encode()})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


def test_an_empty_token_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="empty token"):
        bearer("")


def test_answers_carry_the_callers_correlation_id_or_a_new_one(client: TestClient) -> None:
    given = "0123456789abcdef" * 2
    kept = client.get("/numbers", headers={"X-Correlation-ID": given})
    assert kept.headers["x-correlation-id"] == given
    for forged in ("", "no id", given + "\n", "x" * 10_000):
        fresh = client.get("/numbers", headers={"X-Correlation-ID": forged})
        assert re.fullmatch("[0-9a-f]{32}", fresh.headers["x-correlation-id"])
        assert fresh.headers["x-correlation-id"] != given


def test_answers_tell_browsers_to_be_careful(client: TestClient) -> None:
    for path in ("/numbers", "/nowhere", "/failing", "/metrics"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_health_says_who_answers_and_what_is_away(client: TestClient, toy: Toy) -> None:
    health = client.get("/health").json()
    assert health["status"] == "ok"
    assert (health["service"], health["instance"], health["environment"]) == (
        "toy",
        "toy-one",
        "test",
    )
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", health["time"])
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", health["version"])
    toy.away = "no answer for 5 s"
    degraded = client.get("/health")
    assert degraded.status_code == 200
    assert degraded.json()["status"] == "degraded"
    assert degraded.json()["degraded"] == {"postgres": "no answer for 5 s"}


def test_ready_flips_with_the_service(client: TestClient, toy: Toy) -> None:
    toy.unready = "3 of 10 records read"
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "3 of 10 records read"
    assert answer.headers["retry-after"] == "1"
    toy.unready = None
    assert client.get("/ready").json() == {"status": "ready"}


def test_requests_are_counted_by_the_pattern_of_their_route(client: TestClient, toy: Toy) -> None:
    for path in ("/books/BTC-USD", "/books/ETH-USD", "/one", "/two", "/failing"):
        client.get(path)
    client.request("BREW", "/numbers")

    def count(name: str, method: str, route: str, **labels: str) -> float | None:
        return toy.registry.get_sample_value(name, {"method": method, "route": route, **labels})

    assert count("http_requests_total", "GET", "/books/{instrument}", status="404") == 2
    assert count("http_requests_total", "GET", "unmatched", status="404") == 2
    assert count("http_errors_total", "GET", "/failing") == 1
    assert count("http_errors_total", "GET", "unmatched") is None
    assert count("http_request_duration_seconds_count", "GET", "/books/{instrument}") == 2
    text = client.get("/metrics").text
    assert "BTC-USD" not in text
    assert "BREW" not in text
    assert 'method="OTHER"' in text


def test_the_document_describes_problems_and_examples(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    refused = document["paths"]["/numbers"]["get"]["responses"]["422"]["content"]
    assert list(refused) == ["application/problem+json"]
    assert refused["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
    assert document["components"]["schemas"]["Problem"]["examples"]
    assert "HTTPValidationError" not in document["components"]["schemas"]

"""Whom the server answers: browsers on a page of its own, who read. Asked over real sockets, and of the gate alone."""

import asyncio
import http.client
from types import SimpleNamespace

import pytest
from websockets.exceptions import InvalidStatus, WebSocketException

from goldilocks.dashboard import engine_process, gate
from tests.browser.server import forked
from tests.dashboard.session import Session

PORT = 8501


def asked(app=None, *, public=False, hosts=(), kind="http", method="GET", path="/", **headers):
    """What the gate does with a request: the status of its own answer, or the headers that it lets through."""
    passed, sent = [], []

    async def pages(scope, receive, send):
        passed.append({name.decode(): value.decode() for name, value in scope["headers"]})

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "websocket.connect"}

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": method, "path": path, "headers": named}
    asyncio.run(gate.Gate(pages, PORT, public, hosts)(scope, receive, send))
    if passed:
        return passed[0]
    return sent[0].get("status") or sent[0]["code"]


OWN = [
    {"host": "127.0.0.1:8501"},
    {"host": "localhost:8501", "origin": "http://localhost:8501"},
    {"host": "LOCALHOST.:8501", "origin": "http://localhost:8501"},
    {"host": "[::1]:8501", "origin": "http://[::1]:8501"},
    # A tunnel: `ssh -L 9000:localhost:8501`.
    {"host": "localhost:9000", "origin": "http://localhost:9000"},
    {"host": "localhost", "origin": "http://localhost:80"},
]
FOREIGN = [
    {"host": "127.0.0.1:8501", "origin": "http://evil.example"},
    {"host": "127.0.0.1:8501", "origin": "http://127.0.0.1:9999"},
    {"host": "127.0.0.1:8501", "origin": "http://127.0.0.1"},
    {"host": "127.0.0.1:8501", "origin": "http://localhost:8501"},
    {"host": "127.0.0.1:8501", "origin": "null"},
    {"host": "127.0.0.1:8501", "origin": ""},
    {"host": "127.0.0.1:8501", "origin": "file://"},
    {"host": "127.0.0.1:8501", "origin": "http://127.0.0.1:8501@evil.example"},
    {"host": "127.0.0.1:8501", "origin": "http://127.0.0.1:8501.evil.example"},
    {"host": "127.0.0.1:8501", "origin": "chrome-extension://127.0.0.1:8501"},
    # A name of somebody else's that leads here.
    {"host": "evil.example:8501", "origin": "http://evil.example:8501"},
    {"host": "127.0.0.1.evil.example:8501"},
    {"host": "localhost@evil.example:8501"},
    {"host": "localhost:port"},
    {"host": ""},
    {},
    {"host": "169.254.1.1:8501", "origin": "http://169.254.1.1:8501"},
]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("headers", OWN, ids=str)
def test_a_page_of_the_servers_own_is_answered(kind, headers):
    passed = asked(kind=kind, **headers)
    assert "x-goldilocks-relayed" not in passed
    # Streamlit's check asks no address outside about this one.
    assert passed.get("origin", f"http://127.0.0.1:{PORT}") == f"http://127.0.0.1:{PORT}"


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_origin_is_not(kind, headers):
    assert asked(kind=kind, **headers) in ((1008,) if kind == "websocket" else (403, 421))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/_stcore/upload_file/session/file"),
        ("OPTIONS", "/_stcore/upload_file/session/file"),
        ("GET", "/_stcore/upload_file/session/file"),
        ("POST", "/_stcore/agent/interact"),
        ("GET", "/_stcore/agent/mcp"),
        ("POST", "/"),
        ("DELETE", "/media/x"),
        ("TRACE", "/"),
    ],
)
def test_nothing_is_taken_in(method, path):
    assert asked(method=method, path=path, host="127.0.0.1:8501") in (403, 405)


@pytest.mark.parametrize(
    "headers",
    [
        {"x_forwarded_for": "10.0.0.7"},
        {"x_forwarded_host": "lab.example"},
        {"x_forwarded_proto": "https"},
        {"forwarded": "for=10.0.0.7"},
        {"via": "1.1 proxy"},
        {"x_real_ip": "10.0.0.7"},
    ],
    ids=str,
)
def test_behind_a_proxy_nothing_can_be_computed(headers):
    passed = asked(host="127.0.0.1:8501", **headers)
    assert not engine_process.offered("127.0.0.1", passed)
    # Nor can a browser say that it is none.
    assert engine_process.offered("127.0.0.1", asked(host="127.0.0.1:8501", x_goldilocks_relayed="yes"))
    assert not engine_process.offered("0.0.0.0", asked(host="127.0.0.1:8501"))


def test_a_name_that_the_command_gave_is_answered_and_computes_nothing():
    for headers in ({"host": "lab.example", "origin": "https://lab.example"}, {"host": "127.0.0.1:8501"}):
        passed = asked(hosts=["Lab.example"], **{"origin": "https://lab.example"} | headers)
        assert not engine_process.offered("127.0.0.1", passed)
    assert asked(host="other.example", hosts=["lab.example"]) == 421


def test_a_public_server_is_known_by_addresses_and_not_by_names_of_others():
    assert isinstance(asked(public=True, host="10.0.0.5:8501", origin="http://10.0.0.5:8501"), dict)
    assert asked(public=True, host="evil.example:8501", origin="http://evil.example:8501") == 421
    assert asked(public=True, host="10.0.0.5:8501", origin="http://10.0.0.6:8501") == 403


@pytest.fixture(scope="module")
def url(filled_store):
    with forked(filled_store) as address:
        yield address


def request(url, method="GET", path="/", **headers):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    found = SimpleNamespace(status=answer.status, headers=dict(answer.getheaders()), body=answer.read())
    connection.close()
    return found


def test_a_real_server_tells_the_browser_how_far_its_pages_reach(url):
    answer = request(url)
    assert answer.status == 200
    policy = answer.headers["content-security-policy"]
    for part in ("default-src 'self'", "img-src 'self' data: blob:", "frame-ancestors 'none'"):
        assert part in policy
    assert "http:" not in policy
    assert "https:" not in policy


def test_a_real_server_refuses_strangers(url):
    assert request(url, Host="evil.example").status == 421
    assert request(url, Origin="http://evil.example").status == 403
    assert request(url, "PUT", "/_stcore/upload_file/a/b").status == 405
    for origin in ("http://evil.example", "http://127.0.0.1:1", "null"):
        with pytest.raises((InvalidStatus, WebSocketException)):
            asyncio.run(Session.open(url, origin=origin))
    assert request(url, path="/_stcore/health").body == b"ok"


@pytest.mark.parametrize("public", [False, True])
def test_no_name_server_is_asked_who_this_machine_is(monkeypatch, public):
    def asked_outside(*arguments):
        raise AssertionError(f"a name server is asked about {arguments}")

    for name in ("getfqdn", "getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
        monkeypatch.setattr(gate.socket, name, asked_outside)
    machine = gate.socket.gethostname().lower()
    found = asked(public=public, host=f"{machine}:8501", origin=f"http://{machine}:8501")
    assert isinstance(found, dict) == public

"""Connections that ask nothing: closed, limited, and no reason to fill a log. Few of them, on loopback."""

import resource
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTORS, MANY = 64, 60
# A server with little patience and few descriptors, for an application that says "ok".
PROGRAM = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({DESCRIPTORS}, {DESCRIPTORS}))
import uvicorn
from goldilocks.dashboard import connections, server
connections.PATIENCE_SECONDS, connections.MOST_CONNECTIONS, connections.RESERVED_DESCRIPTORS = 1.0, int(sys.argv[2]), 0
connections.most_connections = lambda: connections.MOST_CONNECTIONS

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({{"type": "http.response.start", "status": 200, "headers": []}})
        await send({{"type": "http.response.body", "body": b"ok"}})

connections.spare_logs()
config = uvicorn.Config(app, http=connections.Connection, backlog=server.BACKLOG, lifespan="off", log_level="warning")
server._server(config).run(sockets=[server.listen("127.0.0.1", int(sys.argv[1]))])
"""


@pytest.fixture
def small(tmp_path):
    """What starts such a server with so many connections at most; returns its address, port and log."""
    started = []

    def start(most):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = tmp_path / "log"
        with open(log, "w") as sink:
            command = [sys.executable, "-c", PROGRAM, str(port), str(most)]
            started.append(subprocess.Popen(command, cwd=ROOT, stdout=sink, stderr=sink))
        deadline = time.monotonic() + 600
        while not answers(port):
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        return port, log

    yield start
    for process in started:
        process.terminate()
        process.wait(timeout=600)


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            return answer.read() == b"ok"
    except OSError:
        return False


def closed(one):
    one.settimeout(30)
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: x", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"])
def test_a_connection_that_asks_nothing_more_is_closed(small, begun):
    port, _ = small(20)
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(begun)
        if begun.endswith(b"\r\n\r\n"):
            assert one.recv(1000).startswith(b"HTTP/1.1 200")
            while one.recv(1000):
                pass
        else:
            assert closed(one)


def test_who_asks_is_answered_in_place_of_who_waits(small):
    port, _ = small(8)
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    try:
        assert answers(port)
    finally:
        for one in idle:
            one.close()


def test_descriptors_that_run_out_do_not_fill_the_log(small):
    """With a limit beyond what the system allows, so that it is the system that refuses."""
    port, log = small(10_000)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 2 * MANY
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(MANY)]
    try:
        deadline = time.monotonic() + 30
        while not answers(port):
            assert time.monotonic() < deadline
        assert log.stat().st_size < 20_000
    finally:
        for one in idle:
            one.close()
    assert answers(port)

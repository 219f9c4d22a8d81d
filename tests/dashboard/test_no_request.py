"""No request leaves the machine: what a real server, and every process that it starts, connects to and looks up."""

import asyncio
import ipaddress
import json
import subprocess
import sys

import pytest
from websockets.exceptions import InvalidStatus, WebSocketException

from tests.browser.server import served
from tests.dashboard.opening import PAGES
from tests.dashboard.session import Session

# Python begins with this file where it is on the path, and so do the processes that the server starts.
RECORDER = """
import json, os, sys

def record(event, arguments):
    kind, _, what = event.partition(".")
    if kind != "socket" or what in ("__new__", "bind", "gethostname"):
        return
    told = arguments[1] if what in ("connect", "sendto", "sendmsg") else arguments
    with open({log!r}, "a") as log:
        log.write(json.dumps([os.getpid(), what, told], default=repr) + "\\n")

sys.addaudithook(record)
"""
FOREIGN = ("http://evil.example", "https://elsewhere.example:8501", "http://127.0.0.1:1", "http://192.0.2.7", "null")


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """What processes that start from now on ask of the network, as process, call and arguments."""
    log = tmp_path / "asked"
    log.touch()
    (tmp_path / "sitecustomize.py").write_text(RECORDER.format(log=str(log)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return lambda: [json.loads(line) for line in log.read_text().splitlines()]


def leaves(what, told):
    """Tell whether a call concerns anything but this machine; what is not understood does."""
    if what in ("connect", "sendto", "sendmsg") and isinstance(told, str):
        return False  # The path of a socket in the file system.
    try:
        return told[0] != "localhost" and not ipaddress.ip_address(told[0]).is_loopback
    except (TypeError, IndexError, ValueError):
        return True


def test_what_leaves_is_recorded(recorded):
    program = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    asking.connect(("192.0.2.1", 9))
for name in ("192.0.2.2", "localhost"):
    socket.getaddrinfo(name, 9)
with socket.socket(socket.AF_UNIX) as other:
    other.connect_ex("/nowhere")
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    assert [(what, told[0]) for _, what, told in recorded() if leaves(what, told)] == [
        ("connect", "192.0.2.1"),
        ("getaddrinfo", "192.0.2.2"),
    ]


async def visit(url):
    for origin in FOREIGN:
        with pytest.raises((InvalidStatus, WebSocketException)):
            await Session.open(url, origin=origin)
    session = await Session.open(url)
    await session.run()
    for page in PAGES:
        await session.visit("" if page == "lecture" else page)
        assert session.sentences
    await session.visit("data_and_sql", "sql=SELECT%201%20AS%20x,%202%20AS%20y")
    await session.socket.close()


def test_a_server_asks_nobody_whoever_asks_it(filled_store, recorded):
    with served(filled_store) as url:
        asyncio.run(visit(url))
    assert [call for call in recorded() if leaves(*call[1:])] == []

"""A server for everybody: reached from other machines only then, and then nothing can be computed through it."""

import asyncio
import socket

import psutil
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import InvalidStatus

from tests.browser.server import forked
from tests.dashboard.session import Session

OFFERS = {"Plan", "Start", "Check"}
REFUSED = "only when the dashboard is served on loopback"


@pytest.fixture(scope="module")
def private(site):
    return site


@pytest.fixture(scope="module")
def public(filled_store):
    with forked(filled_store, "--public") as url:
        yield url


def port(url):
    return int(url.rsplit(":", 1)[1])


def listening(url):
    """Return the process that listens on a server's port, and the addresses that it listens on."""
    found = [
        one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN and one.laddr.port == port(url)
    ]
    (process,) = {one.pid for one in found}
    return psutil.Process(process), {one.laddr.ip for one in found}


def answered(address, url):
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((address, port(url))) == 0


def others():
    """Return this machine's addresses besides loopback."""
    every = [one for card in psutil.net_if_addrs().values() for one in card if one.family == socket.AF_INET]
    return [one.address for one in every if not one.address.startswith("127.")]


async def runs(url, query=""):
    session = await Session.open(url)
    await session.run()
    await session.visit("runs", query)
    return session


def test_a_server_listens_beyond_loopback_only_when_it_is_told_to(private, public):
    assert listening(private)[1] == {"127.0.0.1"}
    assert listening(public)[1] == {"0.0.0.0"}


def test_another_address_of_this_machine_is_answered_only_by_a_public_server(private, public):
    if not others():
        pytest.skip("this machine has no address besides loopback")
    for address in others():
        assert not answered(address, private)
        assert answered(address, public)


def test_only_loopback_offers_to_compute(private, public):
    offered, hidden = asyncio.run(runs(private)), asyncio.run(runs(public))
    assert set(offered.buttons) == OFFERS
    assert not hidden.buttons
    assert REFUSED in " ".join(hidden.sentences)


@pytest.mark.parametrize("query", ["", "runs_preset=smoke&runs_covered=smoke", "runs_kind=a%20grid%20of%20my%20own"])
def test_buttons_that_are_not_there_cannot_be_pressed(private, public, query):
    """The same identifiers that press them on loopback, sent to the public server."""
    process, _ = listening(public)

    async def press():
        buttons = (await runs(private, query)).buttons
        session = await runs(public, query)
        for name in buttons.values():
            session.states[name] = WidgetState(id=name, trigger_value=True)
        await session.run()
        return buttons, session

    buttons, session = asyncio.run(press())
    assert set(buttons) == OFFERS
    assert not session.buttons
    assert not [child for child in process.children(recursive=True) if "engine" in child.cmdline()]


def test_a_page_of_another_site_cannot_talk_to_the_server(private):
    async def intrude():
        await Session.open(private, origin="http://example.org")

    with pytest.raises(InvalidStatus):
        asyncio.run(intrude())

"""The server's socket, and its refusal of a port that is taken."""

import asyncio
import socket

import pytest

from goldilocks.dashboard import server
from goldilocks.dashboard.__main__ import main


def test_no_message_waits_for_the_acknowledgement_of_the_one_before():
    """Nagle's algorithm costs each page 40 ms; asyncio turns it off for sockets that name their protocol."""

    async def accepted() -> int:
        found = asyncio.get_running_loop().create_future()
        answer = lambda _, writer: found.set_result(writer.get_extra_info("socket"))
        listening = await asyncio.start_server(answer, sock=server.listen("127.0.0.1", 0))
        _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        delay = (await found).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        writer.close()
        listening.close()
        return delay

    assert asyncio.run(accepted())


def test_a_port_that_is_taken_is_refused_with_a_free_one(monkeypatch, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr("sys.argv", ["dashboard", "--port", str(port)])
        with pytest.raises(SystemExit) as end:
            main()
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert f"port {port} is taken" in told
    assert f"--port {port % 65535 + 1}" in told


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1"])
def test_what_is_no_port_is_refused(port, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["dashboard", f"--port={port}"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "from 1 to 65535" in capsys.readouterr().err

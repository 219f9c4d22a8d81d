"""A server of files on this machine, and what can go wrong with it."""

import http.server
import threading
from contextlib import contextmanager
from functools import partial


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves files; `fault` says what goes wrong with the second one."""

    def __init__(self, files, fault, *arguments):
        self.files, self.fault = files, fault
        super().__init__(*arguments)

    def do_GET(self):
        name = self.path.removeprefix("/")
        fault = self.fault if name == list(self.files)[1] else None
        content = self.files[name]
        if fault == "missing":
            return self.send_error(404)
        if fault == "corrupted":
            content = content[:-1] + bytes([content[-1] ^ 1])
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if fault == "broken off" else content)

    def log_message(self, *arguments):
        pass


@contextmanager
def serving(files, fault=None):
    """Serve files on 127.0.0.1; the value is the address.

    Args:
        files: contents by name.
        fault: what goes wrong with the second one: missing, corrupted, broken off.
    """
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, files, fault))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()

"""Many statements, one after the other, in one process of the kind in which the dashboard answers each typed one."""

import base64
import json

import pyarrow as pa

from goldilocks.dashboard import sandbox
from goldilocks.dashboard.exact import shown
from tests import warm

_PROGRAM = """
import base64, io, json, sys
from goldilocks.dashboard import sandbox

told, out = json.load(sys.stdin), sys.stdout
for sql in told["statements"]:
    sys.stdin = io.StringIO(json.dumps({"sql": sql, "store": told["store"], "rows": sandbox.MOST_ROWS}))
    sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    code = sandbox._child()
    found = base64.b64encode(sys.stdout.buffer.getvalue()).decode()
    print(json.dumps([code, sys.stderr.getvalue(), found]), file=out)
"""


def answers(statements, path):
    """Return what the process says to each statement: a frame, or the sentence of its refusal.

    Args:
        statements: SQL.
        path: of the store.

    Raises:
        AssertionError: the process did not go through all of them.
    """
    request = json.dumps({"statements": list(statements), "store": str(path)})
    done = warm.run("-c", _PROGRAM, input=request, text=True)
    found = [_read(*json.loads(line)) for line in done.stdout.splitlines()]
    assert len(found) == len(statements), done.stderr
    return found


def _read(code, said, answer):
    if code == sandbox._REFUSED:
        return said.strip()
    assert code == 0
    return shown(pa.ipc.open_stream(base64.b64decode(answer)).read_all())

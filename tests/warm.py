"""Programs in processes of their own that start in milliseconds: forks of an interpreter that has loaded everything.

Most of what `python -m engine …` costs is imports. A fork is as much a process, with streams, signals, an exit code and
memory of its own. What is decided when an interpreter starts is not theirs: tests of locales, of terminals and of
PYTHON… in the environment start their own.
"""

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

ROOT = Path(__file__).parents[1]
# What there is to be forked: packages that an interpreter has loaded, and what their programs load beside them.
ENGINE, PAGES = "engine", "pages"
PACKAGES = {
    ENGINE: ("goldilocks.engine", "goldilocks.store"),
    PAGES: ("goldilocks.dashboard", "goldilocks.store"),
}
BESIDE = {
    ENGINE: ("pandas", "pyarrow.dataset", "typer.rich_utils", "rich.table", "rich.progress"),
    PAGES: (
        *("altair", "narwhals._interchange.dataframe", "pyarrow.pandas_compat", "streamlit.starlette"),
        *("streamlit.emojis", "streamlit.material_icon_names", "streamlit.navigation.page", "uvicorn", "vl_convert"),
        *("uvicorn.loops.auto", "uvicorn.lifespan.on", "uvicorn.protocols.websockets.websockets_sansio_impl"),
    ),
}
# Programs themselves, and what only some of them load.
NOT_LOADED = ("__main__", "app", "bench", "diagnosis", "kernels", "ray", "views")
# What of Popen a fork takes: whatever is about its streams, and where and with what it runs.
TAKEN = {
    *("stdin", "stdout", "stderr", "bufsize", "pipesize", "text", "universal_newlines", "encoding", "errors"),
    *("cwd", "env"),
}
# Of processor time that forks took which have been waited for: the system counts them as children of another process.
seconds = 0.0


class Process(subprocess.Popen):
    """`python -m module …`, forked; what can be asked of it is as with Popen.

    Args:
        module: its name; `-c` means that the program is the first argument.
        arguments: what follows on the command line.
        loaded: ENGINE or PAGES.
        options: as of Popen, those in `TAKEN`.

    Raises:
        TypeError: another option of Popen, which would go unheeded.
    """

    def __init__(self, module, *arguments, loaded=ENGINE, **options):
        if refused := sorted(set(options) - TAKEN):
            raise TypeError(f"a fork does not take {', '.join(refused)}; it takes {', '.join(sorted(TAKEN))}")
        self._loaded = loaded
        super().__init__([module, *map(str, arguments)], **options)

    def _execute_child(self, args, executable, preexec, close, passed, cwd, env, info, flags, shell, *pipes_and_more):
        pipes = pipes_and_more[:6]
        streams = [pipe if pipe != -1 else number for number, pipe in enumerate((pipes[0], pipes[3], pipes[5]))]
        self._status, status = os.pipe()
        told = {
            "arguments": args,
            "cwd": str(cwd or os.getcwd()),
            "environment": dict(os.environ if env is None else env),
        }
        request = json.dumps(told).encode()
        connection, _ = _interpreter(self._loaded)
        socket.send_fds(connection, [len(request).to_bytes(4, "little")], [*streams, status])
        connection.sendall(request)
        os.close(status)
        self.pid = int.from_bytes(os.read(self._status, 4), "little")
        self._child_created = True
        self._close_pipe_fds(*pipes)

    def _try_wait(self, wait_flags):
        if wait_flags & os.WNOHANG and not select.select([self._status], [], [], 0)[0]:
            return 0, 0
        said = os.read(self._status, 12)
        os.close(self._status)
        if not said:
            self.returncode = 1
            raise ChildProcessError("the interpreter that forks has ended")
        global seconds
        seconds += int.from_bytes(said[4:], "little") / 1e6
        return self.pid, int.from_bytes(said[:4], "little")

    def _internal_poll(self, _deadstate=None, **_):
        if self.returncode is None:
            try:
                pid, status = self._try_wait(os.WNOHANG)
            except ChildProcessError:
                # As with Popen, this is what one is called with that is deleted without having been waited for: when
                # all ends, after the interpreter that would have told.
                if _deadstate is None:
                    raise
            else:
                if pid:
                    self._handle_exitstatus(status)
        return self.returncode


def run(module, *arguments, input=None, timeout=600, **options):
    """Run `python -m module …` to its end, like `subprocess.run` with its output captured.

    Args:
        module: its name.
        arguments: what follows on the command line.
        input: what it reads on standard input; None means what the tests have.
        timeout: seconds.
        options: as of Process.
    """
    stdin = None if input is None else subprocess.PIPE
    with Process(module, *arguments, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        try:
            out, err = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess([module, *arguments], process.returncode, out, err)


_interpreters: dict[str, tuple[socket.socket, subprocess.Popen]] = {}


def _interpreter(loaded):
    """Return the connection to an interpreter that forks, and itself; each process of the tests has one of a kind."""
    if loaded not in _interpreters:
        ours, its = socket.socketpair()
        command = [sys.executable, "-m", "tests.warm", str(its.fileno()), loaded]
        _interpreters[loaded] = ours, subprocess.Popen(command, cwd=ROOT, pass_fds=[its.fileno()])
        its.close()
    return _interpreters[loaded]


def interpreters():
    """Return the ids of the processes that fork for this one."""
    return {started.pid for _, started in _interpreters.values()}


def _end():
    """End the interpreters that fork: each does when the connection to it ends."""
    for connection, started in _interpreters.values():
        connection.close()
        started.wait()


# Now, so that it runs after what those register who use this, and may end forks.
atexit.register(_end)


def _load(loaded):
    """Load what programs load, and find out what each of them would find out for itself, such as the newest schema.

    Nothing that starts threads which go on: a fork would not have them, and wait for them.
    """
    for package in map(import_module, PACKAGES[loaded]):
        for found in walk_packages(package.__path__, f"{package.__name__}."):
            if not set(found.name.split(".")) & set(NOT_LOADED):
                import_module(found.name)
    for name in BESIDE[loaded]:
        import_module(name)
    if loaded == ENGINE:
        from goldilocks.engine.data import datasets

        datasets.parse("digits").load()
    from goldilocks import store
    from goldilocks.store.files.scratch import scratch
    from tests.store.builder import Batch, write

    with scratch() as folder:
        store.open(write(folder / "grid.duckdb", Batch().run())).close()


def _serve(connection):
    """Fork for each request. Returns in the forks alone, with what is to be run there."""
    told = {}

    def ended(*_):
        with suppress(ChildProcessError):
            while (child := os.wait4(-1, os.WNOHANG))[0]:
                pid, code, used = child
                microseconds = round(1e6 * (used.ru_utime + used.ru_stime))
                with suppress(BrokenPipeError), os.fdopen(told.pop(pid), "wb") as status:
                    status.write(code.to_bytes(4, "little") + microseconds.to_bytes(8, "little"))

    signal.signal(signal.SIGCHLD, ended)
    while True:
        length, descriptors, *_ = socket.recv_fds(connection, 4, 4)
        if not length:
            sys.exit()
        said = connection.recv(int.from_bytes(length, "little"), socket.MSG_WAITALL)
        # No end is heard of before it is known whom to tell.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        *streams, status = descriptors
        child = os.fork()
        if child:
            told[child] = status
            os.write(status, child.to_bytes(4, "little"))
        else:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        for number, stream in enumerate(streams):
            if not child:
                os.dup2(stream, number)
            os.close(stream)
        if not child:
            connection.close()
            for descriptor in (*told.values(), status):
                os.close(descriptor)
            return json.loads(said)


def _become(request):
    """Be what was asked for."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[0] = request["cwd"]
    # Those of the interpreter know what its own streams were.
    sys.stdin, sys.stdout = _stream(0, "r"), _stream(1, "w")
    sys.stderr = _stream(2, "w", errors="backslashreplace", buffering=1)
    sys.argv = request["arguments"]
    try:
        if (module := sys.argv[0]) == "-c":
            exec(sys.argv.pop(1), {"__name__": "__main__"})
        else:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code and not isinstance(end.code, int):
            print(end.code, file=sys.stderr)
        _ended_with(end.code if isinstance(end.code, int) else int(end.code is not None))
    except BaseException:
        traceback.print_exc()
        _ended_with(1)
    sys.exit()


def _stream(number, mode, **options):
    return os.fdopen(number, mode, encoding="utf-8", closefd=False, **options)


def _ended_with(code):
    global _code
    _code = code


_code = 0


def _leave():
    """End at once: an orderly end would touch, and so copy, all that was loaded."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_code)


if __name__ == "__main__":
    # The first that is registered runs last.
    atexit.register(_leave)
    _load(sys.argv[2])
    gc.freeze()
    _become(_serve(socket.socket(fileno=int(sys.argv[1]))))

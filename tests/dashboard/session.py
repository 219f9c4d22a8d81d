"""A browser's session without a browser: Streamlit's own protocol over its websocket, to click thirty times at once."""

import random
import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

# Kinds of widgets that a reader changes; buttons are left alone, because they start things.
KINDS = ("selectbox", "multiselect", "slider", "button_group", "checkbox", "number_input")
# What is typed into boxes of numbers.
NUMBERS = range(1, 65)
PATIENCE = 600.0


class Broken(AssertionError):
    """A page showed an exception or did not finish."""


@dataclass
class Session:
    """One session.

    Attributes:
        socket: the connection.
        random: makes its choices.
        page: hash of the page that it is on.
        query: query string of its address.
        pages: hash of each page, by its path.
        widgets: kind and description of what can be changed, by id.
        buttons: id of each button, by its label.
        sentences: what the page says.
        markup: HTML that the browser takes as such.
        received: bytes of the last run's messages.
    """

    socket: ClientConnection
    random: random.Random
    page: str = ""
    query: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    widgets: dict[str, tuple[str, object]] = field(default_factory=dict)
    states: dict[str, WidgetState] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)
    markup: list[str] = field(default_factory=list)
    received: int = 0

    @classmethod
    async def open(cls, url: str, seed: int = 0, origin: str | None = None) -> "Session":
        """Connect to a server, as opening a tab does; the origin is that of the page which connects."""
        address = url.replace("http", "ws", 1) + "/_stcore/stream"
        socket = await connect(address, subprotocols=["streamlit"], max_size=None, origin=origin or url)  # type: ignore
        return cls(socket, random.Random(seed))

    async def visit(self, page: str, query: str = "") -> float:
        """Go to a page by its address and return the seconds until it was drawn."""
        self.page, self.query = self.pages.get(page, ""), query
        self.states.clear()
        return await self.run()

    async def click(self) -> float | None:
        """Change one widget at random and return the seconds until the page was drawn; None where there is none."""
        candidates = [(kind, widget) for kind, widget in self.widgets.values() if self._choices(kind, widget)]
        if not candidates:
            return None
        kind, widget = self.random.choice(candidates)
        state = WidgetState(id=widget.id)
        choices = self._choices(kind, widget)
        if kind == "selectbox":
            state.string_value = self.random.choice(choices)
        elif kind in ("multiselect", "button_group"):
            many = kind == "multiselect"
            count = self.random.randint(1, min(4, len(choices))) if many else 1
            state.string_array_value.data.extend(self.random.sample(choices, count))
        elif kind == "number_input":
            state.double_value = self.random.choice(choices)
        elif kind == "slider":
            state.double_array_value.data.append(self.random.choice(choices))
        else:
            state.bool_value = self.random.choice(choices)
        self.states[widget.id] = state
        return await self.run()

    @staticmethod
    def _choices(kind, widget):
        if kind in ("selectbox", "multiselect"):
            return list(widget.options)
        if kind == "button_group":
            return [option.content for option in widget.options]
        if kind == "number_input":
            return [number for number in NUMBERS if widget.min <= number <= widget.max]
        if kind == "slider":
            return list(range(int(widget.min), int(widget.max) + 1))
        return [True, False]

    async def run(self) -> float:
        """Ask for a run of the page's script with the present choices and wait until it has finished.

        Raises:
            Broken: the page showed an exception, or took longer than PATIENCE.
        """
        request = BackMsg()
        request.rerun_script.query_string = self.query
        request.rerun_script.page_script_hash = self.page
        request.rerun_script.widget_states.widgets.extend(self.states.values())
        start = time.perf_counter()
        await self.socket.send(request.SerializeToString())
        for seen in (self.widgets, self.buttons, self.sentences, self.markup):
            seen.clear()
        self.received = 0
        while time.perf_counter() - start < PATIENCE:
            sent = await self.socket.recv()
            self.received += len(sent)
            message = ForwardMsg.FromString(sent)  # type: ignore
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            elif kind == "delta":
                self._take(message.delta)
            elif kind == "script_finished" and message.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY,
                ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
            ):
                if message.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                    raise Broken("the script did not compile")
                return time.perf_counter() - start
        raise Broken(f"a page took longer than {PATIENCE:g} seconds")

    def _take(self, delta) -> None:
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise Broken(f"{element.exception.type}: {element.exception.message}")
        if kind == "button":
            self.buttons[element.button.label] = element.button.id
        if kind == "html":
            self.markup.append(element.html.body)
        if kind == "markdown":  # captions, too
            (self.markup if element.markdown.allow_html else self.sentences).append(element.markdown.body)
        if kind in KINDS:
            widget = getattr(element, kind)
            self.widgets[widget.id] = (kind, widget)

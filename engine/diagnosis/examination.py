"""A diagnosis that is ready to begin: the network made, the batch sent through it once, and what it will take."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from goldilocks.engine.device import choose_device
from goldilocks.engine.diagnosis.batch_shapes import described
from goldilocks.engine.diagnosis.defaults import LARGEST
from goldilocks.engine.diagnosis.factory import Factory, load_factory
from goldilocks.engine.diagnosis.finding import counted
from goldilocks.engine.diagnosis.hugging_face import usual_input
from goldilocks.engine.diagnosis.inputs import Batch, as_batch
from goldilocks.engine.diagnosis.judgement import judge
from goldilocks.engine.diagnosis.loaded_modules import refuse_changed
from goldilocks.engine.diagnosis.loss import outputs_of
from goldilocks.engine.diagnosis.measure import Progress, measure
from goldilocks.engine.diagnosis.recipe import recipe
from goldilocks.engine.diagnosis.report import Report
from goldilocks.engine.diagnosis.source_code import own_modules
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.subject import PASSES, qualified
from goldilocks.engine.diagnosis.trial import try_out
from goldilocks.engine.errors import RequestError
from goldilocks.store.nearest import nearest


@dataclass(frozen=True)
class Examination:
    """A diagnosis that is ready to begin.

    Attributes:
        factory: makes the network.
        specimen: network, batch and loss.
        origin: where the batch comes from: its description, or the name of a function.
        given_as_data: whether its description does not say what it holds.
        inits: initializations to compare.
        seeds: how many draws of each.
        batch: what goes in, for people.
        parameters: number of weights.
        seconds: of all plain passes, one after the other, judged by a first one.
    """

    factory: Factory
    specimen: Specimen
    origin: str
    given_as_data: bool
    inits: tuple[str, ...]
    seeds: int
    batch: str
    parameters: int
    seconds: float

    @property
    def name(self) -> str:
        """What the factory is called."""
        return self.factory.name

    @property
    def cost(self) -> str:
        """What it will take, in a sentence."""
        configurations = f"{counted(len(self.inits), 'initialization')} × {counted(self.seeds, 'seed')}"
        return (
            f"{self.name}: {self.parameters:,} parameters, batch {self.batch}; {configurations} = "
            f"{len(self.inits) * self.seeds} passes forward and back, about {self.seconds:.2g} s."
        )

    def refuse_beyond(self, budget: float | None) -> None:
        """Refuse what would take longer than it may.

        Args:
            budget: seconds; None for no limit.

        Raises:
            RequestError: it would.
        """
        if budget is not None and self.seconds > budget:
            fitting = int(self.seeds * budget / self.seconds)
            remedy = "give a smaller batch or fewer initializations"
            if fitting:
                remedy = f"at most {counted(fitting, 'seed')} fit{'s' * (fitting == 1)}"
            raise RequestError(f"about {self.seconds:.2g} s are needed and the budget is {budget:g} s: {remedy}")

    def run(
        self, intended: Sequence[str] = (), device: str = "auto", progress: Progress = lambda share: None
    ) -> Report:
        """Measure and judge.

        Args:
            intended: number formats that the network is meant to be trained in.
            device: as for `goldilocks run`.
            progress: called with the share that is done.
        """
        refuse_unknown(self.inits, self.seeds, intended, device)
        measured = measure(self.specimen, self.inits, range(self.seeds), choose_device(device), progress=progress)
        return Report(self.name, measured, judge(measured, listed(intended)), self.specimen)


def refuse_unknown(init: Sequence[str] | str, seeds: int, formats: Sequence[str] = (), device: str = "auto") -> None:
    """Refuse what does not exist, before anything of the user's is imported or computed.

    Args:
        init: initializations.
        seeds: how many draws of each.
        formats: number formats.
        device: where to compute.

    Raises:
        RequestError: one of them does not exist, or none is named.
    """
    if seeds < 1:
        raise RequestError(f"seeds = {seeds}: one at least is needed")
    if not init:
        raise RequestError("nothing to measure: name at least one initialization")
    for text in listed(init):
        recipe(text)
    for name in listed(formats):
        if name not in LARGEST:
            raise RequestError(f"unknown number format {name!r}; {nearest(name, LARGEST)}")
    choose_device(device)


def listed(texts: Sequence[str] | str) -> tuple[str, ...]:
    """Return one text, or several, as several."""
    return (texts,) if isinstance(texts, str) else tuple(texts)


def prepare(
    make: Callable[[], nn.Module] | str,
    batch: Any,
    init: Sequence[str] | str,
    seeds: int,
    *,
    classes: int | None = None,
    loss: Callable[[Any, Any], Tensor] | None = None,
    origin: str = "",
) -> Examination:
    """Make the network, send the batch through it once, and say what a diagnosis takes; see `goldilocks.diagnose`."""
    refuse_unknown(init, seeds)
    if isinstance(make, nn.Module):
        raise RequestError("a module was given; give the function that makes it, so that it can be made anew per seed")
    factory = load_factory(make) if isinstance(make, str) else Factory(getattr(make, "__name__", repr(make)), make)
    module = factory(0)
    functions = [one for one in (factory.make, loss, batch) if callable(one) and not isinstance(one, Tensor)]
    refuse_changed(own_modules([*functions, *{type(part) for part in module.modules()}]))
    factory.refuse_irreproducible(module)
    given = usual_input(module) if batch is None else batch
    if given is None:
        raise RequestError("nothing says what goes into the network: give --input 64x3x32x32 or --batch FUNCTION")
    ready = as_batch(given, module)
    trial = try_out(module, ready)
    # Aliases of one initialization are one.
    inits = tuple(dict.fromkeys(recipe(text).text for text in listed(init)))
    return Examination(
        factory=factory,
        origin=origin or _origin(given),
        # A data set with parameters may be a folder, whose name says nothing about what is in it.
        given_as_data=not isinstance(given, str) or "(" in given,
        specimen=Specimen(
            make=factory.make,
            args=ready.arguments,
            kwargs=ready.keywords,
            target=ready.target,
            classes=_classes(module, ready, trial.output) if classes is None and loss is None else classes,
            loss=loss,
        ),
        inits=inits,
        seeds=seeds,
        batch=described(ready.arguments, ready.keywords),
        parameters=sum(one.numel() for one in module.parameters()),
        seconds=PASSES * trial.seconds * seeds * len(inits),
    )


def _origin(given: Any) -> str:
    if isinstance(given, str):
        return given
    is_function = callable(given) and not isinstance(given, Tensor | Mapping)
    return qualified(given) if is_function else f"a {type(given).__name__}"


def _classes(module: nn.Module, batch: Batch, output: Any) -> int | None:
    """Return the number of classes where the batch brings some or a language model predicts tokens; else None."""
    values = outputs_of(output)
    if isinstance(batch.target, Tensor):
        if batch.target.is_floating_point() or values.ndim < 2:
            return None
        return values.shape[-1] if batch.target.shape == values.shape[:-1] else values.shape[1]
    table = next((part for part in module.modules() if isinstance(part, nn.Embedding)), None)
    is_language_model = table is not None and values.ndim == 3 and values.shape[-1] == table.num_embeddings
    return values.shape[-1] if is_language_model else None

"""A store of made-up rows in which everything occurs: NaN, infinity, NULL, ties, missing seeds, cells that failed.

Every number is one of a few levels, most of them exact in binary, so that ties are frequent and sums have no rounding.
"""

from __future__ import annotations

import math
import random
from datetime import datetime
from itertools import product
from typing import Any

from goldilocks.store import tables
from tests.oracles.closed_forms import FORMS
from tests.store.builder import Batch

NAN, INF = math.nan, math.inf
ACCURACIES = (0.0, 0.25, 0.5, 0.7, 0.75, 0.8, 0.8, 0.875, 0.9, 0.9, 0.95, 1.0, NAN)
LOSSES = (0.0, 0.25, 0.5, 1.0, 2.0, 2.0, INF, NAN)
SIGNALS = (0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.25, 2.0, 2.0, NAN, INF)
SHARES = (0.0, 0.25, 0.5, 1.0, NAN)
STEPS = (0, 10, 20)
INITS = ("xavier", "kaiming", "normal(std=0.5)", "zeros", "constant(value=1.0)")
SCALES = tuple(f"normal(std={2.0**-k})" for k in range(5))
TAPS = ("pre", "act", "grad")
MODES = (("running", ""), ("batch", ""), ("batch", ", sorted"), ("running", ", spoilt"))


class Varied:
    """Rows drawn by a generator of its own, so that they are the same in every run."""

    def __init__(self) -> None:
        self.batch = Batch().run(grid_text="one", seconds=NAN).run("later", status="killed", started_at=None)
        self.batch.run("idle", grid_text="one", started_at=datetime(2026, 1, 2)).run(
            "last", grid_text="two", started_at=None
        )
        self.batch.worker("1", "later").worker("2", "later").worker("3", "later", node="two").worker("1", "idle")
        self.batch.scheme().scheme("activation", "tanh", notes=None).scheme("normalization", "unit")
        self.batch.scheme(name="kaiming", label="Kaiming").scheme("part", "mine", label="Mine", rank=5, colour="red")
        self.batch.metric("xi").metric("chi", better="lower")
        for name, form in FORMS.items():
            self.batch.maps(name, -16, 4, form.maps)
        self.random = random.Random(0)

    def all(self) -> Batch:
        """Returns a batch with cells of every study that a named query asks about."""
        for draw in (
            self.propagation,
            self.training,
            self.symmetry,
            self.preprocessing,
            self.points,
            self.layers_of_norm,
        ):
            draw()
        for draw in (
            self.discrepancy,
            self.folding,
            self.transfer,
            self.mixed,
            self.diagnosis,
            self.plane,
            self.pretrained,
        ):
            draw()
        self.spread()
        return self.batch

    def spread(self) -> None:
        """Gives most cells a worker, on two nodes of one run and on one of another, and a batch."""
        self.batch.worker("1", device_name="a").worker("2", device_name="b").worker("3", node="two")
        self.batch.worker("1", "later").worker("2", "later").worker("3", "later")
        for number, row in enumerate(self.batch.rows["cells"]):
            row |= {"worker": (None, "1", "2", "3")[number % 4], "batch": number // 5 if number % 7 else None}
            row["chance"] = (None, 0.1, 0.5, 0.9)[number % 4] if row["study"] == "training" else None

    def some(self, share: float = 0.75, **axes: tuple) -> list[dict[str, Any]]:
        """Returns so large a share of all combinations."""
        crossed = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
        return [one for one in crossed if self.random.random() < share]

    def pick(self, levels: tuple) -> Any:
        """Returns one of the levels."""
        return self.random.choice(levels)

    def cell(self, study: str, **axes: Any) -> str:
        """Adds a cell, some of which diverged and few of which failed, and returns its id."""
        status = self.random.choice(("done",) * 7 + ("diverged",) * 2 + ("failed",))
        at = self.random.choice((0, 10)) if status == "diverged" and study == "training" else None
        run = self.random.choice(({}, {"run_id": "later", "worker": self.pick(("1", "2", "3"))}))
        run["batch"] = self.random.randrange(20)
        cell_id = self.batch.cell(study, preprocessing=axes.pop("preprocessing", "raw"), **axes, **run)
        self.batch.rows["cells"][-1] |= {
            "status": status,
            "diverged_at_step": at,
            "seconds": self.pick((0.5, NAN, INF)),
        }
        return cell_id

    def failed(self) -> bool:
        """Tells whether the cell that was added last failed, so that it has no results."""
        return self.batch.rows["cells"][-1]["status"] == "failed"

    def propagation(self) -> None:
        """Layers and histograms of untrained networks."""
        plain = self.some(
            init=INITS, activation=("tanh", "relu"), norm=("none", "batch"), depth=(1, 2, 5), seed=(0, 1, 2),
            dataset=("gaussian", "digits"),
        )  # fmt: skip
        others = self.some(
            0.5, init=INITS[:2], activation=("tanh",), network=("conv", "mlp"), width=(8, 16), depth=(2, 3),
            seed=(0, 1), batch_size=(4, 8), preprocessing=("raw", "standardize"),
        )  # fmt: skip
        for axes in plain + [one for one in others if one["network"] == "conv" or one["width"] == 16]:
            cell_id = self.cell("propagation", **axes)
            if not self.failed():
                self._layers(cell_id, axes)

    def _layers(self, cell_id: str, axes: dict[str, Any]) -> None:
        names = [name for name in tables.schema("layers").names if name not in ("cell_id", "layer")]
        alike, dead = self.random.random() < 0.1, self.random.random() < 0.1
        for layer in range(1, axes["depth"] + 1):
            row = {name: self.pick(SHARES if name.startswith("frac") else SIGNALS) for name in names}
            row |= {name: self.pick((None, 0.5, 1.0)) for name in names if name.startswith("theory")}
            row["sigma_w"] = None if axes["init"] == "zeros" else INITS.index(axes["init"]) + layer + axes["depth"] / 8
            row |= {"unit_std": 0.0} if alike else {}
            row["frac_dead_units"] = 1.0 if dead else self.pick((0.0, 0.25))
            self.batch.rows["layers"].append({"cell_id": cell_id, "layer": layer, **row})
            # What is not finite makes a cell diverged.
            if not all(map(math.isfinite, filter(None, row.values()))):
                self.batch.rows["cells"][-1]["status"] = "diverged"
            for tap in TAPS:
                histogram = {"cell_id": cell_id, "layer": layer, "tap": tap, "lo": -row["std"], "hi": row["std"]}
                counts = [self.random.randrange(9) for _ in range(3)]
                beyond = {name: self.random.randrange(3) for name in ("underflow", "overflow", "nonfinite")}
                self.batch.rows["layer_histograms"].append({**histogram, "counts": counts, **beyond})

    def training(self) -> None:
        """Curves of trained networks: rates, scales, depths, optimizers."""
        swept = self.some(
            init=("xavier", "kaiming"), activation=("tanh", "relu"), norm=("none", "batch"), depth=(2, 5),
            lr=(0.01, 0.1, 1.0), seed=(0, 1, 2), preprocessing=("standardize",),
        )  # fmt: skip
        scaled = self.some(
            0.9, init=SCALES, activation=("relu",), norm=("none", "batch"), depth=(2,), lr=(0.1,), seed=(0, 1, 2),
            optimizer=("sgd", "adam"), batch_size=(4, 8), preprocessing=("standardize",),
        )  # fmt: skip
        others = self.some(
            0.7, init=("kaiming",), activation=("relu",), depth=(2,), lr=(0.1, 1.0), seed=(0, 1), steps=(10, 20),
            width=(8, 16), dataset=("cloud", "digits"), preprocessing=("raw", "standardize"), network=("mlp", "conv"),
        )  # fmt: skip
        new = [one for one in others if (one["dataset"], one["preprocessing"]) != ("digits", "standardize")]
        for axes in swept + scaled + new:
            cell_id = self.cell("training", **{"dataset": "digits", **axes})
            if not self.failed():
                self._curve(cell_id, axes.get("steps", 20))

    def _curve(self, cell_id: str, last: int) -> None:
        for step in (step for step in STEPS if step <= last):
            losses = {name: self.pick(LOSSES) for name in ("train_loss", "test_loss", "grad_norm", "update_ratio")}
            accuracies = {name: self.pick(ACCURACIES) for name in ("train_accuracy", "test_accuracy")}
            self.batch.rows["curves"].append({"cell_id": cell_id, "step": step, **losses, **accuracies})

    def numbers(self, cell_id: str, levels: tuple, *names: tuple[str, str, float | None]) -> None:
        """Adds a number for each quantity, part and position."""
        for quantity, part, position in names:
            self.batch.measurement(cell_id, quantity, self.pick(levels), position, part)

    def symmetry(self) -> None:
        """Distinct units, gradients and changes by layer; some numbers lack."""
        for axes in self.some(init=INITS, activation=("tanh", "relu"), width=(8, 16), depth=(1, 2), seed=(0, 1, 2)):
            cell_id = self.cell("symmetry", **axes, dataset="digits", norm=self.pick(("none", "none", "batch")))
            layers = [float(layer + 1) for layer in range(axes["depth"])]
            units = [("distinct_units", part, layer) for part in ("before", "after") for layer in layers]
            others = [("layer_gradient_norm", "before", layer) for layer in layers]
            others += [("distinct_gradients", part, layer) for part in ("before", "after") for layer in layers]
            self.numbers(cell_id, (1.0, 4.0, 8.0), *units)
            self.numbers(cell_id, LOSSES, *others, *(("weight_change", "", layer) for layer in layers))
            self.numbers(cell_id, ACCURACIES, ("share_correct", "before", None), ("share_correct", "after", None))

    def preprocessing(self) -> None:
        """Perturbed losses and descents of the linear classifier."""
        pipelines = ("raw", "standardize", "whiten")
        for axes in self.some(0.9, dataset=("cloud", "digits"), preprocessing=pipelines, seed=(0, 1)):
            cell_id = self.cell("preprocessing", **axes)
            around = [("perturbed_loss", part, size) for part in ("mean", "low", "high") for size in (0.0, 0.1, 0.5)]
            right = [("perturbed_accuracy", part, size) for part in ("mean", "low", "high") for size in (0.1, 0.5)]
            descent = [("excess_loss", part, at) for part in ("rate 1/largest curvature", "x") for at in (10.0, 20.0)]
            self.numbers(cell_id, (0.5, 1.0, 2.0), ("condition_number", "", None), *around, *right, *descent)

    def points(self) -> None:
        """The plane of weight and bias variance, and a quantity with parts."""
        for axes in self.some(0.9, bias=(0.0, 0.1), activation=("tanh", "relu"), init=("a", "b"), seed=(0, 1, 2)):
            bias = axes.pop("bias")
            cell_id = self.cell("mean_field", **{**axes, "init": f"{axes['init']}(bias={bias})"})
            self.batch.measurement(cell_id, "weight_variance", 1.0 + 1e-9 * axes["seed"])
            self.batch.measurement(cell_id, "bias_variance", bias)
            # The first seeds of one place have no c*, nor its depth.
            settles = not (bias and axes["activation"] == "relu")
            known = {"q_star": 0.5 if settles else 0.0, "chi": 0.5 if axes["activation"] == "relu" else 2.0}
            self.batch.measurement(cell_id, "q_first", 1.0 + bias)
            for number, part in enumerate(
                ("attracts", "repels", "attracts from below", "attracts")[: 4 - 2 * bool(bias)]
            ):
                self.batch.measurement(cell_id, "fixed_point", 1.0 + number, number, part)
            if not bias:
                self.batch.measurement(cell_id, "fixed_point", math.inf, 9, "attracts")
            elif settles:
                self.batch.measurement(cell_id, "fixed_point", 1.0, 9, "every q is a fixed point")
            for name in ("q_star", "alpha", "chi", "depth_q", "depth_c", "c_star"):
                self.batch.measurement(cell_id, name, known.get(name, 2.0 + bias), None, "theory")
                if self.random.random() < 0.7:
                    self.numbers(cell_id, LOSSES, (name, "measured", None))
        for axes in self.some(
            init=INITS[:2], activation=("tanh", "relu"), norm=("none", "batch"), depth=(2, 5), width=(8, 16),
            seed=(0, 1), dataset=("gaussian", "digits"),
        ):  # fmt: skip
            cell_id = self.cell("odd", **axes, color=self.pick(("blue", "red")), size=self.pick((9, 10)))
            self.numbers(cell_id, LOSSES, *(("xi", part, at) for part in ("left", "right") for at in (None, 1.0)))
            for place, (axis, part, at) in enumerate(product("xy", ("0", "1"), (0.0, 1.0))):
                value = axes["seed"] + axes["depth"] * place + axes["width"] / 100
                self.batch.measurement(cell_id, f"scatter_{axis}", value, at, part)

    def plane(self) -> None:
        """Networks that were simulated at points of the plane, layer by layer."""
        for axes in self.some(
            init=("mean_field(weight_variance=4)", "xavier"), norm=("none", "unit(size=2)"), width=(8, 16),
            depth=(2, 5), seed=(0, 1, 2),
        ):  # fmt: skip
            cell_id = self.cell("mean_field", **axes, activation="relu", dataset="gaussian")
            if self.failed():
                continue
            self.batch.measurement(cell_id, "weight_variance", 4.0 if "=4" in axes["init"] else 1.0)
            self.batch.measurement(cell_id, "bias_variance", 0.25 if axes["init"] == "xavier" else 0.0)
            self.batch.measurement(cell_id, "fixed_point", 1.0, 0, "attracts")
            for layer in range(1, axes["depth"] + 1):
                self.numbers(cell_id, SIGNALS, ("length", "measured", layer))
                for part in ("measured, unlike inputs", "measured, alike inputs"):
                    self.numbers(cell_id, SHARES, ("correlation", part, layer))

        # Weights of variance 1, and what the first layer exceeds that by comes from biases.
        for axes in self.some(1.0, norm=("none", "unit(size=2)"), seed=(0, 1)):
            shape = {"dataset": "gaussian", "preprocessing": "raw", "depth": 2, "width": 8}
            cell_id = self.batch.cell("propagation", init="biased", activation="relu", **shape, **axes)
            numbers = [name for name in tables.schema("layers").names if name not in ("cell_id", "layer")]
            for layer in (1, 2):
                row = {name: None if name.startswith("theory") else 0.5 for name in numbers}
                row |= {"cell_id": cell_id, "layer": layer, "sigma_w": 1.0, "preact_std": 1.5 + axes["seed"] / 4}
                self.batch.rows["layers"].append(row)

    def mixed(self) -> None:
        """A study that has layers and curves, which questions about other studies must leave out."""
        shape = {"dataset": "digits", "lr": 0.1, "steps": 20, "optimizer": "sgd", "preprocessing": "standardize"}
        for axes in self.some(init=INITS[:2], activation=("tanh", "relu"), depth=(2, 5), seed=(0, 1)):
            self._curve(self.cell("mixed", **axes, **shape), 20)
            self._layers(self.cell("mixed", **axes), axes)

    def diagnosis(self) -> None:
        """Networks of one's own: two that differ in their code alone, some cells without findings."""
        for axes in self.some(
            0.9, init=("as_is", "kaiming", "lsuv"), network=("net.py:make@111111", "net.py:make@222222"),
            seed=(0, 1, 2, 3), dataset=("8x8", "gaussian"),
        ):  # fmt: skip
            one = axes["network"].endswith("1")
            axes |= {
                "activation": "tanh+relu" if one else "tanh",
                "norm": "batch" if one else "none",
                "depth": 5 if one else 3,
            }
            axes |= {"source": axes["network"][-6:], "formats": "", "classes": 10 if one else 0}
            cell_id = self.cell("diagnosis", **axes)
            if not self.failed():
                self._layers(cell_id, {**axes, "init": "kaiming"})
                self._sites(cell_id, "branch" if one else "stream")
                self._findings(cell_id)
                self.numbers(cell_id, (2.0, 2.5, 4.0) * 4 + (INF, NAN), ("diagnosis_first_loss", "", None))

    def _sites(self, cell_id: str, role: str) -> None:
        """Adds an input, a layer that ends with an activation, two without one, and what lies beside them."""
        blank = dict.fromkeys(tables.schema("diagnoses").names, "") | {"cell_id": cell_id, "at_once": 1}
        said = {"unseen": ["head"] * self.random.randrange(2), "remarks": ["tied"] * self.random.randrange(2)}
        verdict = self.pick(("just right", "too big", "dead"))
        self.batch.rows["diagnoses"].append(blank | {"packages": "{}", "verdict": verdict} | said)
        sound = self.random.random() < 0.9
        deep = (("affine", 4), ("affine", 5)) if role == "branch" else ()
        stream = (("input", None), ("affine", None), ("activation", 1), ("affine", 2), ("convolution", 3), *deep)
        kinds = (*stream, ("affine", None))
        for number, (kind, layer) in enumerate(kinds):
            blank = dict.fromkeys(tables.schema("sites").names, "") | {"cell_id": cell_id, "site": number}
            blank |= dict.fromkeys(("call", "occurrence"), 1) | dict.fromkeys(("fan_in", "fan_out"))
            blank |= {"inputs": [number - 1] * (number > 0), "parameters": [], "normalized_next": False}
            shape = {"shape": [4, 8 * number**2], "unit_axis": (-1, 1)[number % 2], "connected": True}
            place = {"role": role if layer is None and number else "stream", "site_kind": kind}
            if role == "branch" and kind == "convolution":
                place["site_kind"] = "affine"
            self.batch.rows["sites"].append(blank | shape | place | {"label": f"{number}:{kind}", "layer": layer})
            levels = (0.5, 0.5, 1.0, 1.0, 2.0, 4.0) if sound else (0.5, 1.0, 2.0, 0.0, NAN, INF)
            numbers = {
                name: self.pick((*SHARES, None) if name.startswith("frac") else levels)
                for name in tables.schema("taps").names
            }
            numbers |= {} if number else {"grad_rms": None}
            self.batch.rows["taps"].append(numbers | {"cell_id": cell_id, "site": number})
        for number in range(self.random.randrange(1, 3)):
            blank = dict.fromkeys(tables.schema("parameters").names) | {"cell_id": cell_id, "parameter": number}
            blank |= dict.fromkeys(("trained", "used", "connected", "floating", "treated", "got_gradient"), True)
            texts = {"name": f"{number}", "part": "weight", "module": "Linear", "sites": [], "also": []}
            self.batch.rows["parameters"].append(blank | texts | {"shape": [8, 3][:number]})

    def _findings(self, cell_id: str) -> None:
        rules = product(("dead", "forward_rate", "range"), ("1:linear", "2:linear", "3:linear"))
        for rule, place in rules:
            if self.random.random() < (0.5 if rule == "dead" else 0.3):
                said = {"severity": self.pick(("error", "warning", "note")), "measured": self.pick((0.5, 1.0, 2.0))}
                texts = {name: f"{name} {self.pick((1, 2))}" for name in ("why", "remedy", "code")}
                row = {"cell_id": cell_id, "rule": rule, "place": place, "threshold": self.pick((0.25, 4.0))}
                self.batch.rows["findings"].append(row | said | texts)

    def layers_of_norm(self) -> None:
        """What γ and β become, by layer and step."""
        trained = {"optimizer": "sgd", "lr": 0.1, "steps": 20, "dataset": "digits", "norm": "batch"}
        for axes in self.some(activation=("tanh", "relu"), depth=(2,), batch_size=(4, 8), seed=tuple(range(12))):
            cell_id = self.cell("batch_norm_layer", **axes, **trained)
            for layer, name, at in product("12", ("gamma_mean", "gamma_std", "beta_mean", "beta_std"), (10.0, 20.0)):
                self.numbers(cell_id, (0.5, 1.0, 1.5, NAN) if name == "beta_mean" else (0.5, 1.0), (name, layer, at))
            self.numbers(cell_id, (0.0, 0.5), *(("identity_error", layer, None) for layer in "12"))

    def discrepancy(self) -> None:
        """Gaps and modes, by batch size."""
        for axes in self.some(
            0.9, norm=("none", "batch"), batch_size=(4, 8, 16), seed=(0, 1, 2, 3, 4), dataset=("digits", "cloud"),
            epochs=(2, 4), lr_per_example=(0.5,), optimizer=("sgd",),
        ):  # fmt: skip
            cell_id = self.cell("discrepancy", **axes)
            self.numbers(cell_id, (0.0, 0.25, 0.5, INF, NAN), ("loss_gap", "", None))
            modes = [("mode_accuracy", f"{mode} statistics{how}", None) for mode, how in MODES]
            self.numbers(cell_id, (0.25, 0.5, 1.0), ("accuracy_on_train", "", None), *modes)
            distances = [(f"{what}_distance", str(layer), None) for what in ("mean", "std") for layer in (1, 2)]
            self.numbers(cell_id, (0.5, 1.0), *distances)

    def folding(self) -> None:
        """Folded, unfolded and without batch norm."""
        trained = {"optimizer": "sgd", "lr": 0.1, "steps": 20, "dataset": "digits", "norm": "batch"}
        for axes in self.some(0.9, depth=(2, 5), batch_size=(1, 8), seed=(0, 1, 2)):
            cell_id = self.cell("folding", **axes, **trained)
            self.numbers(cell_id, (0.0, 0.5, NAN), ("fold_difference", "", None))
            parts = ("unfolded", "folded", "without batch norm")
            self.numbers(cell_id, (0.5, 1.0, 2.0), *(("forward_time", part, None) for part in parts))

    def transfer(self) -> None:
        """Schemes by number of images, from one source or another."""
        trained = {"optimizer": "sgd", "lr": 0.1, "steps": 20, "source_steps": 10, "source_lr": 0.5}
        for axes in self.some(
            0.9, dataset=("digits", "cloud"), seed=(0, 1, 2, 3, 4), source=("a", "b"), per_class=(5, 10)
        ):
            source = {"name": axes.pop("source")}
            cell_id = self.cell("transfer", **axes, **trained, source=source)
            # The smallest class may have fewer images than were asked for.
            images = min(axes["per_class"], 8.0)
            for scheme in ("scratch", "last_layer", "dense_layers", "fine_tune"):
                if self.random.random() < 0.9:
                    self.numbers(cell_id, (0.25, 0.5, 0.75, NAN), ("transfer_accuracy", scheme, images))

    def pretrained(self) -> None:
        """Schemes by number of images from somebody's weights, some of them at two rates."""
        for axes in self.some(
            0.9, dataset=("digits", "cloud"), seed=(0, 1, 2, 3, 4), per_class=(5, 10), lr=(0.1, 0.2),
            scheme=("scratch", "last_layer", "fine_tune"),
        ):  # fmt: skip
            cell_id = self.cell("backbone_transfer", network="backbone", optimizer="sgd", steps=20, **axes)
            place = ("backbone_accuracy", axes["scheme"], float(axes["per_class"]))
            self.numbers(cell_id, (0.25, 0.5, 0.75, NAN), place)

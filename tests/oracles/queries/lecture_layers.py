"""Oracles of the lecture's questions about untrained networks."""

from __future__ import annotations

import math

import pandas as pd

from tests.oracles.queries.numbers import ends, finite, mean, median, most_frequent, ranged
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import Tables, groups, keep, where


def _plain(tables: Tables, width, depth, batch_size, preprocessing, init=None, activation=None) -> pd.DataFrame:
    """Layers of fully connected networks without normalization on Gaussian inputs."""
    kind = {"study": "propagation", "network": "mlp", "dataset": "gaussian", "norm": "none"}
    shape = {"width": width, "depth": depth, "batch_size": batch_size, "preprocessing": preprocessing}
    return where(tables.layers, **kind, **shape, init=init, activation=activation)


@oracle("layer")
def lecture_04_too_small(tables: Tables, **chosen) -> Rows:
    for key, rows in groups(_plain(tables, **chosen), "layer"):
        theory = {"theory_std": mean(rows["theory_std"])}
        yield {
            **key,
            "seeds": len(rows),
            "overflowed": len(rows) - len(finite(rows["std"])),
            "mean": mean(finite(rows["mean"])),
            **ranged("std", finite(rows["std"])),
            **theory,
            **ranged("grad_rms", finite(rows["grad_rms"])),
        }


@oracle("layer")
def lecture_05_too_big(tables: Tables, **chosen) -> Rows:
    for key, rows in groups(_plain(tables, **chosen), "layer"):
        yield {
            **key,
            "seeds": len(rows),
            "overflowed": len(rows) - len(finite(rows["std"])),
            **ranged("saturated", finite(rows["frac_saturated"])),
            **ranged("std", finite(rows["std"])),
            **ranged("weight_grad_rms", finite(rows["weight_grad_rms"])),
        }


@oracle("layer")
def lecture_07_relu_xavier(tables: Tables, **chosen) -> Rows:
    plain = _plain(tables, **chosen)
    before = {(row["cell_id"], row["layer"] + 1): row["std"] for row in plain.to_dict("records")}
    for key, rows in groups(plain, "layer"):
        pairs = [(row["std"], before.get((row["cell_id"], row["layer"]))) for row in rows.to_dict("records")]
        factors = [std / last for std, last in pairs if last]
        yield {
            **key,
            "seeds": len(rows),
            "overflowed": len(rows) - len(finite(rows["std"])),
            **ranged("std", finite(rows["std"])),
            "theory_std": mean(rows["theory_std"]),
            **ranged("factor", finite(factors)),
        }


@oracle("init", "layer")
def lecture_08_kaiming(tables: Tables, inits: list, **chosen) -> Rows:
    verdicts = tables.rates.set_index("cell_id")["verdict"]
    plain = _plain(tables, **chosen)
    for key, rows in groups(plain[plain["init"].isin(inits)], "init", "layer"):
        sound = keep(rows, [math.isfinite(value) for value in rows["std"]])
        yield {
            **key,
            "seeds": len(rows),
            "overflowed": len(rows) - len(sound),
            "mean": mean(sound["mean"]),
            **ranged("std", sound["std"]),
            "theory_std": mean(rows["theory_std"]),
            "verdict": most_frequent(verdicts[cell_id] for cell_id in rows["cell_id"]),
        }


@oracle("activation", "init")
def lecture_06_convolution(tables: Tables, inits: list, activations: list, network, **shape) -> Rows:
    kind = {"study": "propagation", "network": network, "dataset": "gaussian", "norm": "none"}
    rates = where(tables.rates, **kind, **shape)
    last = where(tables.layers, layer=shape["depth"]).set_index("cell_id")["frac_saturated"]
    rates = rates[rates["init"].isin(inits) & rates["activation"].isin(activations)]
    for key, rows in groups(rates, "activation", "init"):
        growth = finite(rows["forward_rate"])
        yield {
            **key,
            "seeds": len(rows),
            "left_out": len(rows) - len(growth),
            **ranged("growth", growth),
            **ranged("saturated", finite(last[cell_id] for cell_id in rows["cell_id"])),
            "verdict": most_frequent(rows["verdict"]),
        }


@oracle("activation", "norm")
def lecture_11_gradient_flow(tables: Tables, depth, **chosen) -> Rows:
    layers = where(tables.layers, study="propagation", network="mlp", depth=depth, **chosen)
    spoilt = [init in ("zeros", "kaiming_slip") or init.startswith("constant") for init in layers["init"]]
    found = []
    for key, rows in groups(keep(layers, [not one for one in spoilt]), "cell_id", "activation", "norm", "init"):
        first, last = (float(where(rows, layer=layer)["grad_rms"].iloc[0]) for layer in (1, depth))
        ratio = first / last if last else math.nan
        found.append(key | {"decades": math.log10(ratio) if ratio > 0 and math.isfinite(ratio) else None})
    for key, rows in groups(
        pd.DataFrame(found, columns=["activation", "norm", "init", "decades"], dtype=object), "activation", "norm"
    ):
        decades = [value for value in rows["decades"] if value is not None]
        yield {
            **key,
            "inits": rows["init"].nunique(),
            "networks": len(rows),
            "vanished": len(rows) - len(decades),
            "decades_median": median(decades),
            **ends("decades", decades),
            "spread": max(decades) - min(decades) if decades else None,
            **_flattest(rows),
        }


def _flattest(rows: pd.DataFrame) -> dict:
    """The initialization whose gradient is nearest to preserved in every network."""
    by_init = {key["init"]: list(own["decades"]) for key, own in groups(rows, "init")}
    whole = {init: values for init, values in by_init.items() if None not in values}
    best = min(whole, key=lambda init: (max(map(abs, whole[init])), init), default=None)
    return {"flattest_init": best, "flattest_decades": mean(whole.get(best, []))}

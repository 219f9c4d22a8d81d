"""The strongest peer: `jax.vmap`, `jax.jit` and `jax.lax.scan`, the whole training as one compiled program."""

import os
from functools import partial
from typing import Any

import torch

# Read when jax is imported: it would take most of a GPU's memory for itself, and the contenders share one.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import jax.numpy as jnp

from goldilocks.engine.bench.problem import Problem

EPS, MOMENTUM = 1e-5, 0.1


def train(problem: Problem, device: torch.device) -> list[float]:
    """Train all classifiers and return the mean training loss of each over the first interval."""
    # Full float32 products, as in the engine: on a GPU jax rounds factors to TF32 unless told otherwise.
    with jax.default_device(_same(device)), jax.default_matmul_precision("highest"):
        params, running = _stack(problem)
        intervals = problem.steps // problem.interval
        order = problem.order.reshape(len(problem.lr), intervals, problem.interval, -1)
        data = (problem.train_x, problem.train_y, problem.test_x, problem.test_y)
        losses, _ = _train(params, running, jnp.asarray(order), jnp.asarray(problem.lr), *map(jnp.asarray, data))
        return jax.block_until_ready(losses)[:, 0].tolist()


def computes_on(device: torch.device) -> bool:
    """Tell whether this jax has the kind of device that PyTorch would compute on."""
    return device.type in (jax.default_backend().replace("gpu", "cuda"), "cpu")


def _same(device: torch.device) -> jax.Device:
    return jax.devices("cpu")[0] if device.type == "cpu" else jax.devices()[device.index or 0]


def _stack(problem: Problem) -> tuple[list[Any], list[Any]]:
    params: list[Any] = []
    running: list[Any] = []
    for weight, bias in zip(problem.weights, problem.biases, strict=True):
        layer: tuple[Any, ...] = (jnp.asarray(weight), jnp.asarray(bias[:, 0]))
        if problem.batch_norm and len(params) < len(problem.weights) - 1:
            zeros = jnp.zeros((weight.shape[0], weight.shape[2]))
            layer += (zeros + 1, zeros)
            running.append((zeros, zeros + 1))
        params.append(layer)
    return params, running


def _forward(params: Any, x: Any, running: Any) -> Any:
    moments = []
    for number, layer in enumerate(params[:-1]):
        x = x @ layer[0] + layer[1]
        if len(layer) == 4:
            mean, variance = running[number] if running else (x.mean(0), x.var(0))
            moments.append((mean, variance * (len(x) / (len(x) - 1))))
            x = (x - mean) * jax.lax.rsqrt(variance + EPS) * layer[2] + layer[3]
        x = jax.nn.relu(x)
    return x @ params[-1][0] + params[-1][1], moments


def _loss(params: Any, x: Any, y: Any) -> Any:
    logits, moments = _forward(params, x, None)
    log_probability = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(log_probability, y[:, None], 1).mean(), moments


@jax.jit
@partial(jax.vmap, in_axes=(0, 0, 0, 0, None, None, None, None))
def _train(params: Any, running: Any, order: Any, lr: Any, train_x: Any, train_y: Any, test_x: Any, test_y: Any) -> Any:
    def step(state: Any, index: Any) -> Any:
        """Make one update from one minibatch; return parameters, running statistics and the loss."""
        params, running = state
        (loss, moments), gradients = jax.value_and_grad(_loss, has_aux=True)(params, train_x[index], train_y[index])
        params = jax.tree.map(lambda p, g: p - lr * g, params, gradients)
        running = jax.tree.map(lambda old, new: old + MOMENTUM * (new - old), running, moments)
        return (params, running), loss

    def interval(state: Any, indices: Any) -> Any:
        """Evaluate, then make the updates up to the next evaluation."""
        accuracy = (_forward(state[0], test_x, state[1])[0].argmax(1) == test_y).mean()
        state, losses = jax.lax.scan(step, state, indices)
        return state, (losses.mean(), accuracy)

    state, (losses, accuracy) = jax.lax.scan(interval, (params, running), order)
    final = (_forward(state[0], test_x, state[1])[0].argmax(1) == test_y).mean()
    return losses, (accuracy, final)

"""Which of PyTorch's functions are worth measuring, by the name that functions, methods and operators share."""

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor

from goldilocks.engine.diagnosis.site import Kind

CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")
TRANSPOSED = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
# Products of two tensors: affine where one of them is made of parameters alone.
PRODUCTS = ("matmul", "mm", "bmm", "mv", "einsum", "addmm", "addmv", "baddbmm", "tensordot", "inner", "grouped_mm")
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
ELEMENTWISE = (
    *("relu", "relu6", "gelu", "silu", "mish", "tanh", "sigmoid", "hardtanh", "hardswish", "hardsigmoid"),
    *("leaky_relu", "elu", "selu", "celu", "prelu", "rrelu", "softplus", "softsign", "tanhshrink", "softshrink"),
    *("hardshrink", "threshold", "logsigmoid", "log_sigmoid", "sin", "cos", "erf", "expit"),
)

KINDS: dict[str, Kind] = {
    "linear": "affine",
    "bilinear": "affine",
    **dict.fromkeys((*CONVOLUTIONS, *TRANSPOSED), "convolution"),
    **dict.fromkeys(PRODUCTS, "attention"),
    **dict.fromkeys(("embedding", "embedding_bag"), "embedding"),
    **dict.fromkeys(
        ("batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "local_response_norm", "normalize"),
        "normalization",
    ),
    **dict.fromkeys((*ELEMENTWISE, "softmax", "glu"), "activation"),
    **dict.fromkeys(("scaled_dot_product_attention", "multi_head_attention_forward"), "attention"),
    **dict.fromkeys(RECURRENT, "recurrent"),
    **dict.fromkeys(("add", "sub"), "addition"),
    "mul": "product",
}
# Names of operators and of their reflected and in-place forms.
_OPERATORS = {f"__{prefix}{name}__": name for name in ("add", "sub", "mul", "matmul") for prefix in ("", "r", "i")} | {
    "rsub": "sub",
    "subtract": "sub",
    "multiply": "mul",
}


def operation_name(function: Callable[..., Any]) -> str:
    """Return the name of an operation, the same for `torch.add`, `Tensor.add_`, `x + y` and `x += y`.

    Args:
        function: as `__torch_function__` gets it.
    """
    name = getattr(function, "__name__", type(function).__name__)
    if name in _OPERATORS:
        return _OPERATORS[name]
    return name if name.startswith("__") else name.strip("_")


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in tuples, lists, dictionaries and dataclass-like outputs, however deep.

    Args:
        value: anything.
    """
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors_in(part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from tensors_in(part)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from tensors_in(getattr(value, name, None))


def first_tensor(value: Any) -> Tensor | None:
    """Return the first floating-point tensor in a structure, or None."""
    return next((tensor for tensor in tensors_in(value) if tensor.is_floating_point()), None)


def with_first_tensor(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return what an operation returned with its first floating-point tensor changed.

    Args:
        value: a tensor, or a tuple or list of several things.
        change: gives the new tensor.
    """
    if isinstance(value, Tensor):
        return change(value) if value.is_floating_point() else value
    if type(value) in (tuple, list):
        for place, part in enumerate(value):
            if first_tensor(part) is not None:
                return type(value)((*value[:place], with_first_tensor(part, change), *value[place + 1 :]))
    return value


def mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return a structure of tuples, lists and dictionaries with every tensor changed.

    Args:
        value: anything; what is neither a tensor nor such a structure stays.
        change: gives the new tensor.
    """
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, dict):
        return {key: mapped(part, change) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(mapped(part, change) for part in value)
    return value

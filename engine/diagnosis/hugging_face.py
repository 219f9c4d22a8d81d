"""A network from a Hugging Face configuration: random weights, nothing is downloaded."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from goldilocks.engine.errors import RequestError, short


def factory(path: str) -> Callable[[], Any]:
    """Return a function that makes the model of a configuration with random weights.

    Args:
        path: a `config.json`, or the folder it is in.

    Raises:
        RequestError: transformers is missing, there is no such file, or it is not a configuration.
    """
    try:
        import transformers
    except ImportError:
        raise RequestError(
            "hf: needs the package transformers, which is not installed: pip install transformers"
        ) from None
    fields = _read(path)
    kind = fields.pop("model_type", None)
    if not isinstance(kind, str):
        raise RequestError(f"{path} has no model_type, so nobody knows which model it configures")
    try:
        configuration = transformers.AutoConfig.for_model(kind, **fields)
    except (ValueError, TypeError, KeyError) as error:
        raise RequestError(f"{path}: transformers refuses the configuration of a {short(kind)}: {error}") from None
    named = [getattr(transformers, name, None) for name in configuration.architectures or ()]
    maker = next((model for model in named if model is not None), None)
    if maker is None:
        return lambda: transformers.AutoModel.from_config(configuration)
    return lambda: maker(configuration)


def configuration_file(path: str) -> Path:
    """Return the file of a configuration.

    Args:
        path: a `config.json`, or the folder it is in.
    """
    return Path(path) / "config.json" if Path(path).is_dir() else Path(path)


def _read(path: str) -> dict[str, Any]:
    file = configuration_file(path)
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RequestError(f"{file}: {error.strerror}; hf: takes the path of a config.json") from None
    except ValueError as error:
        raise RequestError(f"{file} is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise RequestError(f"{file} holds a {type(fields).__name__}; an object is required")
    return fields


def usual_input(module: Any) -> str | None:
    """Return what goes into a Hugging Face model, in the words of `--input`, or None for any other module.

    Args:
        module: the model.
    """
    configuration = getattr(module, "config", None)
    name = getattr(module, "main_input_name", None)
    if configuration is None or name is None:
        return None
    if name == "pixel_values":
        side = getattr(configuration, "image_size", None) or 224
        rows, columns = (side, side) if isinstance(side, int) else side
        return f"8x{getattr(configuration, 'num_channels', 3)}x{rows}x{columns}"
    longest = getattr(configuration, "max_position_embeddings", None) or 64
    return f"ids:8x{min(64, longest)}" if name == "input_ids" else None

"""Which networks in training have diverged, and which are still trained."""

import torch
from torch import Tensor


class Divergence:
    """Kept on the device: nothing waits for it but who asks.

    Args:
        configs: number of networks.
        device: where.

    Attributes:
        at: number of updates made before the first loss of each network that was not finite, or -1 `[config]`.
        active: numbers of the networks that are still trained, in the order of what is noted.
    """

    def __init__(self, configs: int, device: torch.device):
        self.at = torch.full((configs,), -1, device=device)
        self.active = torch.arange(configs, device=device)

    def note(self, made: int | Tensor, loss: Tensor) -> None:
        """Take in losses; does nothing but change tensors in place.

        Args:
            made: number of updates made before, or a tensor that holds it.
            loss: one of each network still trained.
        """
        known = self.at[self.active]
        self.at[self.active] = torch.where(~loss.isfinite() & (known < 0), made, known)

    @property
    def share(self) -> float:
        """Share of the networks still trained that have diverged; waits for the device."""
        return (self.at[self.active] >= 0).float().mean().item()

    def retire(self) -> Tensor:
        """Leave out what has diverged, and return the places of the others among those active until now."""
        places = (self.at[self.active] < 0).nonzero()[:, 0]
        self.active = self.active[places]
        return places

    def updates(self) -> list[int | None]:
        """Return, for each network, the number of updates made before it diverged, or None; waits for the device."""
        return [made if made >= 0 else None for made in self.at.tolist()]

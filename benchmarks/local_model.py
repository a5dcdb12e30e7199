"""How fast a local model reads and writes here, in the forms that its weights may have.

Each form runs on the same tokens in one process, so that its ratio to float32 means something on a
machine that others use too. ``KL`` is how far the next token's probabilities are from float32's.
Packed int8 weights use torch's own matmul for CPUs; they are measured, not used.
"""

import argparse
import copy
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.table import Table
from transformers import AutoModelForCausalLM

from hawk_xdsl.language_model.model_files import find_model

PROMPT = 256
STEPS = 8


class PackedLinear(torch.nn.Module):
    """A linear layer of int8 weights with a scale for each output."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.float()
        scale = weight.abs().amax(1) / 127
        packed = torch.round(weight / scale[:, None]).clamp(-127, 127)
        self.weight = packed.to(torch.int8).contiguous()
        self.scale = scale.to(torch.bfloat16)
        self.bias = None if linear.bias is None else linear.bias.to(torch.bfloat16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """As the layer that it stands for."""
        rows = x.reshape(-1, x.shape[-1]).contiguous()
        found = torch.ops.aten._weight_int8pack_mm(rows, self.weight, self.scale)
        found = found.reshape(*x.shape[:-1], -1)
        return found if self.bias is None else found + self.bias


def packed(module: torch.nn.Module) -> torch.nn.Module:
    """Replaces all linear layers by packed ones."""
    for name, child in list(module.named_children()):
        if isinstance(child, torch.nn.Linear):
            setattr(module, name, PackedLinear(child))
        else:
            packed(child)
    return module


FORMS: dict[str, Callable[[torch.nn.Module], torch.nn.Module]] = {
    "f32": lambda model: model,
    "bf16": lambda model: copy.deepcopy(model).to(torch.bfloat16),
    "int8": lambda model: packed(copy.deepcopy(model)).to(torch.bfloat16),
}


@dataclass(frozen=True)
class Speed:
    """Tokens a second: of a prompt, of one text, of eight texts together; and the last logits."""

    read: float
    one: float
    eight: float
    logits: torch.Tensor


@torch.inference_mode()
def speed_of(model: torch.nn.Module) -> Speed:
    """Reads a prompt, writes one text after it, then eight at once."""
    torch.manual_seed(0)
    tokens = torch.randint(1000, 50_000, (1, PROMPT))
    argument = "cache" if "cache" in inspect.signature(model.forward).parameters else None
    argument = argument or "past_key_values"
    started = time.perf_counter()
    output = model(input_ids=tokens, use_cache=True, logits_to_keep=1)
    read = PROMPT / (time.perf_counter() - started)
    cache, written = output[argument], []
    for rows in (1, 8):
        started = time.perf_counter()
        for _ in range(STEPS):
            new = torch.randint(1000, 50_000, (1, rows))
            model(input_ids=new, use_cache=True, **{argument: cache})
        written.append(rows * STEPS / (time.perf_counter() - started))
    return Speed(read, *written, output.logits[0, -1].float().log_softmax(-1))


def main() -> None:
    """Prints tokens a second and ratios to float32."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--forms", nargs="*", default=list(FORMS), choices=list(FORMS))
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    files = find_model(given.model)
    base = AutoModelForCausalLM.from_pretrained(files.directory, dtype=torch.float32).eval()
    table = Table("weights", "prompt, tokens/s", "one text", "eight texts", "KL")
    first: Speed | None = None
    for form in given.forms:
        model = FORMS[form](base)
        speed_of(model)  # the first run allocates
        found = speed_of(model)
        first = first or found
        names = ("read", "one", "eight")
        pairs = [(getattr(found, each), getattr(first, each)) for each in names]
        cells = [f"{own:.1f} ({own / other:.2f} ×)" for own, other in pairs]
        differ = (first.logits.exp() * (first.logits - found.logits)).sum().item()
        table.add_row(form, *cells, f"{differ:.1e}")
        del model
    Console().print(table)


if __name__ == "__main__":
    main()

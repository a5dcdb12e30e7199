"""Run by a test in a copy of the package whose table has one more row: what works with it."""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mutation.rewording import rewordings
from undecided import elementwise, undecided

import hawk_xdsl
from hawk_xdsl.dialects.kernel_text import build, keywords, print_program
from hawk_xdsl.gate.certificate import Prover
from hawk_xdsl.gate.gate import signature_of
from hawk_xdsl.knowledge_store import KnowledgeStore
from hawk_xdsl.language_model.language import language
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.npu_target import available_targets, load_target, simulate
from hawk_xdsl.npu_target.instruction_page import instruction_page
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.training.damage import damaged
from hawk_xdsl.training.tokenizer import make_tokenizer
from hawk_xdsl.transforms.pipeline import finish_kernel

TEXT = """\
across r in 0..4096 step 512 {
a = load x0[r:512] into ub
a = vsinh a
store a into y0[r:512]
}
"""

MLIR = """\
func.func @main(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = tensor.empty() : tensor<64x64xf32>
  %1 = linalg.exp ins(%x : tensor<64x64xf32>) outs(%0 : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %1 : tensor<64x64xf32>
}
"""


def findings(folder: Path) -> Iterator[tuple[str, object]]:
    """What was found, by what it is about."""
    target = load_target("ascend910b1")
    op = undecided(elementwise("64x64", "%1 = math.sinh %in : f32"))
    specification = specify(op)
    signature = signature_of(specification, "k", target.name)
    program = build(TEXT, signature, target.cores.__getitem__)
    [stage] = program.kernels
    stage.op.verify()
    finish_kernel(stage.op, target)
    yield "printed", print_program(program)
    x = np.linspace(-3, 3, 64 * 64, dtype=np.float32)
    [y] = simulate(stage.op, [x], target).outputs
    yield "simulated", bool(np.array_equal(y, np.sinh(x)))
    prover = Prover(specification, (), lambda draw: {})
    yield "trust", str(prover.prove(program, [stage.op]).trust)
    yield "reworded", any("vsinh" in r.text for r in rewordings(TEXT.replace("vsinh", "vexp"), {}))
    yield "reworded away", any(r.kind == "wrong op" for r in rewordings(TEXT, {}))
    drawn = (damaged(TEXT.replace("vsinh", "vln"), random.Random(n)) for n in range(2000))
    yield "damaged", any("vsinh" in text for text in drawn)
    yield "page", instruction_page([load_target(name) for name in available_targets()])
    yield "keyword", "vsinh" in keywords()
    yield "token", len(make_tokenizer(language().words).encode(" vsinh"))
    yield "taught", "vsinh" in (find_model().words or ())
    model = hawk_xdsl.Settings(hawk_xdsl.Sources.MODEL, hawk_xdsl.Budget(attempts=1))
    (folder / "exp.mlir").write_text(MLIR)
    store = folder / "store.sqlite"
    hawk_xdsl.compile_mlir(folder / "exp.mlir", target, settings=model, store=store)
    with KnowledgeStore(store) as opened:
        yield "written", [(o.source, str(o.verdict)) for o in opened.outcomes()]


if __name__ == "__main__":
    print(json.dumps(dict(findings(Path(sys.argv[1])))))

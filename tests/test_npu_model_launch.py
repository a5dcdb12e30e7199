"""xDSL's interpreter runs a function whose launches run on the NPU simulator."""

import numpy as np
from npu_model_kernels import CONTEXT, TARGET, alloc, gm, load, randoms, store, ub, unary
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter
from xdsl.interpreters.func import FuncFunctions
from xdsl.parser import Parser

from hawk_xdsl.npu_target.launching import LaunchFunctions


def module() -> ModuleOp:
    u, g = ub(8, 64), gm(8, 64)
    body = alloc("a", u) + load("x", "a", g, u) + unary("vexp", "a", "a", u)
    text = f"""
npu.kernel @exp ins(%x: {g}) outs(%y: {g}) on <vector> blocks 1 target "ascend910b1" {{
{body}{store("a", "y", u, g)}
}}
func.func @main(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {{
  %y = npu.launch @exp(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  %z = npu.launch @exp(%y) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  func.return %z : tensor<8x64xf32>
}}
"""
    return Parser(CONTEXT, text).parse_module()


def test_a_function_with_launches() -> None:
    found = module()
    interpreter = Interpreter(found)
    interpreter.register_implementations(FuncFunctions())
    launches = LaunchFunctions(TARGET, "program-order")
    interpreter.register_implementations(launches)
    x = randoms(8, 64) - 3
    (z,) = interpreter.call_op("main", (x,))
    np.testing.assert_array_equal(z, np.exp(np.exp(x)))
    assert len(launches.simulations) == 2
    assert launches.simulations[0].cycles == launches.simulations[1].cycles > 0

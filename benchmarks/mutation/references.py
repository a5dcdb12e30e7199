"""The ops whose kernels are damaged, as linalg on tensors: a line an op and a kernel for it."""

from collections.abc import Sequence

from xdsl.parser import Parser

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.universe import context

IDENTITIES = {"sum": "0.0", "max": "0xFF800000", "min": "0x7F800000"}
ADDERS = {"sum": "addf", "max": "maximumf", "min": "minimumf"}


def tensor(dtype: str, shape: Sequence[int]) -> str:
    """``tensor<8x16xf32>``."""
    return "tensor<" + "".join(f"{extent}x" for extent in shape) + f"{dtype}>"


class Region:
    """Writes the region of an undecided op; values are ``%name``, their types are kept."""

    def __init__(self, **inputs: tuple[str, Sequence[int]]) -> None:
        self._inputs = {name: tensor(*given) for name, given in inputs.items()}
        self._types = dict(self._inputs)
        self._lines: list[str] = []

    def generic(
        self,
        name: str,
        result: tuple[str, Sequence[int]],
        maps: str,
        inputs: Sequence[str],
        body: str,
        *,
        start: str | None = None,
        loops: str = "",
    ) -> "Region":
        """A ``linalg.generic``.

        Args:
            name: of its result.
            result: dtype and shape.
            maps: such as ``i j k: i k, k j, i j``, the result's map last.
            inputs: names; in the body they are ``%a``, ``%b``, …, the output is ``%o``.
            body: scalar ops, a line each; the last result is ``%y``.
            start: what the output starts from, for a reduction.
            loops: letters of the loops that reduce.
        """
        dims, _, indices = maps.partition(":")
        variables = dims.split()
        spelled = ", ".join(
            f"affine_map<({', '.join(variables)}) -> ({', '.join(part.split())})>"
            for part in indices.split(",")
        )
        kinds = ", ".join('"reduction"' if v in loops else '"parallel"' for v in variables)
        dtype, type_ = result[0], tensor(*result)
        out = f"%{name}_empty"
        self._lines.append(f"{out} = tensor.empty() : {type_}")
        if start is not None:
            self._lines.append(f"%{name}_from = arith.constant {start} : {dtype}")
            filled = f"%{name}_filled"
            ends = f"outs({out} : {type_}) -> {type_}"
            self._lines.append(f"{filled} = linalg.fill ins(%{name}_from : {dtype}) {ends}")
            out = filled
        types = [self._types[given] for given in inputs]
        arguments = [
            f"%{letter}: {type_.rstrip('>').split('x')[-1].removeprefix('tensor<')}"
            for letter, type_ in zip("abcdefg", types, strict=False)
        ]
        given = f"ins({', '.join('%' + i for i in inputs)} : {', '.join(types)}) " if inputs else ""
        self._lines += [
            f"%{name} = linalg.generic {{indexing_maps = [{spelled}], iterator_types = [{kinds}]}} "
            f"{given}outs({out} : {type_}) {{",
            f"^bb1({', '.join([*arguments, f'%o: {dtype}'])}):",
            *(line.strip() for line in body.strip().splitlines()),
            f"linalg.yield %y : {dtype}",
            f"}} -> {type_}",
        ]
        self._types[name] = type_
        return self

    def line(self, name: str, result: tuple[str, Sequence[int]], op: str) -> "Region":
        """Any other op, as text."""
        self._lines.append(f"%{name} = {op}")
        self._types[name] = tensor(*result)
        return self

    def reduce(
        self, name: str, kind: str, dtype: str, shape: Sequence[int], maps: str, source: str,
        loops: str,
    ) -> "Region":  # fmt: skip
        """A reduction of one value over ``loops``: ``sum``, ``max`` or ``min``."""
        body = f"%y = arith.{ADDERS[kind]} %o, %a : {dtype}"
        start = IDENTITIES[kind]
        return self.generic(name, (dtype, shape), maps, [source], body, start=start, loops=loops)

    def undecided(self, label: str, *results: str) -> UndecidedOp:
        """The op, within a module of its own."""
        inputs = self._inputs
        types = ", ".join(inputs.values())
        operands = ", ".join(f"%{name}_in" for name in inputs)
        wanted = ", ".join(self._types[name] for name in results)
        arguments = ", ".join(f"%{name}: {type_}" for name, type_ in inputs.items())
        outer = ", ".join(f"%{name}_in: {type_}" for name, type_ in inputs.items())
        yielded = ", ".join("%" + name for name in results)
        count = "" if len(results) == 1 else f":{len(results)}"
        text = "\n".join(
            [
                f"func.func @main({outer}) {{",
                f'%r{count} = npu.undecided "{label}" ins({operands} : {types}) -> ({wanted}) {{',
                f"^bb0({arguments}):",
                *self._lines,
                f"npu.yield {yielded} : {wanted}",
                "}",
                "func.return",
                "}",
            ]
        )
        module = Parser(context(), text).parse_module()
        module.verify()
        return next(op for op in module.walk() if isinstance(op, UndecidedOp))

"""The parse tree of kernel text to its syntax tree."""

import math
from collections.abc import Callable

from lark import Token, Tree

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.places import MIXED_WORD, VECTOR_WORD
from hawk_xdsl.dialects.npu import Accumulation, Comparison, Move, Reduction, Rounding

Node = Tree[Token]

OPERATORS = {"add": "+", "sub": "-", "mul": "*", "floordiv": "//", "mod": "%"}
"""The operator of integer arithmetic that a rule stands for."""


class TreeReader:
    """Turns a parse tree into the syntax tree, one method a rule.

    A language that says some things in other words overrides how those are read: ``loop``,
    ``slices``, ``index``, ``shape``, ``number`` and ``temp``.
    """

    def __init__(self) -> None:
        self._values: dict[str, Callable[[Node], ast.Value]] = {
            "load": self._load,
            "load_pad": self._load,
            "read": self._read,
            "fill": self._fill,
            "view": lambda n: ast.View(word(n.children[0]), self.shape(n.children[1])),
            "mmad": self._mmad,
            "mmad_bias": self._mmad,
            "unary_op": self._elementwise,
            "binary_op": self._elementwise,
            "vsel": lambda n: ast.Elementwise("vsel", self._operands(n)),
            "vgather": lambda n: ast.Elementwise("vgather", self._operands(n)),
            "vcmp": self._compare,
            "vcast": self._cast,
            "vreduce": self._reduce,
            "vcumulate": self._cumulate,
            "vtranspose": lambda n: ast.Transpose(
                self._tile(n.children[0]), integers(n.children[1])
            ),
            "varange": self._arange,
            "vbrc": lambda n: ast.Broadcast(self._tile(n.children[0]), self.shape(n.children[1])),
        }

    def program(self, root: Node) -> ast.KernelText:
        """The rule ``start``."""
        temps: list[ast.Temp] = []
        stages: list[ast.Stage] = []
        for child in trees(root):
            if child.data == "temp":
                temps.append(self.temp(child))
            elif child.data == "stage":
                stages.append(self._stage(child))
            elif child.data == "mixed":
                parts = tuple(self._stage(part) for part in trees(child))
                stages.append(ast.Stage(MIXED_WORD, (), self.line(child), parts))
            else:
                body = self._body(child.children)
                stages.append(ast.Stage(VECTOR_WORD, body, self.line(child)))
        return ast.KernelText(tuple(temps), tuple(stages))

    def _stage(self, node: Node) -> ast.Stage:
        core, region = node.children
        return ast.Stage(word(core), self._body(tree(region).children), self.line(node))

    def temp(self, node: Node) -> ast.Temp:
        """``temp t f32[512, 768]``."""
        name, dtype, shape = node.children
        return ast.Temp(word(name), word(dtype), self.shape(shape), self.line(node))

    def line(self, node: Node) -> int:
        """The number of the line that a rule begins in."""
        return node.meta.line

    def shape(self, node: "Token | Node") -> tuple[int, ...]:
        """``[8, 64]``."""
        return integers(node)

    def index(self, node: "Token | Node") -> ast.Expression:
        """Integer arithmetic: in brackets, bounds and conditions."""
        return expression(node)

    def _body(self, nodes: "list[Token | Node]") -> tuple[ast.Statement, ...]:
        return tuple(self._statement(tree(node)) for node in nodes)

    def _statement(self, node: Node) -> ast.Statement:
        line = self.line(node)
        match node.data:
            case "assign":
                name, value = node.children
                value = tree(value)
                return ast.Assign(word(name), self._values[value.data](value), line)
            case "store" | "store_relu":
                tile, name, slices = node.children
                dest = self._tile_of(word(name), slices)
                return ast.Store(self._tile(tile), dest, node.data == "store_relu", line)
            case "signal" | "await":
                flag, move = node.children
                kind = ast.Signal if node.data == "signal" else ast.Await
                return kind(int(str(flag)), Move(word(move)), line)
            case "for":
                return ast.For(self.loop(node.children[0]), self._body(node.children[1:]), line)
            case "if":
                left, relation, right, *body = node.children
                left, right = self.index(left), self.index(right)
                return ast.If(left, word(relation), right, self._body(body), line)
            case _:
                children = trees(node)
                loops = tuple(self.loop(child) for child in children if child.data == "loop")
                body = [child for child in node.children if tree(child).data != "loop"]
                return ast.Across(loops, self._body(body), line)

    def loop(self, node: "Token | Node") -> ast.Loop:
        """``i in 0..64 step 8``."""
        name, start, stop, step = tree(node).children
        return ast.Loop(word(name), self.index(start), self.index(stop), int(str(step)))

    def slices(self, name: str, node: "Token | Node") -> tuple[ast.Slice, ...]:
        """The slices of an operand or a buffer with a name."""
        return tuple(self._slice(child) for child in trees(tree(node)))

    def _slice(self, node: Node) -> ast.Slice:
        start, *rest = node.children
        lengths = [int(word(child)) for child in rest]
        return ast.Slice(
            self.index(start),
            lengths[0] if lengths else None,
            lengths[1] if len(lengths) > 1 else 1,
        )

    def _tile_of(self, name: str, slices: "Token | Node") -> ast.Tile:
        return ast.Tile(name, self.slices(name, slices))

    def _tile(self, node: "Token | Node") -> ast.Tile:
        name, *slices = tree(node).children
        return self._tile_of(word(name), slices[0]) if slices else ast.Tile(word(name))

    def _operands(self, node: Node) -> tuple[ast.Operand, ...]:
        return tuple(self._operand(child) for child in trees(node))

    def _operand(self, node: "Token | Node") -> ast.Operand:
        rule = tree(node)
        return self.number(rule) if rule.data == "number" else self._tile(rule)

    def number(self, node: "Token | Node") -> ast.Number:
        """A literal; whole if it has neither a point nor an exponent."""
        text = word(node)
        if math.isinf(float(text)) and not text.endswith("inf"):
            raise KernelTextError(f"{text} is too large a number", line=self.line(tree(node)))
        return ast.Number(int(text) if text.removeprefix("-").isdigit() else float(text))

    def _load(self, node: Node) -> ast.Load:
        name, slices, scope, *pad = node.children
        source = self._tile_of(word(name), slices)
        return ast.Load(source, word(scope), self.number(pad[0]) if pad else None)

    def _read(self, node: Node) -> ast.Read:
        name, *indices = node.children
        return ast.Read(word(name), tuple(self.index(index) for index in indices))

    def _fill(self, node: Node) -> ast.Fill:
        value, dtype, shape, scope = node.children
        return ast.Fill(self.number(value), word(dtype), self.shape(shape), word(scope))

    def _mmad(self, node: Node) -> ast.Mmad:
        lhs, rhs, name, *bias = node.children
        start = self._tile(bias[0]) if bias else None
        return ast.Mmad(self._factor(tree(lhs)), self._factor(tree(rhs)), word(name), start)

    def _factor(self, node: Node) -> ast.Factor:
        return ast.Factor(self._tile(node.children[0]), node.data == "transposed")

    def _elementwise(self, node: Node) -> ast.Elementwise:
        mnemonic, *operands = trees(node)
        return ast.Elementwise(
            word(mnemonic), tuple(self._operand(operand) for operand in operands)
        )

    def _compare(self, node: Node) -> ast.Compare:
        predicate, lhs, rhs = node.children
        return ast.Compare(Comparison(word(predicate)), self._tile(lhs), self._operand(rhs))

    def _cast(self, node: Node) -> ast.Cast:
        source, dtype, rounding = node.children
        return ast.Cast(self._tile(source), word(dtype), Rounding(word(rounding)))

    def _reduce(self, node: Node) -> ast.Reduce:
        kind, source, *axes = node.children
        return ast.Reduce(
            Reduction(word(kind)), self._tile(source), tuple(int(str(axis)) for axis in axes)
        )

    def _cumulate(self, node: Node) -> ast.Cumulate:
        kind, source, axis = node.children
        return ast.Cumulate(Accumulation(word(kind)), self._tile(source), int(str(axis)))

    def _arange(self, node: Node) -> ast.Arange:
        dtype, shape, axis = node.children
        return ast.Arange(word(dtype), self.shape(shape), int(str(axis)))


def tree(node: "Token | Node") -> Node:
    """A rule's tree, which is no token."""
    assert isinstance(node, Tree)
    return node


def trees(node: Node) -> list[Node]:
    """The rules within a rule."""
    return [child for child in node.children if isinstance(child, Tree)]


def word(node: "Token | Node") -> str:
    """The only token of a rule that names or enumerates."""
    return str(tree(node).children[0])


def integers(node: "Token | Node") -> tuple[int, ...]:
    """The integers of a rule that lists lengths. Raises ``KernelTextError`` for other words."""
    words = [word(child) for child in trees(tree(node))]
    if other := next((each for each in words if not each.isdigit()), None):
        raise KernelTextError(f"`{other}` where a number is needed")
    return tuple(map(int, words))


def expression(node: "Token | Node") -> ast.Expression:
    """Integer arithmetic."""
    rule = tree(node)
    if rule.data == "integer":
        return ast.Integer(int(str(rule.children[0])))
    if rule.data == "variable":
        return ast.Variable(str(rule.children[0]))
    left, right = rule.children
    return ast.Arithmetic(OPERATORS[rule.data], expression(left), expression(right))

"""The upstream MLIR Python bindings, from torch-mlir or from an upstream ``mlir`` package."""

import importlib
import importlib.util
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from os.path import abspath
from types import ModuleType
from typing import Any, Protocol

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import FOREIGN_ERRORS

_PACKAGES = ("torch_mlir", "mlir")

_PLACE = re.compile(r'"([^"]*)":(\d+):\d+')

_ILLEGAL = re.compile(r"failed to legalize operation '([^']+)'")

_OPERATOR = re.compile(r'"torch\.operator".*name = "([^"]+)"')

_ALIAS = re.compile(r"#\w+ = ")

_SCHEDULE = """
module attributes {{transform.with_named_sequence}} {{
  transform.named_sequence @__transform_main(%m: !transform.any_op {{transform.readonly}}) {{
    %ops = transform.structured.match ops{{["{name}"]}} in %m
      : (!transform.any_op) -> !transform.any_op
    {step}
    transform.yield
  }}
}}
"""

_EACH = """transform.foreach %ops : !transform.any_op {{
      ^bb0(%op: !transform.any_op):
        %one = transform.cast %op : !transform.any_op to !transform.op<"{name}">
        {step}
    }}"""

_STEPS = {
    "linalg.softmax": "%r = transform.structured.decompose_interface %ops"
    " : (!transform.any_op) -> !transform.any_op",
    "linalg.pack": _EACH.format(
        name="linalg.pack",
        step='%r:3 = transform.structured.lower_pack %one : (!transform.op<"linalg.pack">) ->'
        ' (!transform.op<"tensor.pad">, !transform.op<"tensor.expand_shape">,'
        ' !transform.op<"linalg.transpose">)',
    ),
    "linalg.unpack": _EACH.format(
        name="linalg.unpack",
        step='%r:5 = transform.structured.lower_unpack %one : (!transform.op<"linalg.unpack">) ->'
        ' (!transform.op<"tensor.empty">, !transform.op<"linalg.transpose">,'
        ' !transform.op<"tensor.collapse_shape">, !transform.op<"tensor.extract_slice">,'
        ' !transform.op<"linalg.copy">)',
    ),
}
"""How ops are taken apart that have no form as one ``linalg.generic``."""

_GENERALIZE = "%r = transform.structured.generalize %ops : (!transform.any_op) -> !transform.any_op"


class _Result(Protocol):
    type: object


class _Operation(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def location(self) -> object: ...
    @property
    def results(self) -> Sequence[_Result]: ...
    @property
    def operation(self) -> "_Operation": ...
    def walk(self, callback: Callable[["_Operation"], object]) -> None: ...
    def get_asm(self, *, enable_debug_info: bool, print_generic_op_form: bool) -> str: ...


class ModuleHandle(Protocol):
    """The part of ``ir.Module`` that is used here."""

    @property
    def context(self) -> Any:
        """The context that the module lives in."""
        ...

    @property
    def operation(self) -> _Operation:
        """The module's op."""
        ...

    @property
    def body(self) -> Any:
        """The module's block."""
        ...


def _load(name: str) -> ModuleType:
    for package in _PACKAGES:
        if importlib.util.find_spec(package) is not None:
            return importlib.import_module(f"{package}.{name}")
    raise HawkError("the MLIR Python bindings are missing: install torch-mlir")


def load_bindings() -> None:
    """Imports what :class:`MlirModule` needs. Raises ``HawkError`` if there are no bindings."""
    for name in ("ir", "passmanager", "dialects.transform.interpreter"):
        _load(name)


@dataclass(frozen=True)
class MlirOp:
    """What the compiler needs to know of an op on the other side.

    Attributes:
        name: such as ``linalg.matmul``.
        places: the (file, line) pairs of its location, innermost first.
        result_types: the types of its results, as text.
    """

    name: str
    places: tuple[tuple[str, int], ...]
    result_types: tuple[str, ...]


class MlirModule:
    """A module held by the bindings."""

    def __init__(self, handle: ModuleHandle) -> None:
        self._module = handle

    @staticmethod
    def parse(text: str, file: str) -> "MlirModule":
        """Reads pretty or generic text of any registered dialect.

        Raises:
            HawkError: with the line, if the text does not parse or verify.
        """
        ir = _load("ir")
        context = ir.Context()
        if importlib.util.find_spec("torch_mlir") is not None:
            _load("dialects.torch").register_dialect(context)
            _load_scans(context)
        try:
            return MlirModule(ir.Module.parse(text, context))
        except ir.MLIRError as error:
            raise _as_hawk_error(error, file) from None

    @staticmethod
    def from_onnx(model: object, file: str) -> "MlirModule":
        """A module of the ops of ONNX, from a model with shapes.

        Raises ``HawkError`` for a model that torch-mlir's importer does not take.
        """
        ir = _load("ir")
        importer = importlib.import_module("torch_mlir.extras.onnx_importer")
        context = ir.Context()
        _load("dialects.torch").register_dialect(context)
        try:
            info = importer.ModelInfo(model, config=importer.Config())
            module = info.create_module(context=context)
            importer.NodeImporter.define_function(info.main_graph, module.operation).import_all()
        except (importer.OnnxImportError, ir.MLIRError, *FOREIGN_ERRORS) as error:
            reason = f"torch-mlir cannot import this: {_one_line(str(error))}"
            raise HawkError(reason, file=file) from error
        return MlirModule(module)

    def run(self, pipeline: str, *, file: str) -> None:
        """Runs a pass pipeline. Raises ``HawkError`` with the first diagnostic if it fails."""
        ir, passmanager = _load("ir"), _load("passmanager")
        manager = passmanager.PassManager.parse(pipeline, self._module.context)
        try:
            manager.run(self._module.operation)
        except ir.MLIRError as error:
            raise _as_hawk_error(error, file) from None

    def dynamic_axes(self) -> list[list[int]]:
        """For each argument of the public functions, its axes of dynamic length."""
        ir = _load("ir")
        types = [kind for function in self._public() for kind in _function_type(function).inputs]
        return [
            [axis for axis in range(kind.rank) if kind.is_dynamic_dim(axis)]
            if isinstance(kind, ir.RankedTensorType)
            else []
            for kind in types
        ]

    def call_at(self, length: int) -> None:
        """Has the public function called by a new one, whose arguments have static shapes.

        Every dynamic axis of an argument has the same length.
        """
        ir = _load("ir")
        functions = self._public()
        if len(functions) != 1 or not _function_type(functions[0]).results:
            return  # what reads the module next says so
        (function,) = functions
        kind, name = _function_type(function), ir.StringAttr(function.attributes["sym_name"]).value
        dynamic = [str(each) for each in kind.inputs]
        static = [each.replace("?", str(length)) for each in dynamic]
        casts = "".join(
            f"%c{i} = tensor.cast %a{i} : {mine} to {theirs}\n"
            for i, (mine, theirs) in enumerate(zip(static, dynamic, strict=True))
            if mine != theirs
        )
        given = [
            f"%a{i}" if mine == theirs else f"%c{i}"
            for i, (mine, theirs) in enumerate(zip(static, dynamic, strict=True))
        ]
        results = ", ".join(map(str, kind.results))
        count = len(kind.results)
        names = ", ".join(f"%r#{i}" for i in range(count)) if count > 1 else "%r"
        arguments = ", ".join(f"%a{i}: {each}" for i, each in enumerate(static))
        text = f"""func.func private @"{name}"({", ".join(dynamic)}) -> ({results})
          func.func @static_shapes({arguments}) -> ({results}) {{
          {casts}%r{f":{count}" if count > 1 else ""} = func.call @"{name}"({", ".join(given)})
            : ({", ".join(dynamic)}) -> ({results})
          return {names} : {results}
        }}"""
        handle = self._module
        with handle.context, ir.Location.unknown():
            made = ir.Module.parse(text)  # it owns its ops
            made.body.operations[1].operation.clone(ip=ir.InsertionPoint(handle.body))
            function.attributes["sym_visibility"] = ir.StringAttr.get("private")

    def return_static(self) -> None:
        """Results that are cast to dynamic shapes are returned as they are."""
        ir = _load("ir")
        for function in self._public():
            returned = function.regions[0].blocks[0].operations[-1].operation
            for number, value in enumerate(returned.operands):
                owner = value.owner
                if getattr(owner, "name", "") == "tensor.cast":
                    returned.operands[number] = owner.operands[0]
                    if not list(value.uses):
                        owner.erase()
            with self._module.context, ir.Location.unknown():
                kind = ir.FunctionType.get(
                    _function_type(function).inputs, [value.type for value in returned.operands]
                )
                function.attributes["function_type"] = ir.TypeAttr.get(kind)

    def _public(self) -> list[Any]:
        """The functions with a body that are not private."""
        return [
            op.operation
            for op in self._module.body.operations
            if op.operation.name == "func.func"
            and "private" not in str(op.operation.attributes.get("sym_visibility", ""))
        ]

    def generalize(self, names: Collection[str], *, file: str) -> None:
        """Turns the named linalg ops of these names into ``linalg.generic``, or several ops.

        Raises ``HawkError`` for the first that has no such form.
        """
        ir, interpreter = _load("ir"), _load("dialects.transform.interpreter")
        for name in sorted(names):
            step = _STEPS.get(name, _GENERALIZE)
            schedule = ir.Module.parse(_SCHEDULE.format(name=name, step=step), self._module.context)
            sequence = schedule.body.operations[0]
            try:
                interpreter.apply_named_sequence(
                    self._module.operation, sequence, schedule.operation
                )
            except (ValueError, ir.MLIRError):
                place, line = next(
                    (nearest_place(op.places, file) for op in self.ops() if op.name == name),
                    (file, None),
                )
                reason = f"{name}: cannot be written as linalg.generic"
                raise HawkError(reason, file=place, line=line) from None

    def say_windows(self, names: Collection[str]) -> None:
        """Writes out the strides and dilations of ops of these names that have the default ones."""
        ir = _load("ir")
        with self._module.context:
            ones = ir.Attribute.parse("dense<1> : tensor<2xi64>")

        def visit(op: Any) -> object:
            if op.operation.name in names:
                for attribute in ("strides", "dilations"):
                    if attribute not in op.operation.attributes:
                        op.operation.attributes[attribute] = ones
            return ir.WalkResult.ADVANCE

        self._module.operation.walk(visit)

    def ops(self) -> list[MlirOp]:
        """Every op, the inner ones first."""
        proceed = _load("ir").WalkResult.ADVANCE
        found: list[MlirOp] = []

        def visit(op: _Operation) -> object:
            op = op.operation
            types = tuple(str(result.type) for result in op.results)
            found.append(MlirOp(op.name, places_of(str(op.location)), types))
            return proceed

        self._module.operation.walk(visit)
        return found

    def generic_text(self) -> str:
        """The module in generic form with locations: the form that both sides read alike.

        Aliases come first: MLIR prints some of them after their use, where xDSL does not look.
        """
        text = self._module.operation.get_asm(enable_debug_info=True, print_generic_op_form=True)
        lines = text.splitlines()
        aliases = [line for line in lines if _ALIAS.match(line)]
        return "\n".join(aliases + [line for line in lines if not _ALIAS.match(line)])


def _function_type(function: Any) -> Any:
    ir = _load("ir")
    return ir.FunctionType(ir.TypeAttr(function.attributes["function_type"]).value)


def _load_scans(context: object) -> None:
    """Makes tm_tensor known: the bindings register it only as a dependency of this pass."""
    ir, passmanager = _load("ir"), _load("passmanager")
    empty = ir.Module.parse("", context)
    pipeline = "builtin.module(func.func(convert-torch-to-tmtensor))"
    passmanager.PassManager.parse(pipeline, context).run(empty.operation)


def places_of(location: str) -> tuple[tuple[str, int], ...]:
    """The (file, line) pairs in the text of a location, in its order: innermost first."""
    return tuple((file, int(line)) for file, line in _PLACE.findall(location))


def nearest_place(places: Sequence[tuple[str, int]], file: str) -> tuple[str, int | None]:
    """The innermost place in ``file`` (also of unnamed text), else the innermost, else ``file``."""
    wanted = abspath(file)
    for place, line in places:
        if place == "-" or abspath(place) == wanted:
            return file, line
    return places[0] if places else (file, None)


def _as_hawk_error(error: Exception, file: str) -> HawkError:
    """The first diagnostic of an MLIR error as one line."""
    diagnostics = getattr(error, "error_diagnostics", None) or []
    if not diagnostics:
        return HawkError(_one_line(str(error)), file=file)
    first = diagnostics[0]
    place, line = nearest_place(places_of(str(first.location)), file)
    return HawkError(_reason(first.message), file=place, line=line)


_STABLEHLO = re.compile(r"Dialect `(?:stablehlo|chlo|vhlo|mhlo)' not found for custom op '([^']+)'")


def _reason(message: str) -> str:
    """The message in one line; of an op that cannot be lowered, its name instead of its text."""
    if foreign := _STABLEHLO.search(message):
        todo = "convert it first: stablehlo-opt --stablehlo-legalize-to-linalg"
        return f"{foreign[1]}: torch-mlir's bindings have no StableHLO; {todo}"
    illegal = _ILLEGAL.search(message)
    if illegal is None:
        return _one_line(message)
    named = _OPERATOR.search(message)
    return f"{named[1] if named else illegal[1]}: no lowering for this op"


def _one_line(text: str) -> str:
    return " ".join(text.split())

"""Slices of the vendor's bitcode, compiled for this machine with its hardware's functions ours.

The library is LLVM IR, not optimised: each entry point calls templates, and those call functions
of the hardware, such as ``llvm.hivm.VADD.f32``, which are renamed, since LLVM keeps that prefix. A
slice has an entry point and what it reaches.
Every access of it to the unified buffer by itself, ``load float, ptr addrspace(6) %p``, is an
access of the scalar unit; a call that counts it is put before it.
"""

import ctypes
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import llvmlite.binding as llvm

from hawk_xdsl.vendor.tools import library_folder

LIBRARY = "meta_op.aiv.bc"
"""That of the vector cores of the 910B, in the wheel's ``lib``.

``meta_op.aiv.c220.bc`` beside it is older: it lacks functions that the compiler calls, such as
``reduce_max_with_index_left_ar_float``.
"""

PREFIX = "_mlir_ciface_"
HARDWARE = "hivm."
SCALAR_READ, SCALAR_WRITE = "scalar.read", "scalar.write"

Hardware = Callable[[str, Sequence[int | float]], int]
"""What the hardware does: the name of its function without the prefix, and the arguments."""

_TYPES: dict[str, type] = {
    "i64": ctypes.c_int64,
    "i32": ctypes.c_int32,
    "i16": ctypes.c_int16,
    "i8": ctypes.c_int8,
    "i1": ctypes.c_bool,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "ptr": ctypes.c_void_p,
}
_SMALL_FLOATS = ("half", "bfloat")
"""Passed as their bits, since ctypes does not have them."""

_NOTHING = "@nothing = global [256 x i8] zeroinitializer\n"
"""What stands for null, also where it is compared with: templates read address 0, if there is no
temporary, which a process does not have."""

_UNIFIED = re.compile(r"^  ((?:%\S+ = load [^,\n]+|store [^\n]+?), ptr addrspace\(6\) )", re.M)


def library_path() -> Path:
    """Where the library is. Raises ``NoVendorToolsError`` if its package is not installed."""
    return library_folder() / LIBRARY


@dataclass(frozen=True)
class Signature:
    """What a declared function takes and gives, in LLVM's words."""

    returns: str
    takes: tuple[str, ...]

    @classmethod
    def of(cls, line: str) -> "Signature":
        """That of a line that begins with ``define`` or ``declare``."""
        head, _, tail = line.partition("@")
        inner = tail[tail.index("(") + 1 :]
        depth, end = 1, 0
        while depth:
            depth += {"(": 1, ")": -1}.get(inner[end], 0)
            end += 1
        words = [word for word in head.split() if word in (*_TYPES, *_SMALL_FLOATS, "void")]
        arguments = [part.split()[0] for part in _split(inner[: end - 1])]
        return cls(words[-1], tuple(arguments))


def _split(arguments: str) -> list[str]:
    """The arguments of a signature: attributes may have commas in brackets."""
    found, depth = [""], 0
    for letter in arguments:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return [part.strip() for part in found if part.strip()]


class OpLibrary:
    """Some entry points of the vendor's library; ``hardware`` is called for every instruction."""

    def __init__(self, path: Path, names: Iterable[str], hardware: Hardware) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._machine = _host()
        text = _reduced(path, {PREFIX + name for name in names}, self._machine)
        self._bodies = {
            found[1]: found[0]
            for found in re.finditer(r"^define [^\n]*?@([\w.]+)\(.*?^}\n", text, re.M | re.S)
        }
        self._declared = {
            found[1]: found[0]
            for found in re.finditer(r"^declare [^\n]*?@([\w.]+)\([^\n]*\n", text, re.M)
        }
        self._types = "".join(re.findall(r"^%[^\n]* = type [^\n]*\n", text, re.M))
        self._globals = {
            found[1]: found[0] for found in re.finditer(r"^@([\w.$]+) = [^\n]*\n", text, re.M)
        }
        self._hardware = hardware
        self._made: dict[str, tuple[Callable[..., None], Signature]] = {}
        self._kept: list[object] = []

    def __contains__(self, name: str) -> bool:
        return PREFIX + name in self._bodies

    def call(self, name: str, arguments: Sequence[object]) -> None:
        """Call an entry point: addresses of descriptors of tiles, and numbers."""
        if name not in self._made:
            self._made[name] = self._compile(name)
        function, _ = self._made[name]
        function(*arguments)

    def signature(self, name: str) -> Signature:
        """What an entry point takes."""
        return Signature.of(self._bodies[PREFIX + name])

    def _compile(self, name: str) -> tuple[Callable[..., None], Signature]:
        text, declared = self._slice(PREFIX + name)
        signature = self.signature(name)
        bits = _bits(signature)
        text += _trampoline("hawk.entry", PREFIX + name, signature, inwards=True)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(text), self._machine)
        self._machine = _host()  # one belongs to one engine
        module = next(iter(engine._modules))
        for symbol, line in declared.items():
            found = _bits(Signature.of(line))
            callback = self._callback(symbol, found)
            address = ctypes.cast(callback, ctypes.c_void_p).value
            engine.add_global_mapping(module.get_function(f"outer.{symbol}"), address)
        engine.finalize_object()
        kind = ctypes.CFUNCTYPE(None, *[_TYPES[word] for word in bits.takes])
        self._kept.append(engine)
        return kind(engine.get_function_address("hawk.entry")), signature

    def _callback(self, symbol: str, signature: Signature) -> object:
        returns = None if signature.returns == "void" else _TYPES[signature.returns]
        kind = ctypes.CFUNCTYPE(returns, *[_TYPES[word] for word in signature.takes])
        name = symbol.removeprefix(HARDWARE)
        callback = kind(lambda *arguments: self._hardware(name, arguments))
        self._kept.append(callback)
        return callback

    def _slice(self, entry: str) -> tuple[str, dict[str, str]]:
        """The text of an entry point and what it reaches, and the declarations that are ours."""
        reached: dict[str, None] = {}
        declared: dict[str, str] = {}
        todo = [entry]
        while todo:
            name = todo.pop()
            if name in reached:
                continue
            reached[name] = None
            for other in re.findall(r"@([\w.$]+)", self._bodies[name]):
                if other in self._bodies:
                    todo.append(other)
                elif other in self._declared:
                    declared[other] = self._declared[other]
        own = {name: line for name, line in declared.items() if not _is_llvms(name)}
        bodies = "".join(self._bodies[name] for name in reached)
        used = {name for name in re.findall(r"@([\w.$]+)", bodies) if name in self._globals}
        parts = [self._types, *(self._globals[name] for name in sorted(used))]
        parts += [line for name, line in declared.items() if name not in own]
        text = _NOTHING + _plain("".join(parts) + re.sub(r"\bnull\b", "@nothing", _counted(bodies)))
        for name, line in own.items():
            text += _trampoline(name, f"outer.{name}", Signature.of(line), inwards=False)
        for name in (SCALAR_READ, SCALAR_WRITE):
            own[name] = f"declare void @{name}()"
            text += f"declare void @outer.{name}()\n"
        return text, own


def _host() -> llvm.TargetMachine:
    """This machine with all that it has: without it, halves are converted by missing functions."""
    features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=0)


def _reduced(path: Path, entries: set[str], machine: llvm.TargetMachine) -> str:
    """The library's text without what the entry points do not reach: all of it is 60 MB."""
    module = llvm.parse_bitcode(path.read_bytes())
    for function in module.functions:
        if not function.is_declaration and function.name not in entries:
            function.linkage = llvm.Linkage.internal
    for variable in module.global_variables:
        if not variable.is_declaration:
            variable.linkage = llvm.Linkage.internal
    tuning = llvm.create_pipeline_tuning_options(speed_level=0)
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, llvm.create_pass_builder(machine, tuning))
    return str(module).replace("llvm.hivm.", HARDWARE)


def _is_llvms(name: str) -> bool:
    return name.startswith("llvm.")


def _counted(bodies: str) -> str:
    """Bodies with a call before each access to the unified buffer."""

    def before(found: re.Match[str]) -> str:
        name = SCALAR_READ if found[1].startswith("%") else SCALAR_WRITE
        return f"  call void @outer.{name}()\n  {found[1]}"

    return _UNIFIED.sub(before, bodies)


def _plain(text: str) -> str:
    """Without metadata, attributes, groups and address spaces."""
    text = re.sub(r" #\d+", "", text)
    text = re.sub(r", ![\w.]+ !\d+", "", text)
    text = re.sub(r" comdat(\(\$[^)]*\))?", "", text)
    text = re.sub(r"addrspacecast \(ptr addrspace\(10\) (.*?) to ptr addrspace\(6\)\)", r"\1", text)
    text = re.sub(r" ?addrspace\(\d+\)", "", text)
    text = text.replace("dso_local ", "").replace("weak_odr ", "").replace("linkonce_odr ", "")
    return text.replace("internal ", "")


def _bits(signature: Signature) -> Signature:
    """A signature with the small floats as their bits."""
    takes = tuple("i16" if word in _SMALL_FLOATS else word for word in signature.takes)
    return Signature(signature.returns, takes)


def _trampoline(name: str, callee: str, signature: Signature, *, inwards: bool) -> str:
    """A function that calls another one, small floats being bits on one side.

    Args:
        name: the function.
        callee: what it calls.
        signature: that of the library's side.
        inwards: whether the function takes bits and the callee floats, else the other way round.
    """
    plain = _bits(signature)
    takes, gives = (plain, signature) if inwards else (signature, plain)
    lines, passed = [], []
    for index, (have, want) in enumerate(zip(takes.takes, gives.takes, strict=True)):
        if have == want:
            passed.append(f"{want} %a{index}")
        else:
            lines.append(f"  %b{index} = bitcast {have} %a{index} to {want}")
            passed.append(f"{want} %b{index}")
    arguments = ", ".join(f"{word} %a{index}" for index, word in enumerate(takes.takes))
    call = f'call {signature.returns} @"{callee}"({", ".join(passed)})'
    if signature.returns == "void":
        lines += [f"  {call}", "  ret void"]
    else:
        lines += [f"  %r = {call}", f"  ret {signature.returns} %r"]
    body = "\n".join(lines)
    declaration = ""
    if not inwards:
        declaration = f'declare {plain.returns} @"{callee}"({", ".join(plain.takes)})\n'
    return f'{declaration}define {signature.returns} @"{name}"({arguments}) {{\n{body}\n}}\n'

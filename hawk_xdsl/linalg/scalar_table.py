"""Scalar ops of ``arith`` and ``math`` by name: which function, comparison or reduction each is."""

FUNCTIONS = {
    "arith.addf": "add",
    "arith.addi": "add",
    "arith.subf": "sub",
    "arith.subi": "sub",
    "arith.mulf": "mul",
    "arith.muli": "mul",
    "arith.divf": "div",
    "arith.divsi": "div",
    "arith.floordivsi": "floordiv",
    "arith.ceildivsi": "ceildiv",
    "arith.remsi": "rem",
    "arith.remf": "rem",
    "arith.negf": "neg",
    "arith.maximumf": "max",
    "arith.maxnumf": "maxnum",
    "arith.maxsi": "max",
    "arith.minimumf": "min",
    "arith.minnumf": "minnum",
    "arith.minsi": "min",
    "arith.andi": "and",
    "arith.ori": "or",
    "arith.xori": "xor",
    "arith.shli": "shl",
    "arith.shrsi": "shr",
    "arith.shrui": "shru",
    "arith.select": "select",
    "math.absf": "abs",
    "math.absi": "abs",
    "math.powf": "pow",
    "math.ipowi": "pow",
}
"""Scalar ops by name → function of the specification; other ``math`` ops keep their own name."""

CASTS = frozenset(
    f"arith.{name}"
    for name in ("extf", "truncf", "sitofp", "uitofp", "fptosi", "fptoui", "extsi", "extui")
) | {"arith.trunci", "arith.index_cast", "arith.index_castui"}

FLOAT_PREDICATES = {1: "eq", 2: "gt", 3: "ge", 4: "lt", 5: "le", 13: "ne"}
"""``arith.cmpf`` predicates that are functions: the ordered ones, false for NaN, and ``une``."""

NEGATED_PREDICATES = {9: "le", 10: "lt", 11: "ge", 12: "gt"}
"""``arith.cmpf`` predicates that are the opposite of a function: the unordered ones."""

INTEGER_PREDICATES = {0: "eq", 1: "ne", 2: "lt", 3: "le", 4: "gt", 5: "ge"}
"""``arith.cmpi`` predicates: equality and the signed ones."""

IDENTITIES: dict[str, float] = {
    "sum": 0.0,
    "prod": 1.0,
    "and": 1,
    "or": 0,
    "xor": 0,
}
"""The neutral element of a reduction, from which it may start; see also ``_is_identity``."""

REDUCTION_KINDS = {
    "add": "sum",
    "mul": "prod",
    "max": "max",
    "min": "min",
    "maxnum": "maxnum",
    "minnum": "minnum",
    "and": "and",
    "or": "or",
    "xor": "xor",
}
"""Which function, applied to the accumulator, makes which reduction."""

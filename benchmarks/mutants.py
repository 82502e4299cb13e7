"""Small faults in Python source, one at a time: what a test suite should notice."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """One fault.

    :param number: of the changed place, in the order of `ast.walk`
    :param variant: which change of that place
    :param name: what is changed into what, and where, whatever line it stands in
    """

    number: int
    variant: int
    name: str


def find_mutants(source: str) -> list[Mutant]:
    """All the faults that can be made in a module."""
    tree = ast.parse(source)
    scopes, skipped = _name_scopes(tree), _find_skipped(tree)
    return [
        Mutant(number, variant, f"{scopes[id(node)]}: {ast.unparse(node)} → {ast.unparse(changed)}")
        for number, node in enumerate(ast.walk(tree))
        if id(node) not in skipped
        for variant, changed in enumerate(_change(node))
    ]


def mutate(source: str, mutant: Mutant) -> ast.Module:
    """The module with the fault in it, ready to compile."""
    tree = ast.parse(source)
    node = next(node for number, node in enumerate(ast.walk(tree)) if number == mutant.number)
    changed = list(_change(node))[mutant.variant]
    _Replace(node, changed).visit(tree)
    return ast.fix_missing_locations(tree)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return (
            ast.copy_location(self.new, node) if node is self.old else super().generic_visit(node)
        )


def _change(node: ast.AST) -> Iterator[ast.AST]:  # noqa: C901  one branch for each kind of place
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            yield _with(
                node, ops=[*node.ops[:place], COMPARISONS[type(operator)](), *node.ops[place + 1 :]]
            )
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield _with(node, op=OPERATORS[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
        yield from node.values
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.If | ast.While):
        yield _with(node, test=ast.Constant(False))
        if isinstance(node, ast.If):
            yield _with(node, test=ast.Constant(True))
    elif isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield _with(node, ifs=[other for other in node.ifs if other is not condition])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SWAPPED:
        yield _with(node, func=ast.Name(SWAPPED[node.func.id], ast.Load()))
    elif isinstance(node, ast.Call) and node.keywords:
        for keyword in node.keywords:
            yield _with(node, keywords=[other for other in node.keywords if other is not keyword])
    elif isinstance(node, ast.AugAssign) and type(node.op) in OPERATORS:
        yield _with(node, op=OPERATORS[type(node.op)]())
    elif isinstance(node, ast.Break | ast.Continue):
        yield ast.Pass()


def _with(node: ast.AST, **changes: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _name_scopes(tree: ast.Module) -> dict[int, str]:
    """The function or class that each node stands in."""
    names = {id(tree): "module"}

    def visit(node: ast.AST, scope: str) -> None:
        names[id(node)] = scope
        for child in ast.iter_child_nodes(node):
            is_named = isinstance(child, ast.FunctionDef | ast.ClassDef)
            visit(child, child.name if is_named else scope)  # type: ignore[attr-defined]

    visit(tree, "module")
    return names


def _find_skipped(tree: ast.Module) -> set[int]:
    """Annotations, decorators and what stands beside the code: changing them changes no decision."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        beside = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        beside += getattr(node, "decorator_list", [])
        if isinstance(node, ast.Assign) and _is_type(node.value):
            beside.append(node.value)
        for top in filter(None, beside):
            skipped.update(id(below) for below in ast.walk(top))
    return skipped


def _is_type(value: ast.expr) -> bool:
    """Whether it is a type that only gets another name, such as ``Decision = NextAttempt | Close``."""
    is_union = isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr)
    return is_union or isinstance(value, ast.Subscript)

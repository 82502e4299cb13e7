"""Small faults in Python source, one at a time: what a test suite should notice."""

import ast
import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

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
# Of a dataclass's field: who gives it and how it is printed decide nothing.
UNDECIDED = {"init", "repr"}


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
    scopes = _name_scopes(tree)
    skipped = _find_skipped(tree)
    mutants = []
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in skipped:
            continue
        # By what it says and where, not by its line: the name outlives edits elsewhere.
        scope = scopes[id(node)]
        before = ast.unparse(node)
        for variant, changed in enumerate(_change(node)):
            after = ast.unparse(changed)
            name = f"{scope}: {before} → {after}"
            mutants.append(Mutant(number, variant, name))
    return mutants


def mutate(source: str, mutant: Mutant) -> ast.Module:
    """The module with the fault in it, ready to compile."""
    tree = ast.parse(source)
    # The same source gives the same order of nodes each time.
    node = next(itertools.islice(ast.walk(tree), mutant.number, None))
    variants = list(_change(node))
    changed = variants[mutant.variant]
    _Replace(node, changed).visit(tree)
    return ast.fix_missing_locations(tree)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.old:
            return ast.copy_location(self.new, node)
        return super().generic_visit(node)


def _change(node: ast.AST) -> Iterator[ast.AST]:
    """The faulty variants of one place; most places have none."""
    change = _CHANGES.get(type(node))
    if not change:
        return iter(())
    return change(node)


def _change_comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for place, operator in enumerate(node.ops):
        other = COMPARISONS[type(operator)]
        operators = [*node.ops]
        operators[place] = other()
        yield _with(node, ops=operators)


def _change_operator(node: ast.BinOp | ast.AugAssign) -> Iterator[ast.AST]:
    other = OPERATORS.get(type(node.op))
    if other:
        yield _with(node, op=other())


def _change_junction(node: ast.BoolOp) -> Iterator[ast.AST]:
    is_or = isinstance(node.op, ast.Or)
    yield _with(node, op=ast.And() if is_or else ast.Or())
    # Each condition alone, as if the others had been forgotten.
    yield from node.values


def _drop_sign(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _change_constant(node: ast.Constant) -> Iterator[ast.AST]:
    # True and False are integers too.
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)


def _choose_branch(node: ast.IfExp) -> Iterator[ast.AST]:
    yield node.body
    yield node.orelse


def _decide_test(node: ast.If | ast.While) -> Iterator[ast.AST]:
    yield _with(node, test=ast.Constant(False))
    # A loop without an end would only cost the time until it is given up.
    if isinstance(node, ast.If):
        yield _with(node, test=ast.Constant(True))


def _drop_conditions(node: ast.comprehension) -> Iterator[ast.AST]:
    for others in _drop_each(node.ifs):
        yield _with(node, ifs=others)


def _change_call(node: ast.Call) -> Iterator[ast.AST]:
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    if called in SWAPPED:
        other = ast.Name(SWAPPED[called], ast.Load())
        yield _with(node, func=other)
        return
    # A forgotten keyword leaves the default.
    for place, keyword in enumerate(node.keywords):
        if keyword not in _get_undecided(node):
            others = node.keywords[:place] + node.keywords[place + 1 :]
            yield _with(node, keywords=others)


def _drop_each(parts: list[Any]) -> Iterator[list[Any]]:
    """The list without its first, without its second, and so on."""
    for place in range(len(parts)):
        yield parts[:place] + parts[place + 1 :]


def _do_nothing(_node: ast.AST) -> Iterator[ast.AST]:
    yield ast.Pass()


_CHANGES: dict[type[ast.AST], Callable[[Any], Iterator[ast.AST]]] = {
    ast.Compare: _change_comparison,
    ast.BinOp: _change_operator,
    ast.AugAssign: _change_operator,
    ast.BoolOp: _change_junction,
    ast.UnaryOp: _drop_sign,
    ast.Constant: _change_constant,
    ast.IfExp: _choose_branch,
    ast.If: _decide_test,
    ast.While: _decide_test,
    ast.comprehension: _drop_conditions,
    ast.Call: _change_call,
    ast.Break: _do_nothing,
    ast.Continue: _do_nothing,
}


def _with(node: ast.AST, **changes: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _name_scopes(tree: ast.Module) -> dict[int, str]:
    """The function that each node stands in, else the class or constant."""
    names: dict[int, str] = {}

    def visit(node: ast.AST, scope: str) -> None:
        names[id(node)] = scope
        for child in ast.iter_child_nodes(node):
            visit(child, _name_scope(node, child) or scope)

    visit(tree, "module")
    return names


def _name_scope(parent: ast.AST, node: ast.AST) -> str | None:
    """The name that a node gives to what stands in it, if it does."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    # Constants of a module, and fields of a class.
    if not isinstance(parent, ast.Module | ast.ClassDef):
        return None
    target: ast.expr | None = None
    if isinstance(node, ast.AnnAssign):
        target = node.target
    elif isinstance(node, ast.Assign):
        target = node.targets[0]
    if not isinstance(target, ast.Name):
        return None
    return f"{parent.name}.{target.id}" if isinstance(parent, ast.ClassDef) else target.id


def _find_skipped(tree: ast.Module) -> set[int]:
    """Annotations, decorators and what stands beside the code: changing them changes no
    decision.
    """
    skipped: set[int] = set()
    for node in ast.walk(tree):
        for top in _beside(node):
            skipped.update(map(id, ast.walk(top)))
    return skipped


def _beside(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that Python does not run to decide anything."""
    for name in ("annotation", "returns"):
        annotation = getattr(node, name, None)
        if annotation:
            yield annotation
    yield from getattr(node, "decorator_list", [])
    yield from _get_undecided(node)
    if isinstance(node, ast.Assign) and _is_type(node.value):
        yield node.value


def _get_undecided(node: ast.AST) -> list[ast.keyword]:
    """Keywords of a dataclass's field that decide nothing."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return []
    if node.func.id != "field":
        return []
    return [keyword for keyword in node.keywords if keyword.arg in UNDECIDED]


def _is_type(value: ast.expr) -> bool:
    """Whether it is a type that only gets another name, such as
    ``Decision = NextAttempt | Close``.
    """
    if isinstance(value, ast.Subscript):
        return True
    if not isinstance(value, ast.BinOp):
        return False
    return isinstance(value.op, ast.BitOr)

"""What of a module's Python code a database can depend on.

Odoo writes models, fields, constraints and indexes into the database when a module is updated. It
takes them from what runs at import: the bodies of classes and modules. A method that nothing calls
at import changes behaviour, never the schema, and an outline leaves it out. (Updating also checks
that a view's buttons have their methods; that is left to the full run.)
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

# Methods that Odoo calls while it creates or updates tables.
_CALLED_BY_UPDATE = frozenset({"init", "_auto_init"})
# Folders of ordinary code; what lies elsewhere (hooks, types of fields) counts as it stands.
_ORDINARY_FOLDERS = frozenset(
    {"models", "wizards", "controllers", "routers", "report", "tools", "clients"}
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def outlines(files: Iterable[Path], root: Path) -> dict[Path, str]:
    """Texts that differ between two states of the files when a database may have to.

    All modules of the suite go in together: a class may call at import what another file defines.
    """
    trees = {file: ast.parse(file.read_bytes()) for file in files}
    kept = _names_reached(trees, root)
    texts = {}
    for file, tree in trees.items():
        if _is_ordinary(file, root):
            _drop_behaviour(tree, kept)
        texts[file] = ast.dump(tree)
    return texts


def _is_ordinary(file: Path, root: Path) -> bool:
    folders = file.relative_to(root).parts[1:-1]
    return not _ORDINARY_FOLDERS.isdisjoint(folders)


def _names_reached(trees: Mapping[Path, ast.Module], root: Path) -> set[str]:
    """Names of all functions that may run at import or update, directly or through another one."""
    reached = set(_CALLED_BY_UPDATE)
    before = 0
    # A body that is reached reaches further ones: until nothing new comes.
    while len(reached) > before:
        before = len(reached)
        for file, tree in trees.items():
            ordinary = _is_ordinary(file, root)
            reached.update(_names_used(tree, reached, ordinary))
    return reached


def _names_used(tree: ast.AST, reached: set[str], is_ordinary: bool) -> Iterator[str]:
    """Names outside the bodies of functions that are not reached."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        looked_at = node
        if is_ordinary and not _is_kept(node, reached):
            looked_at = _signature(node)
        yield from _names_used(looked_at, reached, is_ordinary)


def _signature(node: ast.AST) -> ast.AST:
    """The parts of a function that are evaluated where it is defined."""
    assert isinstance(node, _Function)
    parts = [*node.decorator_list, *node.args.defaults]
    parts += filter(None, node.args.kw_defaults)
    return ast.Tuple(elts=parts, ctx=ast.Load())


def _drop_behaviour(tree: ast.Module, kept: set[str]) -> None:
    """Take all functions but the kept ones out of the tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef):
            body = node.body
            node.body = [child for child in body if _is_kept(child, kept)]


def _is_kept(node: ast.AST, kept: set[str]) -> bool:
    return not isinstance(node, _Function) or node.name in kept

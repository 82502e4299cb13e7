"""What the web client asks of the server for each view of each menu of the app, as calls of its models
in this process: no browser and no network in between.
"""

import ast
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lxml import etree

MENU = "ecm_campaign.ecm_campaign_menu_root"
PAGES = {"list": 80, "kanban": 40}
# From here on a list says "10,000+".
COUNTED = 10_001
SUB_LIMIT = 40


class Screen(NamedTuple):
    """One request of one view."""

    name: str
    ask: Callable[[], Any]


def get_screens(env: Any) -> Iterator[Screen]:
    """Each view of each menu that a user sees."""
    root = env.ref(MENU)
    visible = set(env["ir.ui.menu"]._visible_menu_ids())
    menus = env["ir.ui.menu"].search([("id", "child_of", root.id)], order="sequence, id")
    for menu in menus:
        action = menu.action
        if menu.id in visible and action and action._name == "ir.actions.act_window":
            yield from _get_views(env, menu.name, action.sudo())


def _get_views(env: Any, name: str, action: Any) -> Iterator[Screen]:
    model = env[action.res_model]
    if model._transient:
        return
    context = _evaluate(action.context or "{}", env)
    model = model.with_context(**context)
    views = [(view_id, kind) for view_id, kind in action.views]
    archs = model.get_views([*views, (action.search_view_id.id, "search")])["views"]
    domain = [
        *_evaluate(action.domain or "[]", env),
        *_get_default_domain(archs["search"]["arch"], context, env),
    ]
    for kind, view in archs.items():
        arch = etree.fromstring(view["arch"])
        make = MAKERS.get(kind)
        ask = make(model, arch, domain) if make else None
        if ask:
            yield Screen(f"{name}: {kind}", ask)


def _evaluate(text: str, env: Any) -> Any:
    from odoo.tools.safe_eval import datetime, safe_eval, time

    values = {"uid": env.uid, "context": {}, "active_id": False, "time": time}
    return safe_eval(text, {**values, "datetime": datetime, "context_today": datetime.date.today})


def _get_default_domain(arch: str, context: dict[str, Any], env: Any) -> list[Any]:
    """Filters that the action switches on."""
    domain: list[Any] = []
    for node in etree.fromstring(arch).iter("filter"):
        text = node.get("domain")
        if text and context.get(f"search_default_{node.get('name')}"):
            domain += _evaluate(text, env)
    return domain


def get_specification(model: Any, node: Any) -> dict[str, Any]:
    """The fields of a view, with those of the lists in it.

    :param node: of the architecture, whose fields are wanted
    """
    specification: dict[str, Any] = {}
    for field in node.iter("field"):
        if next(field.iterancestors("field"), None) is not _get_owner(node):
            continue
        name = field.get("name")
        if name in model._fields:
            specification[name] = _get_part(model, name, field)
    return specification


def _get_owner(node: Any) -> Any:
    """The field whose list this is, if it is one."""
    return node if node.tag == "field" else None


def _get_part(model: Any, name: str, node: Any) -> dict[str, Any]:
    field = model._fields[name]
    if field.type == "many2one":
        return {"fields": {"display_name": {}}}
    if field.type not in ("one2many", "many2many"):
        return {}
    lines = node.xpath("./list | ./kanban")
    if not lines:
        return {"fields": {"display_name": {}}}
    comodel = model.env[field.comodel_name]
    return {"fields": get_specification(comodel, node), "limit": SUB_LIMIT}


def _make_page(kind: str) -> Callable[[Any, Any, Any], Callable[[], Any]]:
    def make(model: Any, arch: Any, domain: Any) -> Callable[[], Any]:
        specification = get_specification(model, arch)
        options: dict[str, Any] = {"limit": PAGES[kind], "count_limit": COUNTED}
        if arch.get("default_order"):
            options["order"] = arch.get("default_order")
        by = arch.get("default_group_by")
        if by:
            return lambda: model.web_read_group(
                domain,
                [by],
                ["__count"],
                auto_unfold=True,
                unfold_read_specification=specification,
                unfold_read_default_limit=PAGES[kind],
            )
        return lambda: model.web_search_read(domain, specification, **options)

    return make


def _make_form(model: Any, arch: Any, domain: Any) -> Callable[[], Any] | None:
    """Of the newest record."""
    record = model.search(domain, limit=1)
    if not record:
        return None
    specification = {**get_specification(model, arch), "display_name": {}}
    return lambda: record.web_read(specification)


def _get_measures(model: Any, arch: Any) -> list[str]:
    measures = ["__count"]
    for node in arch.iter("field"):
        name = node.get("name")
        if node.get("type") == "measure":
            field = model._fields[name]
            measures.append(f"{name}:{field.aggregator or 'sum'}")
    return measures


def _get_groups(arch: Any, kind: str | None) -> list[str]:
    groups = []
    for node in arch.iter("field"):
        if node.get("type") == kind:
            interval = node.get("interval")
            groups.append(f"{node.get('name')}:{interval}" if interval else node.get("name"))
    return groups


def _make_pivot(model: Any, arch: Any, domain: Any) -> Callable[[], Any]:
    rows, columns = _get_groups(arch, "row"), _get_groups(arch, "col")
    sets = []
    # Each depth of the rows with each of the columns, as the client opens them at first.
    for row in range(min(len(rows), 1) + 1):
        for column in range(min(len(columns), 1) + 1):
            sets.append([*rows[:row], *columns[:column]])
    measures = _get_measures(model, arch)
    return lambda: model.formatted_read_grouping_sets(domain, sets, measures)


def _make_graph(model: Any, arch: Any, domain: Any) -> Callable[[], Any]:
    groups = [name for name in _get_groups(arch, None) if name]
    measures = _get_measures(model, arch)
    return lambda: model.formatted_read_group(domain, groups, measures)


MAKERS: dict[str, Callable[[Any, Any, Any], Callable[[], Any] | None]] = {
    "list": _make_page("list"),
    "kanban": _make_page("kanban"),
    "form": _make_form,
    "pivot": _make_pivot,
    "graph": _make_graph,
}


def get_dashboard(env: Any, campaign: Any) -> Iterator[Screen]:
    """Each request of the dashboard: of all campaigns and of one, of a day, a week and a month."""
    dashboard = env["ecm.dashboard"]
    for who, campaign_id in (("all", False), ("one", campaign.id)):
        for period in ("today", "week", "month"):
            filters = {"campaign_id": campaign_id, "period": period}
            for names in read_requests():
                name = f"Dashboard: {', '.join(names)} ({who}, {period})"
                yield Screen(name, _ask(dashboard, filters, names))
    newest = env["ecm.campaign"].search([], limit=4, order="id desc")
    yield Screen("Comparison", lambda: dashboard.compare("ecm.campaign", newest.ids))
    yield Screen("Campaign: results", campaign.get_results)
    yield Screen("Campaign: explain", campaign.explain)


def _ask(dashboard: Any, filters: dict[str, Any], names: list[str]) -> Callable[[], Any]:
    return lambda: dashboard.read_panels(filters, names)


def read_requests() -> list[list[str]]:
    """What the page itself asks for at once."""
    from scripts import paths

    source = paths.ROOT / "ecm_report" / "static" / "src" / "dashboard" / "dashboard.js"
    text = source.read_text().split("const REQUESTS = ")[1].split(";")[0]
    requests: list[list[str]] = ast.literal_eval(text)
    return requests

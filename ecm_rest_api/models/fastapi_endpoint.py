import threading
from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from odoo import api, fields, models, tools

from .. import openapi
from ..const import APP, ROUTING_TYPE, VERSION
from ..dependencies import api_env, note_route
from odoo.addons.fastapi.dependencies import odoo_env

# One application for each database: OCA's pool keeps one for each path that was ever asked for.
_APPS: dict[str, tuple[Any, Any]] = {}
_BUILDING = threading.Lock()


class FastapiEndpoint(models.Model):
    """The suite's API as one of OCA's endpoints, which other modules give routers."""

    _inherit = "fastapi.endpoint"

    app = fields.Selection(selection_add=[(APP, "Campaigns")], ondelete={APP: "cascade"})

    def _get_fastapi_routers(self) -> list[APIRouter]:
        """Routers of the suite's API. A module adds its own to what `super()` returns, where
        ``self.app == "ecm"`` (docs/api.md).
        """
        routers = super()._get_fastapi_routers()
        if self.app != APP:
            return routers
        from ..routers import (
            campaigns,
            contacts,
            docs,
            lists,
            numbers,
            outcomes,
            strategies,
            system,
            webhooks,
        )

        own = [docs, system, campaigns, contacts, lists, strategies, numbers, outcomes, webhooks]
        return [*routers, *(module.router for module in own)]

    def _get_routing_info(self) -> dict[str, Any]:
        routing = super()._get_routing_info()
        if self.app == APP:
            # Our own dispatcher, and without the session that a browser may have. Keys say who calls:
            # Odoo need not look for its public user.
            routing.update(type=ROUTING_TYPE, save_session=False, auth="none")
        return routing

    def _get_app_dependencies_overrides(self) -> dict[Any, Any]:
        overrides = super()._get_app_dependencies_overrides()
        if self.app == APP:
            # OCA's is a generator, for which FastAPI starts a thread.
            overrides[odoo_env] = api_env
        return overrides

    def _get_fastapi_app_dependencies(self) -> list[Any]:
        if self.app != APP:
            return super()._get_fastapi_app_dependencies()
        return [Depends(note_route)]

    def _prepare_fastapi_app_params(self) -> dict[str, Any]:
        params = super()._prepare_fastapi_app_params()
        if self.app == APP:
            params.update(
                version=VERSION,
                docs_url=None,
                redoc_url=None,
                redirect_slashes=False,
                responses=openapi.RESPONSES,
                generate_unique_id_function=openapi.name_operation,
            )
        return params

    def _get_app(self) -> Any:
        app = super()._get_app()
        if self.app == APP:
            openapi.complete(app)
            _forget_unused_overrides(app)
        return app

    @api.model
    def _find_served(self, path):
        """The endpoint that a path belongs to. Not cached by path, as OCA's: each call has another
        one, and Odoo's cache would soon hold nothing else.

        :return: the record, and its root path
        """
        ids = self._get_id_by_root_path_map()
        root = self._find_first_matching_url_path(ids, path)
        return self.browse(ids[root]), root

    @api.model
    @tools.ormcache("self.id")
    def _get_app_stamp(self):
        """What an application was made from: it is made anew only when this changes, not whenever
        anybody clears a cache.
        """
        return (self.id, self.root_path, self.name, self.description)

    def _get_shared_app(self):
        """The ASGI application, which any number of calls may use at once."""
        registry = self.env.registry
        stamp = (registry.registry_sequence, id(registry), self._get_app_stamp())
        name = self.env.cr.dbname
        known = _APPS.get(name)
        if known and known[0] == stamp:
            return known[1]
        with _BUILDING:
            app = self._get_app()
            self._clear_fastapi_exception_handlers(app)
            _APPS[name] = (stamp, app)
        return app


def _forget_unused_overrides(app: FastAPI) -> None:
    """FastAPI looks into the signatures of all that a route depends on at each call as long as there
    is anything that replaces a dependency: a fifth of the time of a call. What no route asks for
    need not be replaced.
    """
    asked = set()
    for route in app.routes:
        _collect_dependencies(route, asked)
    used = {call: own for call, own in app.dependency_overrides.items() if call in asked}
    app.dependency_overrides = used


def _collect_dependencies(route: Any, asked: set[Any]) -> None:
    """:param asked: gets whatever a route, or those of a router, depend on"""
    if hasattr(route, "effective_candidates"):
        for each in route.effective_candidates():
            _collect_dependencies(each, asked)
    elif dependant := getattr(route, "dependant", None):
        _collect_calls(dependant, asked)


def _collect_calls(dependant: Any, asked: set[Any]) -> None:
    for each in dependant.dependencies:
        asked.add(each.call)
        _collect_calls(each, asked)

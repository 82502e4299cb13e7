from fastapi import APIRouter
from pydantic import BaseModel

from odoo.addons.ecm_rest_api.dependencies import Env, Id, PageOf, needs
from odoo.addons.ecm_rest_api.routers.finding import find, take_page
from odoo.addons.ecm_rest_api.schemas import PageAnswer, Text
from odoo.addons.ecm_rest_api.tools import problems

problems.register("outcome-unknown", 422, "There is no such outcome")
router = APIRouter(prefix="/offices", tags=["offices"])


class Office(BaseModel):
    id: int
    name: str


class Results(BaseModel):
    outcomes: dict[Text, Text]


@router.get("", dependencies=[needs("offices:read")])
async def list_offices(env: Env, page: PageOf) -> PageAnswer[Office]:
    """Offices, in the order of their making."""
    offices, following = take_page(env["ecm.letter.office"], [], page)
    items = [Office(id=office.id, name=office.name) for office in offices]
    return PageAnswer(items=items, next_cursor=following)


@router.post("/{office_id}/results", status_code=202, dependencies=[needs("offices:write")])
async def add_results(env: Env, office_id: Id, results: Results) -> Office:
    """What became of letters, as outcome codes by their keys."""
    text = env._("There is no office %s for this key.", office_id)
    office = find(env["ecm.letter.office"], office_id, text)
    codes = set(env["ecm.outcome"].search([]).mapped("code"))
    for key, code in results.outcomes.items():
        if code not in codes:
            text = env._("There is no outcome %s.", code)
            raise problems.Problem("outcome-unknown", text, field=f"outcomes.{key}")
    office.receive_results(results.outcomes)
    return Office(id=office.id, name=office.name)

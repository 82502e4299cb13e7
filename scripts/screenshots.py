"""`make screenshots`: the guide's pictures (ecm_campaign/guide/images), taken of the demo so that they
stay true. With ARGS=de, ar or fr the same screens in another language, in .build/screenshots.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import browser, cluster, databases, desk_story, odoo_command, paths, templates
from .console import SetupError, fail, say
from .odoo_server import OdooServer
from .web_client import WebClient

GUIDE_IMAGES = paths.GUIDE / "images"
DATABASE = "ecm_screenshots"
CODES = {"ar": "ar_001", "de": "de_DE", "fr": "fr_FR"}

WIDTH = 1366
FORM, LIST, KANBAN = ".o_form_view", ".o_list_view", ".o_kanban_view"
RENEWALS = "Autumn contract renewals"


@dataclass(frozen=True)
class Screen:
    """What is to be seen on a picture."""

    name: str  # of the file
    path: str  # of the action, behind /odoo/
    ready: str  # CSS selector of what must be there
    record: str = ""  # its name, for a form
    model: str = ""  # of that record
    tab: str = ""  # technical name of a page of the form
    clicks: tuple[tuple[str, str], ...] = ()  # selectors: of what is clicked, of what comes then
    height: int = 900  # of the window, where less is to be seen
    before: Callable[[WebClient], None] | None = None  # what the agent does first


SCREENS = (
    Screen("campaigns", "outbound-campaigns", KANBAN),
    Screen("campaign", "outbound-campaigns", FORM, RENEWALS, "ecm.campaign"),
    Screen("setup", "outbound-campaigns", FORM, RENEWALS, "ecm.campaign", tab="setup"),
    Screen("dashboard", "outbound-dashboard", ".o_ecm_dashboard_tile"),
    Screen("contacts", "outbound-contacts", LIST),
    Screen("lists", "outbound-lists", LIST),
    Screen("strategy", "outbound-strategies", FORM, "Three phones, two days", "ecm.strategy"),
    Screen("calling-hours", "outbound-calling-hours", LIST),
    Screen("dnc-lists", "outbound-dnc-lists", LIST),
    Screen("attempts", "outbound-attempts", LIST),
    Screen("callbacks", "outbound-callbacks", ".o_calendar_view"),
    Screen("health", "ecm-health", ".o_action_manager"),
    Screen("dialers", "ecm-dialers", ".o_action_manager"),
    Screen("gateways", "ecm-sms-gateways", ".o_action_manager"),
    Screen("region-rules", "outbound-region-rules", LIST),
    Screen("wrap-ups", "outbound-wrap-ups", LIST),
)

# As an agent sees them, one after another: each goes on where the one before has ended.
AGENT_SCREENS = (
    Screen("desk", "outbound-desk", ".o_ecm_desk_home .badge", height=450),
    Screen("my-callbacks", "outbound-my-callbacks", LIST, height=450),
    Screen(
        "desk-card",
        "outbound-desk",
        ".o_ecm_desk_card",
        height=770,
        before=desk_story.take_card,
    ),
    Screen(
        "desk-skip",
        "outbound-desk",
        ".o_ecm_desk_card",
        height=560,
        clicks=(("button[name=skip]", ".o_ecm_desk_call fieldset"),),
    ),
    Screen(
        "desk-wrap-up",
        "outbound-desk",
        ".o_ecm_desk_choice",
        height=770,
        clicks=((".o_ecm_desk_choice:nth-of-type(2)", "input[name=callback_date]"),),
        before=desk_story.call_customer,
    ),
)
# The gadget is as narrow as a column of an agent's desktop.
GADGET_SIZE = (420, 880)
RING = "desk.ring({ callType: 'ACD_IN' }, '+493023125905', '1001')"


def take(
    screens: Sequence[Screen], agent_screens: Sequence[Screen], language: str, folder: Path
) -> list[str]:
    """Take a picture of each screen in a fresh demo.

    :param screens: as an administrator sees them
    :param agent_screens: as an agent sees them
    :param language: two letters; empty for English
    :return: screens that could not be opened, each with its reason
    """
    templates.new_database(DATABASE, demo=True)
    if language:
        _load_language(language)
    server = OdooServer(DATABASE, cron_threads=0)
    try:
        client = server.start().client()
        if language:
            client.call("res.users", "write", [client.user_id], {"lang": CODES[language]})
            client = server.client()
        _run_job(client, "Campaigns: Health")
        with browser.running(WIDTH) as page:
            page.log_in(server.url, client.session)
            failed = _take_all(page, client, screens, folder)

            desk_story.hire_agent(client, CODES.get(language, ""))
            agent = server.client(desk_story.LOGIN, desk_story.PASSWORD)
            desk_story.work_cards(client, agent, DATABASE)
            page.log_in(server.url, agent.session)
            failed += _take_all(page, agent, agent_screens, folder)
            _take_gadget(page, desk_story.open_gadget(client), folder)
    finally:
        server.stop()
        databases.drop(DATABASE)
    return failed


def _take_all(
    page: browser.Browser, client: WebClient, screens: Sequence[Screen], folder: Path
) -> list[str]:
    """:return: see `take`"""
    failed = []
    for screen in screens:
        try:
            _take_one(page, client, screen, folder)
        except (TimeoutError, LookupError) as error:
            failed.append(f"{screen.name}: {error}")
    return failed


def _take_one(page: browser.Browser, client: WebClient, screen: Screen, folder: Path) -> None:
    if screen.before:
        screen.before(client)
    address = f"{client.url}/odoo/{screen.path}"
    if screen.record:
        address += f"/{_find(client, screen)}"
    page.resize(WIDTH, screen.height)
    page.open(address, screen.ready)
    if screen.tab:
        page.click(f".nav-link[name={screen.tab}]", f".nav-link.active[name={screen.tab}]")
    for clicked, ready in screen.clicks:
        page.click(clicked, ready)
    _save(page, folder, screen.name)


def _take_gadget(page: browser.Browser, address: str, folder: Path) -> None:
    """The gadget of Finesse while a customer is on the phone."""
    page.resize(*GADGET_SIZE)
    page.open(address, "#ecm-list li")
    page.run(RING, "#ecm-form")
    page.click("#ecm-personal", "#ecm-slots button")
    _save(page, folder, "gadget")


def _save(page: browser.Browser, folder: Path, name: str) -> None:
    page.take_picture(folder / f"{name}.png")
    say(f"  {name}.png")


def _run_job(client: WebClient, name: str) -> None:
    """The server runs no scheduled actions, which would change what is to be seen."""
    # Names of scheduled actions are not translated here.
    jobs = client.call("ir.cron", "search", [("name", "=", name)], context={"lang": "en_US"})
    client.call("ir.cron", "method_direct_trigger", jobs)


def _find(client: WebClient, screen: Screen) -> int:
    found = client.call(screen.model, "search", [("name", "=", screen.record)], limit=1)
    if not found:
        raise LookupError(f"the demo has no {screen.record}")
    return int(found[0])


def _load_language(language: str) -> None:
    log = paths.LOGS / "screenshots.log"
    label = f"Loading {CODES[language]}"
    templates.run_odoo(label, log, "i18n", "loadlang", "-d", DATABASE, "-l", CODES[language])


def main() -> None:
    """Command line: a language, or none for English."""
    language = sys.argv[1] if len(sys.argv) > 1 else ""
    if language and language not in CODES:
        fail(f"Languages: {', '.join(CODES)}")
    try:
        cluster.ensure_running()
        odoo_command.write_conf()
        folder = paths.SCREENSHOTS / language if language else GUIDE_IMAGES
        failed = take(SCREENS, AGENT_SCREENS, language, folder)
    except SetupError as error:
        fail(str(error))
    for text in failed:
        say(text)
    if failed:
        raise SystemExit(1)
    say(f"Pictures: {folder}")


if __name__ == "__main__":
    main()

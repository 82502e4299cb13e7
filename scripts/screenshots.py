"""`make screenshots`: the guide's pictures (docs/guide/images), taken of the demo so that they stay
true. With ARGS=de, ar or fr the same screens in another language, in .build/screenshots.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import browser, cluster, databases, odoo_command, paths, templates
from .console import SetupError, fail, say
from .odoo_server import OdooServer
from .web_client import WebClient

GUIDE_IMAGES = paths.ROOT / "docs" / "guide" / "images"
DATABASE = "ecm_screenshots"
CODES = {"ar": "ar_001", "de": "de_DE", "fr": "fr_FR"}

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
    Screen("my-callbacks", "outbound-my-callbacks", ".o_action_manager"),
    Screen("health", "ecm-health", ".o_action_manager"),
    Screen("dialers", "ecm-dialers", ".o_action_manager"),
    Screen("gateways", "ecm-sms-gateways", ".o_action_manager"),
    Screen("region-rules", "outbound-region-rules", LIST),
    Screen("wrap-ups", "outbound-wrap-ups", LIST),
)


def take(screens: Sequence[Screen], language: str, folder: Path) -> list[str]:
    """Take a picture of each screen in a fresh demo.

    :param language: two letters; empty for English
    :return: screens that could not be opened, each with its reason
    """
    templates.new_database(DATABASE, demo=True)
    if language:
        _load_language(language)
    server = OdooServer(DATABASE, cron_threads=0)
    failed = []
    try:
        client = server.start().client()
        if language:
            client.call("res.users", "write", [client.user_id], {"lang": CODES[language]})
            client = server.client()
        _run_job(client, "Campaigns: Health")
        with browser.running() as page:
            page.log_in(server.url, client.session)
            for screen in screens:
                try:
                    _take_one(page, server.url, client, screen, folder)
                except (TimeoutError, LookupError) as error:
                    failed.append(f"{screen.name}: {error}")
    finally:
        server.stop()
        databases.drop(DATABASE)
    return failed


def _take_one(
    page: browser.Browser, url: str, client: WebClient, screen: Screen, folder: Path
) -> None:
    address = f"{url}/odoo/{screen.path}"
    if screen.record:
        address += f"/{_find(client, screen)}"
    page.open(address, screen.ready)
    if screen.tab:
        page.click(f".nav-link[name={screen.tab}]", f".nav-link.active[name={screen.tab}]")
    page.take_picture(folder / f"{screen.name}.png")
    say(f"  {screen.name}.png")


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
        failed = take(SCREENS, language, folder)
    except SetupError as error:
        fail(str(error))
    for text in failed:
        say(text)
    if failed:
        raise SystemExit(1)
    say(f"Pictures: {folder}")


if __name__ == "__main__":
    main()

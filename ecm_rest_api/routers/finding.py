"""One record by its id, and pages of many."""

from odoo.fields import Domain

from ..tools import cursors
from ..tools.problems import Problem


def find(model, record_id, text, domain=Domain.TRUE):
    """A record that the caller may see, archived or not.

    :param str text: what to say where there is none
    :raise Problem: there is none, or it is somebody else's: nobody learns which
    """
    within = Domain("id", "=", record_id) & domain
    record = model.with_context(active_test=False).search(within, limit=1)
    if not record:
        raise Problem("not-found", text)
    return record.with_context(active_test=True)


def take_page(model, domain, page):
    """Rows of a page in the order of their ids, so that those that come meanwhile are at the end.

    :param page: ``dependencies.Page``
    :return: the records, and the cursor of the next page or None
    :raise Problem: the cursor is none of ours
    """
    if page.cursor:
        domain &= Domain("id", ">", read_cursor(model.env, page.cursor))
    records = model.search(domain, order="id", limit=page.limit + 1)
    found = records[: page.limit]
    following = cursors.encode(found[-1].id) if len(records) > page.limit else None
    return found, following


def read_cursor(env, cursor):
    """:return: the last id of the page before, 0 for none
    :raise Problem: it is none of ours
    """
    if not cursor:
        return 0
    try:
        [last_id] = cursors.decode(cursor, int)
    except ValueError as error:
        text = env._("Give back next_cursor of the page before, as it is.")
        raise Problem("invalid", text, field="cursor") from error
    # What is beyond all ids ends the list.
    return max(0, min(last_id, 2**31 - 1))

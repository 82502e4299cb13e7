"""Which scripts a browser may fill in: kept in its session (requirement R10). No Odoo."""

from __future__ import annotations

from collections.abc import Mapping

# A session is a small file: an agent has few calls at a time.
KEPT_AT_MOST = 50


def grant(grants: Mapping[str, float], sheet_id: int, until: float, now: float) -> dict[str, float]:
    """The grants with one more; those that are over are left out.

    :param grants: ``{id of the sheet: until when}``, in seconds since 1970, as sessions keep them
    """
    own = str(sheet_id)
    standing = [(end, key) for key, end in grants.items() if end > now and key != own]

    # Those that last longest, and room for one more.
    latest = sorted(standing)[1 - KEPT_AT_MOST :]
    kept = {key: end for end, key in latest}
    return {**kept, own: until}


def is_granted(grants: Mapping[str, float], sheet_id: int, now: float) -> bool:
    """Whether a sheet may be filled in."""
    return grants.get(str(sheet_id), 0) > now

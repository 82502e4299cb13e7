"""Odoo's times are naive UTC; those of the API say so."""

from datetime import UTC, datetime


def as_utc(moment: datetime | None) -> datetime | None:
    """
    >>> as_utc(datetime(2026, 11, 29, 8)).isoformat()
    '2026-11-29T08:00:00+00:00'
    """
    return moment.replace(tzinfo=UTC) if moment else None


def as_naive(moment: datetime | None) -> datetime | None:
    """
    :param moment: with a zone; without one it is UTC

    >>> as_naive(datetime.fromisoformat("2026-11-29T09:00:00+01:00")).isoformat()
    '2026-11-29T08:00:00'
    """
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def as_text(moment: datetime | None) -> str | None:
    """
    >>> as_text(datetime(2026, 11, 29, 8))
    '2026-11-29T08:00:00Z'
    """
    return f"{moment.isoformat()}Z" if moment else None

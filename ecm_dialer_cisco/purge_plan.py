"""When finished contacts are deleted at a dialer (requirement F7), free of records."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

NEVER, DAILY, INTERVAL = "never", "daily", "interval"

# What could not be purged is tried again so much later: a list there may be long.
TRY_AGAIN = timedelta(hours=1)


@dataclass(frozen=True)
class PurgePlan:
    """
    :param schedule: `NEVER`, `DAILY` at `hour`, or `INTERVAL` each `hours`
    :param hour: of the day, such as 3.5 for half past three
    :param zone: name of the zone whose clock `hour` is on
    """

    schedule: str
    hour: float = 3.0
    hours: int = 6
    zone: str = "UTC"

    def following(self, now: datetime) -> datetime | None:
        """The next time after a moment.

        >>> PurgePlan(DAILY, 3.5, zone="Europe/Berlin").following(datetime(2026, 7, 1, 2))
        datetime.datetime(2026, 7, 2, 1, 30)
        >>> PurgePlan(INTERVAL, hours=4).following(datetime(2026, 7, 1, 2))
        datetime.datetime(2026, 7, 1, 6, 0)

        :param now: naive UTC
        :return: naive UTC; None for never
        """
        if self.schedule == DAILY:
            return self._following_day(now)
        if self.schedule == INTERVAL:
            return now + timedelta(hours=self.hours)
        return None

    def again(self, now: datetime) -> datetime | None:
        """When it is tried again after it could not be done."""
        following = self.following(now)
        return following and min(following, now + TRY_AGAIN)

    def _following_day(self, now: datetime) -> datetime:
        zone, minutes = ZoneInfo(self.zone), round(60 * self.hour)
        at = time(minutes // 60 % 24, minutes % 60)
        today = now.replace(tzinfo=UTC).astimezone(zone).date()
        # Clocks that are set back come to it twice: once is enough.
        for days in (0, 1):
            local = datetime.combine(today + timedelta(days=days), at, zone)
            moment = local.astimezone(UTC).replace(tzinfo=None)
            if moment > now:
                break
        return moment

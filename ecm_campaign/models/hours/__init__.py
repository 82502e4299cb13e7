from . import (
    ecm_calling_hours,
    ecm_holiday,
    ecm_holiday_region,
    resource_calendar,
)

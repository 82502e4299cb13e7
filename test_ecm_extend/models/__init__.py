from . import (
    letter,
    quiet_period,
    echo_dialer,
    address_book,
    channel_report,
    office_routes,
)

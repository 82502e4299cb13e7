from . import (
    shared,
    erasure,
    strategy,
    hours,
    regions,
    forecast,
    campaign,
    contact_list,
    contact,
    engine,
    dnc,
    health,
)

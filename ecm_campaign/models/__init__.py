from . import (
    shared,
    strategy,
    regions,
    forecast,
    campaign,
    contact_list,
    contact,
    engine,
    dnc,
)

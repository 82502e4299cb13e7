from . import (
    ecm_region_rule,
)

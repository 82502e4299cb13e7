from . import (
    ecm_transaction_mixin,
    ecm_engine_fields_mixin,
    ecm_lockable_part_mixin,
    ecm_secret_mixin,
)

from . import (
    ecm_transaction_mixin,
    ecm_secret_mixin,
)

from . import (
    ecm_all_companies_mixin,
    ecm_copy_name_mixin,
    ecm_day_windows_mixin,
    ecm_transaction_mixin,
    ecm_counter_mixin,
    ecm_exported_mixin,
    ecm_engine_fields_mixin,
    ecm_lockable_part_mixin,
    ecm_logged_mixin,
    ecm_secret_mixin,
    res_config_settings,
    ecm_results_mixin,
)

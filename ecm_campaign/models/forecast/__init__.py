from . import (
    ecm_campaign_forecast,
    ecm_forecast_reader,
    ecm_dry_run,
    ecm_dry_run_rate,
    ecm_dry_run_wrap_up,
    ecm_dry_run_line,
    ecm_dry_run_group,
)

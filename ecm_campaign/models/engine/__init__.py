from . import (
    ecm_feed_target,
    ecm_engine,
    ecm_engine_gates,
    ecm_engine_hours,
    ecm_engine_results,
    ecm_engine_dnc,
    ecm_engine_pacing,
    ecm_engine_expiry,
    ecm_engine_chain,
    ecm_engine_explain,
    ecm_engine_selection,
    ecm_engine_dry_run,
)

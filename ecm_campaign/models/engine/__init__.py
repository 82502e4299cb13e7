from . import (
    ecm_database_identity,
    gates,
    ecm_circuit_mixin,
    ecm_feed_owner,
    ecm_feed_target,
    ecm_engine_results,
    ecm_engine_sweep,
    ecm_engine_recall,
    ecm_engine_explain,
    ecm_engine,
)

from . import (
    ecm_export_columns,
    ecm_export,
    ecm_export_file,
)

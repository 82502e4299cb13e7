from . import (
    test_deletion,
    test_file_delivery,
    test_file_log,
    test_file_slices,
    test_global_list,
    test_import,
    test_import_duplicates,
    test_import_profile,
    test_import_repair,
    test_upload,
)

from . import fs_storage
from . import ecm_import_file
from . import ecm_import_folder
from . import ecm_import_database
from . import ecm_import_source
from . import ecm_health
from . import ecm_guide

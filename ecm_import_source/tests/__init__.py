from . import test_allowed
from . import test_database
from . import test_folder
from . import test_source

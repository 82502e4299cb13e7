from . import health, rejects, upload

from . import guide, health, rejects, upload

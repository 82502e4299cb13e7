def post_init_hook(env):
    """Give this database its own attempt-key prefix, and bind the keys to it."""
    env["ecm.attempt"]._renew_key_prefix(keep=False)
    env["ecm.database.identity"]._bind()

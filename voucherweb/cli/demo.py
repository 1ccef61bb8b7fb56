"""`demo load`."""

from flask.cli import AppGroup

from voucherweb.cli.command import Answer, command, settings, storage
from voucherweb.demo import load

demo = AppGroup("demo", help="Data to look around with.")


@command(demo, "load")
def load_demo() -> Answer:
    """Fill an empty database with tenants, vouchers, members and months of history.

    The accounts are written to demo-accounts.json in DATA_DIR. Production refuses to start with
    such accounts.
    """
    return load(settings(), storage())

"""The WSGI application, `app:app`; run as a program, the whole embedded system.

`python app.py` must not create the application: it needs the engines that the supervisor starts.
"""

if __name__ == "__main__":
    from voucherweb.embedded.supervisor import main

    raise SystemExit(main())

import gc

from voucherweb import create_app
from voucherweb.config import SettingsError, load_settings
from voucherweb.embedded.attach import attached_environment
from voucherweb.embedded.binaries import EngineError

try:
    app = create_app(load_settings(attached_environment()))
except (SettingsError, EngineError) as error:
    # A sentence for whoever starts it; a traceback would hide it.
    raise SystemExit(f"voucherweb: {error}") from None

# What is there now stays for good: looked through again and again, it would hold up a request for
# a quarter of a second now and then.
gc.collect()
gc.freeze()

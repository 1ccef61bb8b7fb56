"""The WSGI application, `app:app`; run as a program, the whole embedded system.

`python app.py` must not create the application: it needs the engines that the supervisor starts.
"""

if __name__ == "__main__":
    from voucherweb.embedded.supervisor import main

    raise SystemExit(main())

from voucherweb import create_app
from voucherweb.config import SettingsError, load_settings
from voucherweb.embedded.attach import attached_environment
from voucherweb.embedded.binaries import EngineError

try:
    app = create_app(load_settings(attached_environment()))
except (SettingsError, EngineError) as error:
    # A sentence for whoever starts it; a traceback would hide it.
    raise SystemExit(f"voucherweb: {error}") from None

"""The WSGI application, `app:app`; run as a program, the whole embedded system.

`python app.py` must not create the application: it needs the engines that the supervisor starts.
"""

if __name__ == "__main__":
    from voucherweb.embedded.supervisor import main

    raise SystemExit(main())

import gc

from voucherweb import create_app
from voucherweb.config import load_settings
from voucherweb.embedded.attach import attached_environment, told_in_a_sentence

with told_in_a_sentence():
    app = create_app(load_settings(attached_environment()))

# What is there now stays for good: looked through again and again, it would hold up a request for
# a quarter of a second now and then.
gc.collect()
gc.freeze()

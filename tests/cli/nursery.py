"""Programs without the seconds of their imports: one interpreter that has imported everything and
runs each command in a fork of itself, with its own stdin, stdout and stderr.

Orders come as lines of JSON on stdin, `{"argv": […], "stdin", "stdout", "stderr": paths}`; each is
answered by the exit code.
"""

import json
import os
import sys
import traceback
from typing import Any, NoReturn

import flask.cli

import voucherweb.application  # noqa: F401 - its imports are what takes the time.


def become(order: dict[str, Any]) -> NoReturn:
    for number, (name, flags) in enumerate(
        [("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY), ("stderr", os.O_WRONLY)]
    ):
        os.dup2(os.open(order[name], flags | os.O_CREAT), number)
    sys.stdin, sys.stdout, sys.stderr = (open(0), open(1, "w"), open(2, "w"))  # noqa: SIM115
    sys.argv = order["argv"]
    code: object = 1
    try:
        flask.cli.main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as an interpreter does at its end.
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def main() -> None:
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if child == 0:
            become(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer.


if __name__ == "__main__":
    main()

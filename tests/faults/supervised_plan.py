"""Run as a program: a supervisor whose process table is made of small stand-ins.

The stand-ins write their process ids into DATA_DIR, and the order in which they were stopped.
"""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from voucherweb.config import environment, load_engine_settings
from voucherweb.embedded.console import Console
from voucherweb.embedded.first_start import is_empty
from voucherweb.embedded.process_table import Process
from voucherweb.embedded.supervisor import Plan, Supervisor, exit_code_of

COMMON = """
import os, signal, subprocess, sys, time
from pathlib import Path
data = Path(os.environ["DATA_DIR"])
def stand_by(name, farewell):
    (data / f"{name}.new").write_text(str(os.getpid()))
    (data / f"{name}.new").replace(data / f"{name}.pid")
    def leave(*_):
        with (data / "stopped").open("a") as file:
            file.write(f"{name}{farewell()} ")
        os._exit(0)
    signal.signal(signal.SIGTERM, leave)
"""
WEB = (
    COMMON
    + """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
server = HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready)
stand_by("web", lambda: "")
server.serve_forever()
"""
)
WORKER = (
    COMMON
    + """
import psycopg
def farewell():
    psycopg.connect(os.environ["DATABASE_URL"]).close()
    return ":database-answers"
# A job process in a session of its own escapes a signal to the worker's group.
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
job = subprocess.Popen(sleep, start_new_session=True)
(data / "grandchild.pid").write_text(str(job.pid))
stand_by("worker", farewell)
print("at work", flush=True)
while True:
    time.sleep(1)
"""
)
STUBBORN = (
    COMMON
    + """
stand_by("worker", lambda: "")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(600)
"""
)
MIGRATE = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS tenants (id int)")
    connection.execute("CREATE TABLE IF NOT EXISTS admins (id int)")
print("the schema is there")
"""
DEMO = """
import json, os, psycopg
from pathlib import Path
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute("INSERT INTO tenants VALUES (1)")
accounts = [{"account": "admin@example.test", "password": "secret-of-the-demo"}]
(Path(os.environ["DATA_DIR"]) / "demo-accounts.json").write_text(json.dumps(accounts))
print("the demo is there")
"""


def program(name: str, code: str, rank: int = 0, grace: float = 10.0) -> Process:
    return Process(name, (sys.executable, "-c", code), stop_rank=rank, grace_seconds=grace)


def main(kind: str) -> int:
    migrate = "raise SystemExit(7)" if kind == "broken" else MIGRATE
    worker = STUBBORN if kind == "stubborn" else WORKER
    plan = Plan(
        load_engine_settings(),
        environment(),
        prepare=(
            program("migrate", migrate),
            replace(program("demo", DEMO), needed=is_empty),
        ),
        serve=(program("web", WEB), program("worker", worker, rank=1, grace=1.0)),
    )
    console = Console(["migrate", "demo", "web", "worker"])
    return exit_code_of(lambda: Supervisor(plan, console).run())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

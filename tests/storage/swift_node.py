"""One OpenStack Swift node in one process: account, container, object and S3 proxy servers.

Run as `python swift_node.py DIRECTORY ACCESS_KEY SECRET_KEY`. It binds four free loopback ports,
builds one-replica rings for them, prints `READY <proxy port>` and serves until it is terminated.
Swift runs here from its own paste configuration, so what the tests meet is what operators deploy.
"""

import sys
from pathlib import Path
from textwrap import dedent

import eventlet

eventlet.monkey_patch()

from eventlet import tpool, wsgi  # noqa: E402 - Eventlet must patch the library before Swift loads it.
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.utils import NullLogger, set_swift_dir  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402

PROXY = """
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth bulk slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{user} = {secret} .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
concurrency = 1
"""


def write_config(root: Path, name: str, body: str) -> Path:
    """A paste file whose DEFAULT section points every server at this directory."""
    head = f"""
    [DEFAULT]
    swift_dir = {root}
    devices = {root}/devices
    mount_check = false
    log_level = CRITICAL
    disable_fallocate = true
    recon_cache_path = {root}/recon
    """
    path = root / f"{name}.conf"
    path.write_text(dedent(head) + body, encoding="utf-8")
    return path


def build_ring(root: Path, name: str, port: int) -> None:
    builder = RingBuilder(part_power=2, replicas=1, min_part_hours=0)
    builder.add_dev(
        {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1}
    )
    builder.rebalance()
    builder.get_ring().save(str(root / f"{name}.ring.gz"))


def serve(socket: object, app: object) -> None:
    eventlet.spawn(
        wsgi.server,
        socket,
        app,
        NullLogger(),
        protocol=SwiftHttpProtocol,
        capitalize_response_headers=False,
        keepalive=True,
        debug=False,
    )


def main(root: Path, access_key: str, secret: str) -> None:
    for name in ("devices/d1", "recon"):
        (root / name).mkdir(parents=True)
    (root / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = s\nswift_hash_path_prefix = p\n", encoding="utf-8"
    )
    sockets = {
        name: eventlet.listen(("127.0.0.1", 0))
        for name in ("account", "container", "object", "proxy")
    }
    for name in ("account", "container", "object"):
        build_ring(root, name, sockets[name].getsockname()[1])
    set_swift_dir(str(root))
    for name in ("account", "container", "object"):
        conf = write_config(root, name, f"[app:main]\nuse = egg:swift#{name}\n")
        serve(sockets[name], loadapp(str(conf), {"log_name": name}))
    account, _, user = access_key.partition(":")
    conf = write_config(root, "proxy", PROXY.format(account=account, user=user, secret=secret))
    serve(sockets["proxy"], loadapp(str(conf), {"log_name": "proxy"}))
    sys.stdout.write(f"READY {sockets['proxy'].getsockname()[1]}\n")
    sys.stdout.flush()
    # The parent holds our stdin: when it goes away, however it died, so do we.
    tpool.execute(sys.stdin.read)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])

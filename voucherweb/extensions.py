"""The Flask extensions, made once and bound to an application by `create_app`."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
migrate = Migrate(compare_type=True)
limiter = Limiter(get_remote_address, default_limits=[], headers_enabled=True)

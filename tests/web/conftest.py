"""Who visits the pages, unless a file tells of somebody else."""

import pytest
from flask import Flask

from tests.support.cast import Caller
from tests.support.site import Visitor, make_visitor, tenant_visitor


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """An admin of a new tenant that has quota."""
    return tenant_visitor(app)


@pytest.fixture
def site(app: Flask, admin: Caller) -> Visitor:
    """The browser of the tenant whose vouchers `admin` issues."""
    return make_visitor(app, "TENANT_ADMIN", admin.tenant_id)

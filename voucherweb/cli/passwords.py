"""Passwords come through stdin, never as an argument that the process list would show."""

import sys

from voucherweb.errors import invalid


def read_password() -> str:
    """The first line of stdin without its end; raises INVALID_PARAMETER when there is none."""
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError as error:
        raise invalid("password", "is not UTF-8", "不是 UTF-8") from error
    password = line.removesuffix("\n").removesuffix("\r")
    if not password:
        raise invalid("password", "no password came on stdin", "標準輸入沒有密碼")
    return password

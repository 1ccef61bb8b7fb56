"""What every operator's command shares: `--json`, one answer on stdout, failures in one shape.

A callback returns its answer as a dict (or an `Outcome`); it never prints. With `--json` stdout
gets exactly one JSON object, also on failure: `{"error": {"code", "message", "details"}}`. The
sentence for people always goes to stderr. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
"""

import json
import locale
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import click
from flask import current_app
from flask.cli import AppGroup
from psycopg import OperationalError
from psycopg.errors import UndefinedColumn, UndefinedFunction, UndefinedTable
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from voucherweb.config import Settings
from voucherweb.embedded.first_start import is_behind
from voucherweb.errors import ERRORS, Detail, ErrorCode, Refusal
from voucherweb.storage.protocol import Storage

Answer = Mapping[str, Any]
Callback = TypeVar("Callback", bound=Callable[..., Any])
_JSON_FLAG = "--json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer that is given although the command ends with exit code 1. `lines` tell people the
    same where naming each value would not."""

    answer: Answer
    exit_code: int = 1
    lines: Sequence[str] = ()


class OperatorCommand(click.Command):
    """A command that answers instead of printing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        flag = click.Option(
            [_JSON_FLAG, "as_json"],
            is_flag=True,
            expose_value=False,
            help="Print one JSON object on stdout.",
        )
        self.params.append(flag)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        as_json = _JSON_FLAG in args
        try:
            context = super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            if as_json:
                _echo_error(ERRORS["INVALID_PARAMETER"], _usage_details(error))
            raise
        context.meta[__name__] = as_json
        return context

    def invoke(self, ctx: click.Context) -> Any:
        as_json = bool(ctx.meta[__name__])
        try:
            result = super().invoke(ctx)
        except Refusal as refusal:
            _fail(refusal.error, refusal.details, as_json=as_json)
        except (DBAPIError, PoolTimeout, RedisError) as error:
            if not _is_away(error):
                _fail_surprised(as_json=as_json)
                raise
            click.echo(_cause(error), err=True)
            _fail(ERRORS["UNAVAILABLE"], (), as_json=as_json)
        except click.ClickException as error:
            if as_json:
                _echo_error(ERRORS["INVALID_PARAMETER"], _usage_details(error))
            raise
        except Exception:
            _fail_surprised(as_json=as_json)
            raise
        outcome = result if isinstance(result, Outcome) else Outcome(result, exit_code=0)
        _show(outcome, as_json=as_json)
        ctx.exit(outcome.exit_code)


def command(group: AppGroup, name: str) -> Callable[[Callback], click.Command]:
    """Add a callback to a group as an `OperatorCommand` inside the application's context."""

    def add(callback: Callback) -> click.Command:
        added: click.Command = group.command(name, cls=OperatorCommand)(callback)
        return added

    return add


def settings() -> Settings:
    """The settings of the application that the command runs in."""
    found: Settings = current_app.extensions["settings"]
    return found


def storage() -> Storage:
    """Its object store."""
    found: Storage = current_app.extensions["storage"]
    return found


def is_chinese() -> bool:
    """Failures are told in the language of the operator's locale."""
    language = locale.getlocale()[0] or ""
    return language.lower().startswith(("zh", "chinese"))


def _sentence(error: ErrorCode, details: Sequence[Detail]) -> str:
    chinese = is_chinese()
    lines = [f"  {one.field}: {one.zh if chinese else one.en}" for one in details]
    return "\n".join([error.zh if chinese else error.en, *lines])


def _echo_error(error: ErrorCode, details: Sequence[Detail]) -> None:
    chinese = is_chinese()
    told = [{"field": one.field, "reason": one.zh if chinese else one.en} for one in details]
    message = error.zh if chinese else error.en
    _echo_json({"error": {"code": error.code, "message": message, "details": told}})


def _fail(error: ErrorCode, details: Sequence[Detail], *, as_json: bool) -> NoReturn:
    if as_json:
        _echo_error(error, details)
    click.echo(_sentence(error, details), err=True)
    raise click.exceptions.Exit(1)


def _fail_surprised(*, as_json: bool) -> None:
    """The exception itself follows on stderr, with its traceback: somebody has to repair this."""
    if as_json:
        _echo_error(ERRORS["INTERNAL"], ())


def _is_away(error: Exception) -> bool:
    """Whether the engine cannot be used now, rather than having said something unexpected."""
    if not isinstance(error, DBAPIError):
        return True
    return isinstance(error.orig, OperationalError) or _is_behind(error.orig)


def _is_behind(told: BaseException | None) -> bool:
    """Whether something is not there because migrations are missing, and not by our mistake."""
    missing = isinstance(told, UndefinedTable | UndefinedColumn | UndefinedFunction)
    return missing and is_behind(settings().libpq_url)


def _cause(error: Exception) -> str:
    told = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(told, OperationalError | RedisError | PoolTimeout):
        return "The database is not that of this release: run `flask --app app db upgrade` first."
    return str(told).strip()


def _usage_details(error: click.ClickException) -> list[Detail]:
    parameter = getattr(error, "param", None)
    name = parameter.name if parameter is not None and parameter.name else "command"
    return [Detail(name, error.format_message(), error.format_message())]


def _show(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        _echo_json(outcome.answer)
        return
    named = [f"{name}: {_text(value)}" for name, value in outcome.answer.items()]
    for line in outcome.lines or named:
        click.echo(line)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _echo_json(value: Answer) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))

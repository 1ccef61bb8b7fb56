"""Let `flask --app app …` find its engines when nobody gave it their URLs."""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from voucherweb.config import SettingsError, environment, load_engine_settings
from voucherweb.embedded.binaries import EngineError, as_mode
from voucherweb.embedded.engines import EngineOptions, EngineUrls, engines_for, running_engines


@contextmanager
def told_in_a_sentence() -> Iterator[None]:
    """End the program with a sentence, not a traceback, when a setting or an engine is wrong."""
    try:
        yield
    except (SettingsError, EngineError) as error:
        raise SystemExit(f"voucherweb: {error}") from None


def attached_environment() -> dict[str, str]:
    """The environment, with the URLs of the engines of this DATA_DIR where none are given.

    A running instance's engines are used; without one they are started and stopped when the
    command ends. In production nothing is ever started by the way: there the missing setting
    stays missing, and `load_settings` names it. Raises `EngineError`.
    """
    environ = environment()
    given = load_engine_settings(environ)
    if given.database_url and given.redis_url:
        return environ
    if given.production:
        found = running_engines(given.data_dir)
    else:
        found = _for_this_process(
            EngineOptions(
                given.data_dir, as_mode(given.engines), given.database_url, given.redis_url
            )
        )
    return with_urls(environ, found) if found else environ


def _for_this_process(options: EngineOptions) -> EngineUrls:
    undo = ExitStack()
    found = undo.enter_context(engines_for(options))
    atexit.register(undo.close)
    return found


def with_urls(environ: dict[str, str], urls: EngineUrls) -> dict[str, str]:
    """`environ` plus the URLs, but where it names one itself, directly or by a `_FILE`."""
    ours = {"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url}
    missing = {
        name: url
        for name, url in ours.items()
        if not environ.get(name) and not environ.get(f"{name}_FILE")
    }
    return {**environ, **missing}

"""JSON Schemas of bodies and answers, told as the wire has them (behaviour §1).

pydantic describes its Python side. The wire is more lenient on the way in (numbers and truth
values also as text, `null` = absent) and stricter on the way out (a missing value is left out).
"""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

Schema = dict[str, Any]

REF = "#/components/schemas/"
WHOLE_TEXT = {"type": "string", "pattern": r"^\s*[+-]?[0-9]{1,20}(\.0+)?\s*$"}
NUMBER_TEXT = {"type": "string", "pattern": r"^\s*[+-]?[0-9]{1,20}(\.[0-9]{1,20})?\s*$"}
TRUTH_WORDS = ["true", "false", "1", "0", "yes", "no", "on", "off", "t", "f", "y", "n", 1, 0]
NULL = {"type": "null"}
BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def object_of(**properties: Schema) -> Schema:
    """An object that has all of these properties."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def examples_of(named: Iterable[tuple[str, Any]]) -> Schema:
    return {name: {"value": value} for name, value in named}


class Schemas:
    """The components of a document, and how each model is referred to. Answers leave missing
    values out, or with `nulls` tell them as null."""

    def __init__(
        self,
        bodies: Iterable[type[BaseModel]],
        answers: Iterable[type[BaseModel]],
        *,
        nulls: bool = False,
    ):
        self.components: dict[str, Schema] = {}
        self._names: dict[type[BaseModel], str] = {}
        self._add(bodies, "validation", _lenient)
        self._add(answers, "serialization", _refs if nulls else _strict)

    def ref(self, model: type[BaseModel]) -> Schema:
        return {"$ref": REF + self._names[model]}

    def _add(self, models: Iterable[type[BaseModel]], mode: Any, shape: Any) -> None:
        unique = sorted(set(models), key=lambda model: (model.__module__, model.__name__))
        refs, defined = models_json_schema(
            [(model, mode) for model in unique], ref_template=REF + "{model}"
        )
        for name, schema in defined.get("$defs", {}).items():
            told = {key: value for key, value in schema.items() if key != "description"}
            self.components[_short(name)] = {"title": _short(name), **shape(told)}
        for model in unique:
            self._names[model] = _short(refs[model, mode]["$ref"].removeprefix(REF))


def _short(name: str) -> str:
    """`voucherweb__api__member__shop__IdBody`, as pydantic tells twins apart, is `shop.IdBody`."""
    *path, last = name.split("__")
    return f"{path[-1]}.{last}" if path else last


def _refs(schema: Any) -> Any:
    """The same schema with shortened references, without pydantic's titles and null defaults."""
    if isinstance(schema, list):
        return [_refs(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: value
        for key, value in schema.items()
        if key not in {"title", "default"} or _told(key, value)
    }
    if "$ref" in kept:
        kept["$ref"] = REF + _short(kept["$ref"].removeprefix(REF))
    return {key: _given(value) if key == "default" else _refs(value) for key, value in kept.items()}


def _given(default: Any) -> Any:
    if not isinstance(default, dict):
        return default
    return {key: value for key, value in default.items() if value is not None}


def _told(key: str, value: Any) -> bool:
    """Property names may be `title` too; a default that is nothing is not worth telling."""
    if key == "title":
        return isinstance(value, dict)
    if isinstance(value, dict):
        return any(one is not None for one in value.values())
    return value is not None


def _lenient(schema: Schema) -> Schema:
    shaped: Schema = _refs(schema)
    required = shaped.get("required", [])
    if "properties" in shaped:
        shaped["properties"] = {
            name: _also(_accepted(one), *([] if name in required else [NULL]))
            for name, one in shaped["properties"].items()
        }
    return shaped


def _accepted(schema: Schema) -> Schema:
    """What may be sent for a value that pydantic describes so."""
    if "decimal_places" in schema:
        return _also(_amount(schema), NUMBER_TEXT)
    if "anyOf" in schema:
        options = [_accepted(one) for one in schema["anyOf"] if one != NULL]
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**_also(options[0], *options[1:]), **rest}
    if schema.get("type") == "integer":
        known = {BOUNDS.get(key, key): value for key, value in schema.items()}
        return _also({"format": "int64", **known}, WHOLE_TEXT)
    if schema.get("type") == "boolean":
        return _also(schema, {"enum": TRUTH_WORDS})
    if "items" in schema:
        return {**schema, "items": _accepted(schema["items"])}
    return schema


def _amount(schema: Schema) -> Schema:
    """The number of an amount, whose bounds pydantic spreads over two places."""
    number = next(one for one in schema["anyOf"] if one.get("type") == "number")
    bounds = {BOUNDS[key]: float(value) for key, value in schema.items() if key in BOUNDS}
    if "exclusiveMinimum" in number:
        bounds.pop("minimum", None)
    places = schema["decimal_places"]
    return {**number, "description": f"at most {places} decimals", **bounds}


def _also(schema: Schema, *others: Schema) -> Schema:
    """The schema or one of the others; default and description stay in front."""
    if not others:
        return schema
    front: Schema = {key: schema[key] for key in ("default", "description") if key in schema}
    options = [{key: value for key, value in schema.items() if key not in front}]
    if set(options[0]) == {"anyOf"}:
        options = options[0]["anyOf"]
    return {**front, "anyOf": [*options, *others]}


def _strict(schema: Schema) -> Schema:
    shaped: Schema = _refs(schema)
    if "properties" in shaped:
        shaped["properties"] = {
            name: _never_null(one) for name, one in shaped["properties"].items()
        }
    return shaped


def _never_null(schema: Schema) -> Schema:
    if "anyOf" not in schema:
        return schema
    options = [one for one in schema["anyOf"] if one != NULL]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**options[0], **rest} if len(options) == 1 else {"anyOf": options, **rest}


def query_parameters(model: type[BaseModel]) -> list[Schema]:
    """The parameters of a query string, whose fields are the model's."""
    shaped: Schema = _refs(model.model_json_schema(mode="validation"))
    required = shaped.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _in_query(one)}
        for name, one in shaped.get("properties", {}).items()
    ]


def _in_query(schema: Schema) -> Schema:
    """There is no null in a query string, and every number is text anyway."""
    plain = _never_null(schema)
    return {BOUNDS.get(key, key): value for key, value in plain.items()}

"""Types of the answers: what is a number, an instant or an amount on the wire (contract A)."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

from voucherweb.domain import clock


class Data(BaseModel):
    """A JSON object of an answer: camelCase on the wire, missing values left out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    def wire(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, exclude_none=True)


Timestamp = Annotated[
    datetime,
    PlainSerializer(clock.to_millis, return_type=int),
    WithJsonSchema({"type": "integer", "format": "int64", "description": "epoch milliseconds"}),
]
Number = Annotated[
    Decimal, PlainSerializer(float, return_type=float), WithJsonSchema({"type": "number"})
]

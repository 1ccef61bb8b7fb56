"""Bodies of list calls: query, pagination, sorter — whitelisted and bounded (behaviour §1)."""

from typing import Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from voucherweb.api.envelope import Page, Sorter
from voucherweb.api.parsing import Body, Integer
from voucherweb.domain.paging import MAX_PAGE_SIZE, PageRequest, SortSpec
from voucherweb.errors import invalid


class PaginationBody(Body):
    """`pageSize` -1 asks for all rows, up to 10,000."""

    current: Integer = Field(default=1, ge=1, le=10**9)
    page_size: Integer = Field(default=10, ge=-1, le=MAX_PAGE_SIZE)

    @field_validator("page_size")
    @classmethod
    def _not_zero(cls, value: int) -> int:
        if value == 0:
            raise PydanticCustomError("page_size", "must not be 0", {"zh": "不可為 0"})
        return value


class SorterBody(Body):
    field: str | None = None
    order: Literal["asc", "desc"] | None = None


class ListBody(Body):
    """The parts that every list call shares; subclasses add their typed `query`."""

    pagination: PaginationBody = PaginationBody()
    sorter: SorterBody = SorterBody()

    def page_request(self, sort: SortSpec) -> PageRequest:
        """The page and order asked for; raises INVALID_PARAMETER for an unknown field."""
        name = self.sorter.field or sort.default_field
        if name not in sort.fields:
            listed = ", ".join(sort.fields)
            raise invalid("sorter.field", f"must be one of {listed}", f"必須是 {listed} 之一")
        return PageRequest(
            current=self.pagination.current,
            size=self.pagination.page_size,
            field=name,
            descending=(self.sorter.order or sort.default_order) == "desc",
        )


def page(rows: list[dict[str, object]], total: int, asked: PageRequest) -> Page:
    order = "desc" if asked.descending else "asc"
    return Page(rows, total, asked.current, asked.size, Sorter(asked.field, order))

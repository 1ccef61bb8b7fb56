"""Contract A §取得上傳網址."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from voucherweb.api.answers import Data
from voucherweb.api.endpoint import TENANT, endpoint
from voucherweb.api.management.blueprint import blueprint
from voucherweb.api.parsing import Body, Integer, checked_by
from voucherweb.api.pictures import storage
from voucherweb.domain.actor import Actor
from voucherweb.domain.texts import line_problem
from voucherweb.errors import Detail, invalid, refuse
from voucherweb.services import uploads
from voucherweb.storage.protocol import MAX_PARTS, PartSpec

MAX_PART_BYTES = 5 * 1024**3


class PartBody(Body):
    chunk_size: Integer = Field(ge=1, le=MAX_PART_BYTES)
    md5: str = Field(pattern=r"^[0-9A-Fa-f]{32}$")
    part: Integer = Field(ge=1, le=MAX_PARTS)


class UploadBody(Body):
    is_multipart: bool = False
    is_thumbnail: bool = False
    file_name: Annotated[str, AfterValidator(checked_by(line_problem))] = Field(
        min_length=1, max_length=50
    )
    file_type: str = Field(min_length=1, max_length=10)
    total_part: Integer | None = Field(default=None, ge=2, le=MAX_PARTS)
    parts: list[PartBody] | None = Field(default=None, max_length=MAX_PARTS)

    @field_validator("parts")
    @classmethod
    def _numbered(cls, parts: list[PartBody] | None, _info: ValidationInfo) -> object:
        if parts and sorted(one.part for one in parts) != list(range(1, len(parts) + 1)):
            raise PydanticCustomError(
                "parts", "must be numbered 1 to totalPart", {"zh": "編號須為 1 到 totalPart"}
            )
        return parts

    def specs(self) -> list[PartSpec] | None:
        """The parts of a multipart upload; raises INVALID_PARAMETER when they do not add up."""
        if not self.is_multipart:
            return None
        needed = {"totalPart": self.total_part, "parts": self.parts}
        missing = [Detail(name, "Field required", "必填") for name in needed if not needed[name]]
        if missing or not self.parts:
            raise refuse("INVALID_PARAMETER", missing)
        if len(self.parts) != self.total_part:
            raise invalid("parts", "must hold totalPart parts", "數量須等於 totalPart")
        ordered = sorted(self.parts, key=lambda one: one.part)
        return [PartSpec(one.part, one.md5, one.chunk_size) for one in ordered]


class PartData(Data):
    chunk_size: int
    md5: str
    part: int
    url: str


class UploadData(Data):
    object_key: str
    upload_id: str
    file_name: str
    file_type: str
    url: str | None = None
    parts: list[PartData] | None = None


@endpoint(
    blueprint,
    "POST",
    "/voucher/get-upload-url",
    roles=TENANT,
    body=UploadBody,
    data=UploadData,
    write=True,
    errors=("UPLOAD_FILE_TYPE_NOT_ALLOWED",),
    summary=("取得上傳網址", "Get an upload address"),
)
def get_upload_url(actor: Actor, body: UploadBody) -> dict[str, object]:
    specs = body.specs()
    address = uploads.open_upload(
        storage(),
        actor,
        is_thumbnail=body.is_thumbnail,
        file_name=body.file_name,
        file_type=body.file_type,
        parts=specs,
    )
    parts = [
        PartData(chunk_size=one.size, md5=given.md5, part=one.number, url=url)
        for one, given, url in zip(
            specs or (),
            sorted(body.parts or (), key=lambda one: one.part),
            address.part_urls,
            strict=False,
        )
    ]
    return UploadData(
        object_key=address.object_key,
        upload_id=address.upload_id,
        file_name=body.file_name,
        file_type=body.file_type,
        url=address.url,
        parts=parts or None,
    ).wire()

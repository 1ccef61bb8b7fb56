"""Where the parts of a workbook are: content types, relationships, the first visible sheet."""

import posixpath
from dataclasses import dataclass
from pathlib import Path

from voucherweb.errors import Refusal
from voucherweb.spreadsheets.archive import Archive
from voucherweb.spreadsheets.limits import MAX_DESCRIPTION, corrupt, unreadable
from voucherweb.spreadsheets.xml import Attributes, attribute, walk

_CONTENT_TYPES = "[Content_Types].xml"
_WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


@dataclass(frozen=True, slots=True)
class Package:
    """The parts that an import reads, and what the workbook says about all of its sheets."""

    archive: Archive
    workbook_part: str
    sheet_part: str
    sheet_index: int
    sheet_name: str
    strings_part: str | None
    styles_part: str | None
    date1904: bool


@dataclass(frozen=True, slots=True)
class _Relation:
    kind: str
    target: str


@dataclass(frozen=True, slots=True)
class _Sheet:
    index: int
    name: str
    relation_id: str
    visible: bool


def open_package(path: Path) -> Package:
    """Locate the first visible worksheet and what it needs.

    Raises `Refusal` IMPORT_FILE_NOT_READABLE: not .xlsx, encrypted, damaged, no worksheet.
    """
    archive = Archive(path)
    workbook = _workbook_part(archive)
    _refuse_other_content(archive, workbook)
    sheets, date1904 = _sheets(archive, workbook)
    relations = _relations(archive, workbook)
    shown = _first_shown(sheets, relations)
    return Package(
        archive,
        workbook,
        relations[shown.relation_id].target,
        shown.index,
        shown.name,
        _part_of_kind(relations, "sharedStrings"),
        _part_of_kind(relations, "styles"),
        date1904,
    )


def _not_xlsx() -> Refusal:
    return unreadable("This is not an .xlsx workbook", "這不是 .xlsx 檔案")


def _workbook_part(archive: Archive) -> str:
    if not archive.has(_CONTENT_TYPES) or not archive.has("_rels/.rels"):
        raise _not_xlsx()
    part = _part_of_kind(_relations(archive, ""), "officeDocument")
    if part is None:
        raise _not_xlsx()
    return part


def _refuse_other_content(archive: Archive, workbook: str) -> None:
    """Word files, macro workbooks and binary workbooks are zips with relations, too."""
    types: list[str | None] = []

    def start(name: str, found: Attributes) -> None:
        if name == "Override" and found.get("PartName", "").lower() == f"/{workbook}".lower():
            types.append(found.get("ContentType"))

    walk(_CONTENT_TYPES, archive.inflate(_CONTENT_TYPES, MAX_DESCRIPTION), start)
    if types != [_WORKBOOK_TYPE]:
        raise _not_xlsx()


def _relations(archive: Archive, source: str) -> dict[str, _Relation]:
    folder, name = posixpath.split(source)
    part = posixpath.join(folder, "_rels", f"{name}.rels")
    relations: dict[str, _Relation] = {}

    def start(name: str, found: Attributes) -> None:
        if name == "Relationship" and found.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, found.get("Target", "")))
            kind = found.get("Type", "").rpartition("/")[2]
            relations[found.get("Id", "")] = _Relation(kind, target.lstrip("/"))

    walk(part, archive.inflate(part, MAX_DESCRIPTION), start)
    return relations


def _part_of_kind(relations: dict[str, _Relation], kind: str) -> str | None:
    found = [relation.target for relation in relations.values() if relation.kind == kind]
    if len(found) > 1:
        raise corrupt(f"more than one {kind} part", f"內含多個 {kind} 部件")
    return found[0] if found else None


def _sheets(archive: Archive, workbook: str) -> tuple[list[_Sheet], bool]:
    sheets: list[_Sheet] = []
    properties: Attributes = {}

    def start(name: str, found: Attributes) -> None:
        if name == "sheet":
            visible = found.get("state", "visible") == "visible"
            relation_id = attribute(found, "id") or ""
            sheets.append(_Sheet(len(sheets), found.get("name", ""), relation_id, visible))
        elif name == "workbookPr":
            properties.update(found)

    walk(workbook, archive.inflate(workbook, MAX_DESCRIPTION), start)
    return sheets, properties.get("date1904") in {"1", "true"}


def _first_shown(sheets: list[_Sheet], relations: dict[str, _Relation]) -> _Sheet:
    for sheet in sheets:
        relation = relations.get(sheet.relation_id)
        if sheet.visible and relation is not None and relation.kind == "worksheet":
            return sheet
    raise unreadable("The workbook has no visible worksheet", "檔案中沒有可見的工作表")

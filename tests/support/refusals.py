"""Refusals: of contract A the code, of contract B also the shape and the fields that are named."""

from werkzeug.test import TestResponse

UNAUTHORIZED = (401, "UNAUTHORIZED")
NOT_FOUND = (404, "NOT_FOUND")


def code(answer: TestResponse) -> str:
    """The short name of a refusal of contract A."""
    name: str = answer.get_json()["errorMsg"].rpartition(".")[2]
    return name


def refusal(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a refusal of contract B, which tells its status and its request again."""
    body = answer.get_json()
    assert body["statusCode"] == answer.status_code, body
    assert body["requestId"]
    return answer.status_code, body["code"]


def refused(answer: TestResponse, status: int, code: str) -> set[str]:
    """The fields that a refusal of this status and code names."""
    assert refusal(answer) == (status, code), answer.get_data(as_text=True)
    return {one["field"] for one in answer.get_json().get("details", [])}


def wrong_fields(answer: TestResponse) -> set[str]:
    """The fields of a request that could not be."""
    return refused(answer, 400, "INVALID_PARAMETER")

"""What /schema says beyond the types: each operation in words, and every way in which it may say no."""

from litestar import Litestar
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation, Schema
from litestar.openapi.spec.enums import OpenAPIType

from siao.api.errors import MEDIA
from siao.core.refused import CONFLICT, STATUS, Refusal

TOO_LARGE = 413
TEXT, MAYBE = Schema(type=OpenAPIType.STRING), Schema(type=[OpenAPIType.STRING, OpenAPIType.NULL])
PROBLEM = Schema(
    title="Problem",
    type=OpenAPIType.OBJECT,
    description="RFC 9457, in the user's language. `field` names the field at fault, `about` the rows.",
    properties={
        "type": TEXT,
        "title": TEXT,
        "detail": TEXT,
        "code": TEXT,
        "status": Schema(type=OpenAPIType.INTEGER),
        "field": MAYBE,
        "about": Schema(type=OpenAPIType.ARRAY, items=TEXT),
        "facts": Schema(type=OpenAPIType.ARRAY, items=TEXT),
    },
    required=["type", "title", "detail", "code", "status", "field"],
)


def describe(app: Litestar) -> None:
    """Completes the application's own schema in place."""
    for path in (app.openapi_schema.paths or {}).values():
        for operation in (path.get, path.post, path.put, path.delete):
            if operation is not None:
                _summed_up(operation)
                operation.responses = {**(operation.responses or {}), **refusals()}


def _summed_up(operation: Operation) -> None:
    """The first sentence of what its function says."""
    operation.summary = (operation.description or "").partition(". ")[0].partition("\n")[0].rstrip(".") or operation.summary


def refusals() -> dict[str, OpenAPIResponse]:
    """One response for each status that a refusal can have, with the codes it stands for."""
    said: dict[int, list[str]] = {TOO_LARGE: ["http"]}
    for why in Refusal:
        said.setdefault(STATUS.get(why, CONFLICT), []).append(str(why))
    content = {MEDIA: OpenAPIMediaType(schema=PROBLEM)}
    return {
        str(status): OpenAPIResponse(description=f"Refused: {', '.join(codes)}", content=content) for status, codes in sorted(said.items())
    }

"""What entries of study.yml are made of: codes, words, shares, lists; each says what it takes."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def text_code(value: Any) -> str:
    """A code as it is compared with the data: 1, 1.0 and "1" are one code."""
    if isinstance(value, bool):
        raise ValueError(f"{value} is read as true or false; put quotes around it")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _listed(value: Any) -> Any:
    if not isinstance(value, list):
        raise ValueError(f"a list belongs here, e.g. [1, 2]; found {value!r}")
    return value


Code = Annotated[str, BeforeValidator(text_code)]
Codes = Annotated[tuple[Code, ...], BeforeValidator(_listed)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Words = str | dict[Literal["en", "vi"], str]
Share = Annotated[float, Field(ge=0, le=1)]


class Strict(BaseModel):
    """A block of study.yml: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

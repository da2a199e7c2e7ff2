"""What entries of study.yml are made of: codes, words, shares, lists; each says what it takes."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cxlib.language import languages


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


def pair(rule: str) -> BeforeValidator:
    """A list of two, or what `rule` says."""

    def two(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError(f"{rule}; found {value!r}")
        return value

    return BeforeValidator(two)


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"a number belongs here; {value} is read as true or false")
    return value


def _block(value: Any) -> Any:
    return {} if value is None else value


# A key with nothing behind it is a block without entries, as {} is; a key that is not there is its default.
Block = BeforeValidator(_block)
Number = Annotated[float, BeforeValidator(_no_truth)]
Whole = Annotated[int, BeforeValidator(_no_truth)]
Code = Annotated[str, BeforeValidator(text_code)]
Codes = Annotated[tuple[Code, ...], BeforeValidator(_listed)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Language = Literal[languages()]
Words = str | Annotated[dict[Language, str], Field(min_length=1)]
Share = Annotated[Number, Field(ge=0, le=1)]


class Strict(BaseModel):
    """A block of study.yml: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

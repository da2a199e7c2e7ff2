"""What stands where on a page, whatever its format: tables with their figures, levels of headings, bars of numbers."""

from itertools import groupby

from cxlib.report.document import Block, Chapter, Section


def groups(section: Section) -> list[list[Block]]:
    """The blocks that are shown as one: neighbouring numbers, neighbouring findings, a figure with its table.

    The table whose numbers a figure shows stands with it, or with the last such figure, if the section holds both.
    """
    owners = {b.data.get("data"): b for b in section.blocks if b.kind == "figure"}
    owned = {b.name: b for b in section.blocks if b.kind == "table" and b.name in owners}
    found = []
    free = [b for b in section.blocks if not (b.kind == "table" and b.name in owned)]
    for kind, neighbours in groupby(free, key=lambda block: block.kind):
        if kind in ("number", "finding"):
            found.append(list(neighbours))
        elif kind == "figure":
            found += [[b, owned[b.data["data"]]] if _shows(b, owners, owned) else [b] for b in neighbours]
        else:
            found += [[b] for b in neighbours]
    return found


def _shows(figure: Block, owners: dict[str, Block], owned: dict[str, Block]) -> bool:
    return figure.data.get("data") in owned and owners[figure.data["data"]] is figure


def levels(section: Section, above: int) -> list[tuple[Block, int]]:
    """The headings of a section with their levels, none left out on the way down from the one above them."""
    found = []
    for block in section.blocks:
        if block.kind == "heading":
            # A section's own heading is of the second level in its notebook.
            under = found[-1][1] if found else above
            found.append((block, min(max(block.data["level"] - 2, 1) + above, under + 1, 6)))
    return found


def place(number: dict) -> dict[str, float] | None:
    """Where value and interval of a number lie on its scale, in percent from the left; None without a scale."""
    low, high = number.get("least"), number.get("most")
    if None in (low, high, number["value"], number["low"], number["high"]) or low >= high:
        return None
    return {key: round(100 * (number[key] - low) / (high - low), 2) for key in ("value", "low", "high")}


def anchor(chapter: Chapter, block: Block) -> str:
    """The name of a published block within the document."""
    return f"{chapter.name}-{block.kind}-{block.name}"

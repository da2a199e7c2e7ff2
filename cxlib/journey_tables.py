"""Which tables of a study tell of journeys and of staying, as far as study.yml says."""

from cxlib.codebook import Codebook
from cxlib.language import tr

CONTACTS = {"customer", "when", "touchpoint", "stage"}


def has_journeys(book: Codebook) -> bool:
    """Whether there are contacts and a drawn map to hold them against."""
    if not {"events", "map"} <= set(book.tables):
        return False
    return set(book.tables["events"].keys) >= CONTACTS and {"stage", "order"} <= set(book.tables["map"].keys)


def has_stays(book: Codebook) -> bool:
    """Whether customers have the days on which they came and left."""
    return "customers" in book.tables and {"customer", "since", "left"} <= set(book.tables["customers"].keys)


def has_purchases(book: Codebook) -> bool:
    """Whether purchases name their customer and day."""
    return "sales" in book.tables and {"customer", "when"} <= set(book.tables["sales"].keys)


def lacking(book: Codebook) -> str:
    """Why there is nothing to tell of journeys or of staying, in words; empty where there is."""
    if has_journeys(book) or has_stays(book) or has_purchases(book):
        return ""
    return tr("the study has neither events with a map, nor customers with since and left, nor sales by customer")

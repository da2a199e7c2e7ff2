"""The words that a journey's tables have for places of their own, and those that a drawn map may name a place by."""

import pandas as pd

from cxlib.contact_log import UNKNOWN
from cxlib.language import noted, tr
from cxlib.transitions import END, START

# A map that speaks of phases and channels in these words is drawn and printed in the language of the report.
PHASES = (noted("before"), noted("during"), noted("after"))
CHANNELS = (noted("digital"), noted("traditional"))
PLACES = ("phase", "channel", "from", "to")  # columns that may hold them


def named(name) -> str:
    """A name of the data as a reader meets it: translated where it is a word of this module, else as it is."""
    return tr(name) if name in (*PHASES, *CHANNELS, UNKNOWN, START, END) else name


def in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with named() of phases, channels, and what is gone from and to."""
    return frame.assign(**{column: frame[column].map(named) for column in PLACES if column in frame})

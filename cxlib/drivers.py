"""What moves a metric: how much of it goes with each driver, and how sure that is."""

from cxlib.asymmetry import asymmetry
from cxlib.binary import binary
from cxlib.hazard import cox
from cxlib.importance import importance
from cxlib.linear import linear
from cxlib.offered import offered
from cxlib.ordinal import ordinal

__all__ = ["asymmetry", "binary", "cox", "importance", "linear", "ordinal"]
__getattr__, __dir__ = offered(__name__, __all__)

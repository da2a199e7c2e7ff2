"""The researcher's bench: live panels over the functions that make the report, one a chapter, and the study form.

Each takes a study and shows what its chapter would say under other settings, at once; "Use these settings" tells how
to keep them. Where nobody can move a control (papermill, nbconvert, nbval) a panel is its first answer, as plain HTML.
"""

from cxlib.explore.drivers_panel import drivers
from cxlib.explore.iceberg_panel import iceberg
from cxlib.explore.journey_panel import journey
from cxlib.explore.personas_panel import personas
from cxlib.explore.study_form import study
from cxlib.explore.survey_panel import survey

__all__ = ["drivers", "iceberg", "journey", "personas", "study", "survey"]

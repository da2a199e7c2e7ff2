"""The study's own files beside a report, where it is asked for: whoever has them can make the report again."""

import shutil
from pathlib import Path

from cxlib.errors import CxError
from cxlib.places import data_folder, sha256, study_file, study_files
from cxlib.report.plan import Plan
from cxlib.study_yml import read_codebook


def copy_study(plan: Plan, folder: Path) -> None:
    """Copy study.yml and all files of the study into a new folder that only its owner can read.

    They hold personal data, of everybody in the study. Raises CxError where one is no longer as the plan knows it.
    """
    places = plan.chapters[0].places
    file = study_file(places["study"])
    folder.mkdir(mode=0o700)
    for name, path in study_files(file, data_folder(file, places["data"]), read_codebook(file, plan.language)).items():
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        if sha256(copy) != plan.inputs.get(name):
            raise CxError(f"--with-data: {path} was changed while the report on it was made; make it again")

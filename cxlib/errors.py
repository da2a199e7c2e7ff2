"""Errors that a user can mend."""


class CxError(ValueError):
    """A fault in the user's data, study.yml or call: one sentence with file, place, offender and rule.

    `problems` lists every fault found, each (table, column, rows, rule, example), where there are several.
    Everything else that is raised is a bug of this project and surfaces as one.
    """

    exit_code = 1

    def __init__(self, message: str, problems=()):
        super().__init__(message)
        self.problems = list(problems)


class CommandError(CxError):
    """A command that cannot be understood: an unknown study, chapter or parameter."""

    exit_code = 2

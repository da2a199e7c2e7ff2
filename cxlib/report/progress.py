"""One progress bar over all reports of a run: how much is done, and what runs now."""

from tqdm import tqdm

BAR = "{percentage:3.0f}%|{bar:25}| {elapsed}<{remaining} {desc}"


class Progress:
    """A bar with a step for every chapter and two for what is made of them; drawn at a terminal alone."""

    def __init__(self, reports: list):
        self._left = {id(report): len(report.plan.chapters) + 2 for report in reports}
        self._reports, self._made, self._names = len(reports), 0, []
        self._bar = tqdm(total=sum(self._left.values()), disable=None, leave=False, bar_format=BAR)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error) -> None:
        self._bar.close()

    def began(self, name: str) -> None:
        """A task runs now."""
        self._names.append(name)
        self._tell()

    def ended(self, report, name: str) -> None:
        """A task of a report has ended."""
        self._names.remove(name)
        if self._left[id(report)]:
            self._left[id(report)] -= 1
            self._bar.update()
        self._tell()

    def done(self, report) -> None:
        """A report is finished or has failed; what it did not need to do is done, too."""
        self._made += 1
        self._bar.update(self._left[id(report)])
        self._left[id(report)] = 0
        self._tell()

    def _tell(self) -> None:
        of_all = f"{self._made} of {self._reports} reports; " if self._reports > 1 else ""
        self._bar.set_description_str(f"{of_all}{', '.join(self._names)}")

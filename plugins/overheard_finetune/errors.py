"""What the commands of this plugin say in place of a result."""

from overheard import OverheardError


class FolderUnwritable(OverheardError):
    """A folder of a dataset cannot be written."""

    message = "{file} cannot be written: {reason}; check its name and who may write there."

    file: object
    reason: str


class NothingToTeach(OverheardError):
    """There is neither a fact nor an approved answer."""

    message = (
        "There is nothing to teach about {brand}; add facts with facts add, or approve "
        "answers with dataset review."
    )

    brand: str


class PagesUnwritable(OverheardError):
    """The file with the hashes of pages cannot be used."""

    message = "{file} cannot be used: {reason}; name another file with --pages."

    file: object
    reason: str


class NothingAsked(OverheardError):
    """There is no question by which models can be compared."""

    message = "No question is asked for {brand}; add one with prompts add."

    brand: str


class DatasetUnfit(OverheardError):
    """A dataset breaks rules."""

    message = "The dataset for {brand} cannot be written. {problems}."

    def __init__(self, *, brand: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(brand=brand, problems="; ".join(problems))


class NotApproved(OverheardError):
    """An answer must not be taught."""

    message = "Answer {number} cannot be taught: {reason}; {remedy}."

    number: int
    reason: str
    remedy: str

"""Example comments, fit to be shown: masked, never of a word or two, cut at the end of a word."""

import re

import pandas as pd

from cxlib.masking import mask
from cxlib.tokens import languages

SHORTEST = 3  # words
LONGEST = 200  # letters

_WORD = re.compile(r"[^\W\d_]+")


def quotes(held: pd.DataFrame, comments: pd.Series, *, most: int = 3) -> pd.DataFrame:
    """The most typical comments of each group, masked, `most` of them at the most.

    `held` has columns comment (a label of the index of `comments`) and group, a row for each term of the group that
    the comment holds. Typical are those that hold most of these terms, the shorter first. Comments of fewer than three
    words are passed over, long ones cut at 200 letters, and none is shown twice in a group. Columns: group, comment;
    the groups in the order in which they come in `held`.
    """
    if held.empty:
        return pd.DataFrame(columns=["group", "comment"])
    number, different = pd.factorize(comments)
    about = pd.DataFrame({"text": different, "typed": pd.factorize(pd.Series(different).str.casefold())[0]})
    about["letters"] = about["text"].str.len()
    about["long"] = [len(_WORD.findall(text)) >= SHORTEST for text in different]
    about["order"] = about["text"].rank(method="first")
    count = held.assign(number=held["comment"].map(pd.Series(number, index=comments.index)))
    count = count.groupby(["group", "comment", "number"], sort=False).size().rename("terms").reset_index()
    count = count.drop_duplicates(["group", "number"]).join(about.drop(columns="text"), on="number")
    count = count[count["long"]]
    order = {group: place for place, group in enumerate(dict.fromkeys(held["group"]))}
    count = count.assign(place=count["group"].map(order).astype(int))
    count = count.sort_values(["place", "terms", "letters", "order"], ascending=[True, False, True, True])
    # Some more than are shown: masked, two may be one.
    near = count.drop_duplicates(["place", "typed"]).groupby("place").head(3 * most)
    texts = about["text"].loc[near["number"].unique()]
    spoken = languages(texts)
    shown = {at: shortened(mask(text, spoken[at])) for at, text in texts.items()}
    near = near.assign(comment=near["number"].map(shown)).drop_duplicates(["place", "comment"])
    return near.groupby("place").head(most)[["group", "comment"]].reset_index(drop=True)


def shortened(text: str, letters: int = LONGEST) -> str:
    """A text on one line, cut at the end of a word where it is longer than so many letters."""
    text = " ".join(text.split())
    if len(text) <= letters:
        return text
    head = text[: letters + 1]
    return (head[: head.rfind(" ")] if " " in head else text[:letters]).rstrip(" ,;:.–-") + " …"

"""Names for questions, made from codes and wordings: letters, digits and _, short, and no two the same."""

import re

from cxlib.wording import spoken, unmarked

LONGEST = 40
# Words that tell nothing of a question.
FILLING = {
    *("a", "an", "the", "of", "to", "is", "are", "was", "were", "do", "does", "did", "you", "your", "we", "our", "us"),
    *("it", "its", "on", "in", "at", "for", "from", "with", "and", "or", "how", "what", "which", "please", "that"),
    *("this", "these", "those", "have", "has", "had", "be", "been", "would", "could", "will", "i", "my", "me", "as"),
    *("by", "not", "any", "scale", "ban", "cua", "la", "co", "khong", "nao", "cho", "ve", "voi", "va", "hay", "nhu"),
    *("o", "toi", "anh", "chi", "xin", "vui", "muc", "do", "quy", "khach"),
}


def slug(text: str) -> str:
    """A name from a code, kept as it is where it can be, or from the telling words of a wording ("" where none are)."""
    if re.fullmatch(r"[^\W\d]\w*", text) and len(text) <= LONGEST:
        return unmarked(text)
    if " " not in text.strip() and len(text) <= LONGEST and re.match(r"[^\W\d]", text):
        return re.sub(r"\W+", "_", unmarked(text)).strip("_")
    words = re.findall(r"[a-z0-9]+", unmarked(spoken(re.sub(r"['’]s?\b", "", text))))
    telling = [w for w in words if w not in FILLING and not w.isdigit()] or words
    name = ""
    for word in telling:
        if len(name) + len(word) + bool(name) > LONGEST - 4:
            break
        name = f"{name}_{word}" if name else word
    name = name or "".join(telling[:1])[: LONGEST - 4]
    return f"q_{name}" if name[:1].isdigit() else name


def unique(names: list[str], taken=()) -> list[str]:
    """The names with _2, _3 … after those that were given before or are taken."""
    used, made = {n.casefold() for n in taken}, []
    for name in names:
        new, number = name, 1
        while new.casefold() in used:
            number += 1
            new = f"{name[: LONGEST - 4]}_{number}"
        used.add(new.casefold())
        made.append(new)
    return made

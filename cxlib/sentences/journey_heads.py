"""How the columns of the journey chapter's tables are headed and written; see cxlib.tables."""

INTERVAL = {"low": None, "high": None}
BASES = {"n": None, "n_effective": None}

CHECKS = {
    "rule": "Rule",
    "contacts": ("Contacts", "base"),
    "customers": ("Customers", "base"),
    "example": "Example",
    "decision": "What is done",
}
STAGES = {
    "stage": "Stage",
    "phase": "Phase",
    "customers": ("Customers", "base"),
    "contacts": ("Contacts", "base"),
    "estimate": "Move on",
    **INTERVAL,
    "back": ("Go back", "percent"),
    "ended": ("End here", "percent"),
    "ended_low": ("End: from", "percent"),
    "ended_high": ("End: to", "percent"),
    "days": ("Days to the next", "ratio"),
    "score": ("Score", "ratio"),
    "score_low": ("Score: from", "ratio"),
    "score_high": ("Score: to", "ratio"),
    "complaint": ("Complain", "percent"),
    **BASES,
}
AT_STAGE = {"measure": "Number", "estimate": "Value", **INTERVAL, "n": None}
TOUCHPOINTS = {"stage": "Stage", "touchpoint": "Touchpoint", "channel": "Channel"} | {
    name: head for name, head in STAGES.items() if name not in ("stage", "phase")
}
CHANNELS = {"stage": "Stage", "channel": "Channel", "estimate": "Share of contacts", **INTERVAL, "n": None}
PAINS = {
    "rank": ("Rank", "base"),
    "stage": "Stage",
    "touchpoint": "Touchpoint",
    "channel": "Channel",
    "customers": ("Customers", "base"),
    "weight": ("Weight", "percent"),
    "ending": ("More end", "percent"),
    "ending_low": ("More end: from", "percent"),
    "ending_high": ("to", "percent"),
    "ending_p": ("p (Holm)", "p"),
    "loss": ("Score lost", "ratio"),
    "loss_low": ("Lost: from", "ratio"),
    "loss_high": ("Lost: to", "ratio"),
    "loss_p": ("p (Holm)", "p"),
    "lost": ("Customers lost", "count"),
    "n": ("Visits", "base"),
    "scored": ("Scored", "base"),
}
MOMENTS = {
    "rank": ("Rank", "base"),
    "stage": "Stage",
    "touchpoint": "Touchpoint",
    "channel": "Channel",
    "estimate": ("Going on, a point of score", "change"),
    **INTERVAL,
    "p": ("p (Holm)", "p"),
    "weight": ("Customers", "count"),
    **BASES,
}
FIT = {
    "part": ("Part", "word"),
    "meaning": ("What it means", "word"),
    "customers": ("Customers", "base"),
    "estimate": "Share",
    **INTERVAL,
    **BASES,
}
DEPARTURES = {
    "kind": ("Kind", "word"),
    "from": "From",
    "to": "To",
    "skipped": "Skipped",
    "customers": ("Customers", "base"),
    "estimate": "Of all customers",
    **INTERVAL,
    "rate": ("Of those who went on", "percent"),
    "rate_low": ("Of those who went on: from", "percent"),
    "rate_high": ("to", "percent"),
    "n": None,
}
PATHS = {
    "path": "Path",
    "customers": ("Customers", "base"),
    "estimate": "Share",
    **INTERVAL,
    "cumulative": ("Together", "percent"),
    "n": None,
}
TURNS = {"from": "From", "to": "To", "estimate": "Share of visits", **INTERVAL, **BASES}
AUDIT = {
    "level": ("Level", "word"),
    "stage": "Stage",
    "touchpoint": "Touchpoint",
    "channel": "Channel",
    "expected": ("Expected", "ratio"),
    "estimate": "Met",
    **INTERVAL,
    "verdict": ("Verdict", "word"),
    "fewer": ("Have fewer", "base"),
    "fewer_churn": ("Fewer: churn", "ratio"),
    "fewer_score": ("Fewer: score", "ratio"),
    "more": ("Have more", "base"),
    "more_churn": ("More: churn", "ratio"),
    "more_score": ("More: score", "ratio"),
    "n": None,
}
REMOVAL = {
    "touchpoint": "Touchpoint",
    "stage": "Stage",
    "customers": ("Customers", "base"),
    "estimate": "Purchases lost",
    **INTERVAL,
    "attributed": ("Made to add up", "percent"),
    "n": ("Journeys", "base"),
}
STAYS = {
    "group": "Group",
    "time": ("Days", "base"),
    "estimate": "Still there",
    **INTERVAL,
    "at_risk": ("At risk", "base"),
    "left": ("Left", "base"),
    "n": None,
}
LIFETIMES = {"group": "Group", "estimate": "Days there", **INTERVAL, **BASES}
COHORTS = {
    "cohort": "Cohort",
    "age": ("Age", "base"),
    "at_start": ("Customers", "base"),
    "retained": ("Still there", "base"),
    "active": ("Bought", "base"),
    "purchases": ("Purchases", "base"),
    "value": ("Value", "money"),
    "estimate": "Share",
    **INTERVAL,
    "n": None,
}
PURCHASES = {
    "what": ("What", "word"),
    "rows": ("Rows", "base"),
    "customers": ("Customers", "base"),
    "value": ("Value", "money"),
    "example": "Example",
    "decision": ("Decision", "word"),
}
RULE = {
    "taken_as": ("Taken as", "word"),
    "estimate": "Bought again",
    **INTERVAL,
    "came_back": ("Came back", "base"),
    "gap": ("Days without a purchase", "base"),
    "cut": "Tried at",
    "n": None,
}
LEAGUE = {
    "name": "Unit",
    "rank": ("Rank", "base"),
    "rank_low": ("from", "base"),
    "rank_high": ("to", "base"),
    "pooled": ("Shrunk", "value"),
    **INTERVAL,
    "estimate": "Own answers",
    "chance_top": ("Chance of the top quarter", "percent"),
    "weight": ("Weight of own answers", "percent"),
    **BASES,
}
REASONS = {
    "outcome": ("Outcome", "word"),
    "reason": "Reason",
    "employee": "Employee",
    "estimate": "Share",
    **INTERVAL,
    "others": ("Others", "percent"),
    "difference": ("Difference", "ratio"),
    "p_adjusted": ("p (Holm)", "p"),
    "n": None,
}

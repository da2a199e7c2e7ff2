"""Writes every file of data/demo: `python data/demo/make.py [--out DIR]`. Seeded: the same bytes at every run.

The answers are population.draw(SEED), a draw picked because it is typical (see README.md). This script adds links,
contacts, comments and dirt to them, and writes the other tables and truth.yml.
"""

import argparse
import shutil
from pathlib import Path

import journeys
import numpy as np
import pandas as pd
import population as world
import registers
import truth
import words
import yaml

# fmt: off
HERE, SEED = Path(__file__).parent, 2063
LINKED, CONSENT, KEPT, COMMENTED = 4_800, .24, .07, .35    # respondents with a customer_id; contacts; comments
FIELDWORK = ("2025-03-01", "2025-09-01", "2026-03-01", "2026-09-01")       # each of 28 days
BLANK = dict(zip(world.ITEMS, np.linspace(.02, .06, 14), strict=True))                  # share left blank
NINE = {"staff_knowledge": .03, "support_response": .03, "support_resolution": .04, "channel_app": .02}
NO_ANSWER, STRAIGHT, SPEEDERS, DUPLICATES, COPIES, NO_SHOP = 160, 120, 120, 12, 6, 3
DETAILS = {"phone": 12, "email": 8, "address": 9}                          # comments that give away a private detail
COLUMNS = ["respondent_id", "customer_id", "wave", "weight", "city", "shop", "mode", "started", "seconds", "recontact",
           "name", "phone", "email", "recommend", "satisfaction", "ease", *world.ITEMS, "problem", "complained",
           "unhappy", "outcome", "age", "sex", "income", "occupation", "household_size", "channel", "touchpoints",
           *world.REASONS, "payment", "spend", "frequency", "priority", "why", "improved", "part"]
CUSTOMER_COLUMNS = ["customer_id", "since", "left", "value", "city", "shop", "employee", "segment", "industry",
                    "company_size", "revenue", "age", "sex", "channel", "frequency", "payment", "priority", "recontact",
                    "name", "phone", "email"]
PROSPECT_COLUMNS = ["prospect_id", "city", "age", "sex", "channel", "frequency", "payment", "priority", "segment",
                    "industry", "company_size", "revenue"]
# fmt: on


def generator(table):
    """A stream of its own for each table, so that a change of one leaves the others as they are."""
    return np.random.default_rng([SEED, sum(map(ord, table))])


def interviews(rng, answers):
    """The clean sample with the link to customers, the time of the interview and the comments."""
    n = len(answers)
    customer = np.full(n, None, dtype=object)
    numbers = rng.permutation(registers.CUSTOMERS)[:LINKED] + 1
    customer[np.sort(rng.choice(n, LINKED, replace=False))] = [f"C{i:05d}" for i in numbers]
    first = np.array(FIELDWORK, dtype="datetime64[m]")[pd.Categorical(answers["wave"], world.WAVES).codes]
    started = first + (1440 * rng.integers(0, 28, n) + 480 + rng.integers(0, 720, n)).astype("timedelta64[m]")
    seconds = np.maximum(np.exp(rng.normal(6.05, 0.35, n)), 125).astype(int)
    return answers.assign(
        customer_id=customer, started=started, seconds=seconds, why=words.comments(rng, answers["recommend"], COMMENTED)
    )


def contacted(rng, survey, customers):
    """Both tables with consent and contact details, the same for a respondent and the customer he or she is."""
    links = survey[["respondent_id", "customer_id"]].dropna()
    unlinked = survey.loc[survey["customer_id"].isna(), ["respondent_id", "sex"]]
    people = pd.concat([customers[["customer_id", "sex"]], unlinked])
    people["recontact"] = (rng.random(len(people)) < CONSENT).astype(int)
    # Some who refuse to be called again are on file all the same: a list of whom to call must leave them out.
    on_file = (people["recontact"] == 1) | (rng.random(len(people)) < KEPT)
    for column, values in zip(("name", "phone", "email"), words.contacts(rng, people["sex"]), strict=True):
        people[column] = np.where(on_file, np.array(values, dtype=object), None)
    people["email"] = people["email"].where(rng.random(len(people)) < 0.35)
    details = ["recontact", "name", "phone", "email"]
    known = people.dropna(subset="customer_id").set_index("customer_id")[details]
    others = people.dropna(subset="respondent_id").set_index("respondent_id")[details]
    linked = links.set_index("respondent_id")["customer_id"]
    linked = known.loc[linked].set_axis(linked.index)
    survey = survey.join(pd.concat([linked, others]), on="respondent_id", validate="one_to_one")
    return survey, customers.join(known, on="customer_id", validate="one_to_one")


def private_comments(rng, survey):
    """Adds private details to some comments; returns the table and who gave them away."""
    rows = iter(rng.permutation(np.flatnonzero(survey["why"].notna())))
    survey, given = survey.copy(), {}
    for kind, count in DETAILS.items():
        chosen = sorted(next(rows) for _ in range(count))
        for row in chosen:
            survey.loc[row, "why"] += " " + words.private_detail(rng, kind)
        given[kind] = survey["respondent_id"].iloc[chosen].tolist()
    return survey, given


def dirtied(rng, survey):
    """The survey as it comes from the field, with dirt on separate rows, and what was planted."""
    survey = survey.astype(dict.fromkeys([*world.ITEMS, "complained", "unhappy"], "Int64"))
    for item, share in BLANK.items():
        where = rng.random(len(survey))
        survey.loc[where < share, item] = pd.NA
        survey.loc[(where >= share) & (where < share + NINE.get(item, 0)), item] = 9
    survey.loc[rng.choice(len(survey), NO_ANSWER, replace=False), "recommend"] = 11
    # Copies carry no comment: the counts of comments with private details hold for rows and for respondents.
    copied = rng.choice(np.flatnonzero(survey["why"].isna()), DUPLICATES + COPIES, replace=False)
    rest = iter(rng.permutation(np.setdiff1d(np.arange(len(survey)), copied)))
    straight, speeders, no_shop = ([next(rest) for _ in range(n)] for n in (STRAIGHT, SPEEDERS, NO_SHOP))
    survey.loc[straight, list(world.ITEMS)] = rng.choice([3, 4, 5], STRAIGHT)[:, None].repeat(14, axis=1)
    survey.loc[speeders, "seconds"] = rng.integers(15, 60, SPEEDERS)
    survey.loc[no_shop, "shop"] = None
    near = survey.loc[copied[DUPLICATES:]]
    near = near.assign(
        respondent_id=[f"R{len(survey) + i:05d}" for i in range(1, COPIES + 1)],
        customer_id=None,
        started=near["started"] + pd.Timedelta(minutes=17),
        seconds=near["seconds"] + 9,
    )
    file = pd.concat([survey, near, survey.loc[copied[:DUPLICATES]]], ignore_index=True)
    ids = survey["respondent_id"]
    planted = {
        "rows": len(file),
        "respondents": len(survey),
        "linked_to_customers": LINKED,
        "recommend_11": NO_ANSWER,
        "recommend_11_in_rows": int((file["recommend"] == 11).sum()),
        "straight_liners": STRAIGHT,
        "speeders_under_60_seconds": SPEEDERS,
        "exact_duplicates": DUPLICATES,
        "near_duplicates": dict(zip(near["respondent_id"], ids[copied[DUPLICATES:]], strict=True)),
        "blank_shop": NO_SHOP,
        "blank_rate_of_items": BLANK,
        "nine_rate_of_items": NINE,
        "missing": "at random; straight-liners have no blanks",
        "straight_liner_ids": sorted(ids[straight]),
    }
    return file, planted


def tables():
    """Every table by file name, and what was planted in them."""
    survey = interviews(generator("survey"), world.draw(SEED))
    customers = registers.customers(generator("customers"), survey)
    complaints, counts = registers.complaints(generator("complaints"), customers)
    customers["left"] = registers.departures(generator("departures"), customers, complaints)
    survey, customers = contacted(generator("contacts"), survey, customers)
    survey, given = private_comments(generator("comments"), survey)
    file, planted = dirtied(generator("dirt"), survey)
    prospects = registers.prospects(generator("prospects"))
    personas = pd.concat(
        [
            survey[["respondent_id", "persona"]].set_axis(["id", "persona"], axis=1),
            prospects[["prospect_id", "persona"]].set_axis(["id", "persona"], axis=1),
        ]
    )
    fates = customers["fate"].value_counts().reindex(list(registers.LOSS))
    business = customers["segment"] == "b2b"
    planted = {
        "survey": planted,
        "comments_with_private_details": given,
        "complaints": counts,
        "customers": {"rows": len(customers), "by_fate": fates.to_dict(), "b2b": int(business.sum())},
        "true_personas": "personas.csv, for respondents and prospects",
    }
    return {
        "survey": file[COLUMNS],
        "customers": customers[CUSTOMER_COLUMNS],
        "complaints": complaints,
        "events": journeys.events(generator("events"), customers),
        "map": journeys.drawn_map(),
        "sales": registers.sales(generator("sales"), customers),
        "benchmark": registers.benchmark(generator("benchmark")),
        "staff": registers.staff(generator("staff")),
        "prospects": prospects[PROSPECT_COLUMNS],
        "personas": personas,
        "population": population(),
    }, planted


def population():
    """Share of the population in each city and age band: what the survey can be raked to."""
    shares = (world.CITY_SHARE[:, None] * world.AGE_SHARE).ravel()
    bands = ("18-24", "25-34", "35-44", "45-54", "55+")  # as study.yml names them
    cells = [(city, age) for city in world.CITIES for age in bands]
    return pd.DataFrame(cells, columns=["city", "age_band"]).assign(population=shares.round(4))


def main(out):
    """Writes the tables, truth.yml and a copy of study.yml, README.md and the logo into the folder."""
    out.mkdir(parents=True, exist_ok=True)
    files, planted = tables()
    for name, table in files.items():
        dates = "%Y-%m-%dT%H:%M" if name in ("survey", "events") else "%Y-%m-%d"
        table.to_csv(out / f"{name}.csv", index=False, lineterminator="\n", date_format=dates, encoding="utf-8")
    text = yaml.safe_dump(truth.truth(planted), sort_keys=False, allow_unicode=True, width=110)
    (out / "truth.yml").write_text(
        "# Written by make.py. Do not edit: change population.py or registers.py.\n" + text,
        encoding="utf-8",
        newline="\n",
    )
    for name in ("study.yml", "README.md", "logo.png"):
        if out.resolve() != HERE.resolve():
            shutil.copyfile(HERE / name, out / name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the demo study.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: data/demo)")
    main(parser.parse_args().out)

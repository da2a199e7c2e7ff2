# The latest wave of the demo study by R's survey package: the oracle of tests/test_regressions.py.
#
# Run from the project root:   Rscript tests/reference/demo_regressions.R
# It reads data/demo/survey.csv and writes tests/reference/demo_regressions.csv.
# The numbers beside this script were printed by R 4.2.2 and survey 4.1.1.
#
# Columns: kind, group, term, estimate, se. Kinds: slope (svyglm of the NPS points of `recommend` on all 14 drivers,
# cities as strata, shops as clusters), mean (svymean of a driver), city (the same slopes in one city alone, and
# "hcm-hanoi": their difference, from one model with interactions).

suppressPackageStartupMessages(library(survey))
options(digits = 15)

d <- read.csv("data/demo/survey.csv", encoding = "UTF-8", colClasses = "character")
d <- d[!duplicated(d[c("wave", "respondent_id")]), ]                       # duplicates: first
d <- d[d$wave == "2026-H2", ]
d$weight <- as.numeric(d$weight)
d$shop <- ifelse(d$shop == "", paste0("alone-", d$respondent_id), d$shop)  # a blank shop: a cluster of its own
drivers <- names(d)[match("product_quality", names(d)):match("support_resolution", names(d))]
for (item in drivers) {
  answers <- suppressWarnings(as.numeric(d[[item]]))
  d[[item]] <- ifelse(answers %in% 1:5, answers, NA)                       # 9: no answer
}
answers <- suppressWarnings(as.numeric(d$recommend))
answers[!answers %in% 0:10] <- NA                                          # 11: no answer
d$nps <- ifelse(answers >= 9, 100, ifelse(answers <= 6, -100, 0))

lines <- "kind,group,term,estimate,se"
emit <- function(kind, group, term, estimate, se) {
  shown <- formatC(c(estimate, se), digits = 15, format = "g", width = 1)
  lines <<- c(lines, paste(kind, group, term, shown[1], shown[2], sep = ","))
}
d$city <- factor(d$city, levels = c("hcm", "hanoi"))
design <- svydesign(ids = ~shop, strata = ~city, weights = ~weight, data = d, nest = TRUE)
right <- paste(drivers, collapse = " + ")
fit <- svyglm(as.formula(paste("nps ~", right)), design = design)
for (term in drivers) emit("slope", "all", term, coef(fit)[term], SE(fit)[term])
for (term in drivers) {
  m <- svymean(as.formula(paste0("~", term)), design, na.rm = TRUE)
  emit("mean", "all", term, coef(m), SE(m))
}
both <- svyglm(as.formula(paste("nps ~ city * (", right, ")")), design = design)
for (term in drivers) {
  name <- paste0("cityhanoi:", term)
  emit("city", "hcm", term, coef(both)[term], NA)
  emit("city", "hanoi", term, coef(both)[term] + coef(both)[name], NA)
  emit("city", "hcm-hanoi", term, -coef(both)[name], SE(both)[name])
}
writeLines(lines, "tests/reference/demo_regressions.csv")

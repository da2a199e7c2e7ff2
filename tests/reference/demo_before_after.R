# Before and after with a comparison group, by R's survey package: the oracle of tests/test_before_after.py.
#
# Run from the project root:   Rscript tests/reference/demo_before_after.R
# It reads data/demo/survey.csv and writes tests/reference/demo_before_after.csv.
# The numbers beside this script were printed by R 4.2.2 and survey 4.1.1.
#
# effect      svyglm(y ~ treated * later) on two waves: its interaction, in a design whose strata are cities crossed with
#             the two groups of shops ("groups"), cities alone ("cities"), or without weights and clusters ("simple")
# slope       svycontrast() over svyby() with covariances: the gap between the groups on the first three waves
# line        svyby() means of both groups in every wave; counterfactual is svycontrast() of three of them
# power       power.t.test(): the noncentrality that 80% power asks for, by degrees of freedom

suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "adjust", digits = 15)

d <- read.csv("data/demo/survey.csv", encoding = "UTF-8", colClasses = "character")
d <- d[!duplicated(d[c("wave", "respondent_id")]), ]                       # duplicates: first
number <- function(x) suppressWarnings(as.numeric(x))
d$weight <- number(d$weight)
recommend <- number(d$recommend)
recommend[recommend %in% 11] <- NA                                         # missing: [11]
d$recommend <- ifelse(recommend >= 9, 100, ifelse(recommend <= 6, -100, 0))
d$satisfaction <- ifelse(number(d$satisfaction) >= 4, 100, 0)
d$ease <- number(d$ease)
answers <- number(d$support_resolution)
d$support_resolution <- ifelse(answers %in% 1:5, answers, NA)              # 9: no answer
d$product_quality <- number(d$product_quality)
d$shop <- ifelse(d$shop == "", paste0("alone-", d$respondent_id), d$shop)  # a blank shop: a cluster of its own
d$treated <- number(d$improved)
d$one <- 1
questions <- c("recommend", "satisfaction", "ease", "support_resolution", "product_quality")
waves <- sort(unique(d$wave))

designs <- list(
  groups = svydesign(ids = ~shop, strata = ~interaction(city, treated), weights = ~weight, data = d, nest = TRUE),
  cities = svydesign(ids = ~shop, strata = ~city, weights = ~weight, data = d, nest = TRUE),
  simple = svydesign(ids = ~1, strata = ~treated, weights = ~one, data = d)
)

lines <- "kind,design,question,group,before,after,estimate,se,n"
emit <- function(kind, design, question, group, before, after, estimate, se, n) {
  values <- formatC(c(estimate, se, n), digits = 15, format = "g", width = 1)
  lines <<- c(lines, paste(c(kind, design, question, group, before, after, values), collapse = ","))
}

effect <- function(name, question, before, after) {
  design <- designs[[name]]
  v <- design$variables
  pair <- subset(design, v$wave %in% c(before, after) & !is.na(v[[question]]))
  pair <- update(pair, later = as.numeric(pair$variables$wave == after))
  fit <- svyglm(as.formula(paste(question, "~ treated * later")), pair)
  emit("effect", name, question, "", before, after, coef(fit)[["treated:later"]], SE(fit)[["treated:later"]],
       nrow(pair$variables))
}
for (question in questions) {
  for (name in names(designs)) effect(name, question, waves[3], waves[4])
  for (i in 1:2) effect("groups", question, waves[i], waves[i + 1])

  design <- designs$groups
  asked <- subset(design, !is.na(design$variables[[question]]))
  means <- svyby(as.formula(paste0("~", question)), ~treated + wave, asked, svymean, covmat = TRUE)
  n <- table(asked$variables$treated, asked$variables$wave)
  for (i in seq_len(nrow(means))) {
    row <- means[i, ]
    emit("line", "groups", question, row$treated, "", row$wave, row[[question]], row$se,
         n[as.character(row$treated), row$wave])
  }
  at <- function(treated, wave, by) by * (means$treated == treated & means$wave == wave)
  other <- svycontrast(means, at(1, waves[3], 1) + at(0, waves[4], 1) + at(0, waves[3], -1))
  emit("counterfactual", "groups", question, 1, waves[3], waves[4], coef(other), SE(other),
       n["1", waves[3]] + sum(n["0", waves[3:4]]))
  gap <- at(1, waves[1], -.5) + at(1, waves[3], .5) + at(0, waves[1], .5) + at(0, waves[3], -.5)
  slope <- svycontrast(means, gap)
  emit("slope", "groups", question, "", waves[1], waves[3], coef(slope), SE(slope), sum(n[, waves[c(1, 3)]]))
}

# Two groups of n have 2 n - 2 degrees of freedom and the noncentrality delta sqrt(n / 2) / sd.
for (df in c(4, 10, 38, 58, 200, 3998)) {
  n <- (df + 2) / 2
  for (level in c(.05, .10)) for (power in c(.8, .9)) {
    found <- power.t.test(n = n, sd = 1, sig.level = level, power = power, strict = FALSE, tol = 1e-12)
    emit("power", df, 1 - level, power, "", "", found$delta * sqrt(n / 2), NA, n)
  }
}
writeLines(lines, "tests/reference/demo_before_after.csv")
cat(length(lines) - 1, "rows;", R.version.string, "; survey", as.character(packageVersion("survey")), "\n")

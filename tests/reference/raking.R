# Raked weights of the demo study by R's survey package: the oracle of tests/test_weights.py.
#
# Run from the project root:   Rscript tests/reference/raking.R
# It reads data/demo/survey.csv and writes tests/reference/raking.csv.
# The numbers beside this script were printed by R 4.2.2 and survey 4.1.1.
#
# Columns: case, what, name, level, value. The populations are made up by a formula and printed as what = population, name
# the margin. calibrate(calfun = "raking", epsilon = 1e-13) throughout, but for postStratify() and rake():
#   two, three, eight   shares of 2 margins; counts of 3, one of them city x age_band; shares of 8; eight and three start
#                       at the weights of the file
#   bounded             eight within bounds of weight / start (mean 1), where both bounds are met
#   trimmed             eight with a greatest weight of 3 times the mean (bounds.const = TRUE)
#   poststratified      postStratify() to counts of city x age_band
#   waves               two, each wave by itself
#   rake                rake() of three, which stops when the change of a margin is below epsilon = 1
#   no_answer           two, every seventh sex blank: a level of its own that keeps its share
# what = summary: least, most, deff (n sum w^2 / (sum w)^2); estimate: the mean of recommend; weight: of some respondents,
# by wave.

suppressPackageStartupMessages(library(survey))
options(digits = 15)

# calibrate takes one function of MASS, the generalised inverse of a symmetric matrix; without MASS this does the same.
if (!requireNamespace("MASS", quietly = TRUE)) {
  inverse <- function(X, tol) {
    e <- eigen(X, symmetric = TRUE)
    keep <- e$values > tol * e$values[1]
    e$vectors[, keep, drop = FALSE] %*% (t(e$vectors[, keep, drop = FALSE]) / e$values[keep])
  }
  solver <- survey:::grake
  body(solver) <- eval(call("substitute", body(solver), list(`::` = function(package, name) inverse)))
  environment(solver) <- asNamespace("survey")
  assignInNamespace("grake", solver, "survey")
}

d <- read.csv("data/demo/survey.csv", encoding = "UTF-8", colClasses = "character")
d <- d[!duplicated(d[c("wave", "respondent_id")]), ]                       # duplicates: first
number <- function(x) suppressWarnings(as.numeric(x))
d$weight <- number(d$weight)
d$recommend <- number(d$recommend)
d$recommend[d$recommend %in% 11] <- NA                                     # missing: [11]
d$age_band <- as.character(cut(number(d$age), c(18, 25, 35, 45, 55, Inf), right = FALSE,
                               labels = c("18-24", "25-34", "35-44", "45-54", "55+")))
d$city_age_band <- paste(d$city, d$age_band, sep = "|")
d$one <- 1
d$holed <- ifelse(seq_len(nrow(d)) %% 7 == 0, "no answer", d$sex)
people <- 180000

# A population unlike the sample: the sample's shares, tilted from the first level to the last by so much.
tilted <- function(name, weights, by) {
  shares <- tapply(weights, d[[name]], sum) / sum(weights)
  shares <- shares * exp(seq(-by, by, length.out = length(shares)))
  shares / sum(shares)
}

lines <- "case,what,name,level,value"
emit <- function(case, what, name, level, value) {
  lines <<- c(lines, paste(case, what, name, level, formatC(value, digits = 16, format = "g", width = 1), sep = ","))
}

totals <- function(margins, total) {
  parts <- lapply(names(margins), function(name) {
    part <- margins[[name]][-1] * total / sum(margins[[name]])
    setNames(part, paste0(name, names(part)))
  })
  c("(Intercept)" = total, unlist(parts))
}

calibrated <- function(rows, margins, total, weights, ...) {
  rows$start <- rows[[weights]] / sum(rows[[weights]]) * total
  design <- svydesign(ids = ~1, weights = ~start, data = rows)
  calibrate(design, reformulate(names(margins)), totals(margins, total), calfun = "raking", epsilon = 1e-13,
            maxit = 500, ...)
}

show <- function(case, design, rows, wave = "all") {
  w <- weights(design)
  emit(case, "summary", wave, c("least", "most", "deff"), c(min(w), max(w), length(w) * sum(w^2) / sum(w)^2))
  emit(case, "estimate", wave, "recommend", coef(svymean(~recommend, design, na.rm = TRUE)))
  some <- unique(round(seq(1, nrow(rows), length.out = 40)))
  emit(case, "weight", rows$wave[some], rows$respondent_id[some], w[some])
}

published <- function(case, margins, times = 1) {
  for (name in names(margins)) emit(case, "population", name, names(margins[[name]]), margins[[name]] * times)
}

n <- nrow(d)
two <- lapply(c(sex = "sex", age_band = "age_band"), tilted, d$one, 0.4)
published("two", two)
show("two", calibrated(d, two, n, "one"), d)
for (wave in unique(d$wave)) {
  rows <- d[d$wave == wave, ]
  show("waves", calibrated(rows, two, nrow(rows), "one"), rows, wave)
}

three <- lapply(c(sex = "sex", city_age_band = "city_age_band", channel = "channel"), tilted, d$weight, 0.6)
published("three", three, people)
show("three", calibrated(d, three, people, "weight"), d)

names_of <- c("sex", "age_band", "city", "channel", "payment", "income", "occupation", "priority")
eight <- lapply(setNames(names_of, names_of), tilted, d$weight, 0.2)
published("eight", eight)
show("eight", calibrated(d, eight, n, "weight"), d)
show("bounded", calibrated(d, eight, n, "weight", bounds = c(0.5, 2)), d)
show("trimmed", calibrated(d, eight, n, "weight", bounds = c(0, 3), bounds.const = TRUE), d)

design <- svydesign(ids = ~1, weights = ~weight, data = d)
counts <- data.frame(city_age_band = names(three$city_age_band), Freq = as.numeric(three$city_age_band) * people)
show("poststratified", postStratify(design, ~city_age_band, counts), d)

frames <- lapply(names(three), function(name)
  setNames(data.frame(names(three[[name]]), as.numeric(three[[name]]) * people), c(name, "Freq")))
show("rake", rake(design, lapply(names(three), reformulate), frames), d)

blank <- mean(d$holed == "no answer")
holed <- c(two$sex * (1 - blank), "no answer" = blank)
show("no_answer", calibrated(d, list(holed = holed, age_band = two$age_band), n, "one"), d)

writeLines(lines, "tests/reference/raking.csv")

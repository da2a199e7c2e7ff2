# A raked study by R's survey package: the demo study with `weighting: {}`, the oracle of tests/test_raked_study.py.
#
# Run from the project root:   Rscript tests/reference/raked_demo.R > tests/reference/raked_demo.csv
# The numbers beside this script were printed by R 4.2.2 and survey 4.1.1.
#
# The weights of the file are raked, each wave by itself, to the margins of data/demo/study.yml: city x age band from
# population.csv, and sex. Shops are clusters of all waves, cities strata; a blank shop is a cluster of its own.
# Columns: what (wave, wave by channel, wave by city, change; weight: of every 400th respondent, group his number),
# metric, wave, group, estimate, se, n, weighted.

suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "adjust", digits = 15)

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

# -- the survey, cleaned as data/demo/study.yml says ---------------------------------------------------------------
d <- read.csv("data/demo/survey.csv", encoding = "UTF-8", colClasses = "character")
d <- d[!duplicated(d$respondent_id), ]                                     # duplicates: first
stopifnot(nrow(d) == 8006)
number <- function(x) suppressWarnings(as.numeric(x))
d$weight <- number(d$weight)
recommend <- number(d$recommend)
recommend[recommend %in% 11] <- NA                                         # missing: [11]
satisfaction <- number(d$satisfaction)
d$nps <- ifelse(recommend >= 9, 100, ifelse(recommend <= 6, -100, 0))
d$csat <- ifelse(satisfaction >= 4, 100, 0)
d$ces <- number(d$ease)
d$shop <- ifelse(d$shop == "", paste0("alone-", d$respondent_id), d$shop)
d$age_band <- as.character(cut(number(d$age), c(18, 25, 35, 45, 55, Inf), right = FALSE,
                               labels = c("18-24", "25-34", "35-44", "45-54", "55+")))

# -- margins: of each wave the same, in respondents -----------------------------------------------------------------
people <- read.csv("data/demo/population.csv", encoding = "UTF-8")
cells <- setNames(people$population / sum(people$population), paste(people$city, people$age_band))
sexes <- c(f = 0.522, m = 0.478)
of_wave <- function(shares) {
  waves <- table(d$wave)
  unlist(lapply(names(waves), function(wave) setNames(waves[[wave]] * shares, paste(wave, names(shares)))))
}
d$of_cell <- paste(d$wave, d$city, d$age_band)
d$of_sex <- paste(d$wave, d$sex)
counts <- list(of_cell = of_wave(cells), of_sex = of_wave(sexes))
parts <- lapply(names(counts), function(name) setNames(data.frame(names(counts[[name]]), counts[[name]]), c(name, "Freq")))

design <- svydesign(ids = ~shop, strata = ~city, weights = ~weight, data = d, nest = TRUE)
s <- calibrate(design, list(~of_cell, ~of_sex), parts, calfun = "raking", epsilon = 1e-13, maxit = 500)
w <- weights(s)

# -- printing -------------------------------------------------------------------------------------------------------
cat("what,metric,wave,group,estimate,se,n,weighted\n")
emit <- function(what, metric, wave, group, ...) {
  values <- formatC(c(...), digits = 15, format = "g", width = 1)
  cat(paste(c(what, metric, wave, group, values), collapse = ","), "\n", sep = "")
}
mean_of <- function(what, metric, wave, group, rows) {
  rows <- rows & !is.na(d[[metric]])
  found <- svymean(reformulate(metric), subset(s, rows), na.rm = TRUE)
  emit(what, metric, wave, group, coef(found), SE(found), sum(rows), sum(w[rows]))
}
# svyby() of survey 4.1.1 has no covariances after calibration where answers are missing: the difference of two means is
# the total of its linearised values.
change <- function(metric, before, after) {
  part <- function(wave) {
    rows <- d$wave == wave & !is.na(d[[metric]])
    mean <- sum(w[rows] * d[[metric]][rows]) / sum(w[rows])
    list(mean = mean, z = ifelse(rows, (d[[metric]] - mean) / sum(w[rows]), 0), n = sum(rows), w = sum(w[rows]))
  }
  one <- part(before)
  other <- part(after)
  se <- SE(svytotal(~z, update(s, z = other$z - one$z)))
  emit("change", metric, before, after, other$mean - one$mean, se, one$n + other$n, one$w + other$w)
}
waves <- sort(unique(d$wave))
for (metric in c("nps", "csat", "ces")) {
  for (wave in waves) {
    mean_of("wave", metric, wave, "all", d$wave == wave)
    for (channel in c("digital", "traditional")) {
      mean_of("wave by channel", metric, wave, channel, d$wave == wave & d$channel == channel)
    }
    for (city in c("hcm", "hanoi")) mean_of("wave by city", metric, wave, city, d$wave == wave & d$city == city)
  }
  for (i in 2:4) change(metric, waves[i - 1], waves[i])
}
for (i in seq(1, nrow(d), by = 400)) emit("weight", "", d$wave[i], d$respondent_id[i], w[i], NA, 1, w[i])

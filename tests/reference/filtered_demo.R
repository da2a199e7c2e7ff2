# A part of the demo study by R's survey package: the oracle of tests/test_filters.py.
#
# Run from the project root:   Rscript tests/reference/filtered_demo.R > tests/reference/filtered_demo.csv
# The numbers beside this script were printed by R 4.2.2 and survey 4.1.1.
#
# Whoever passes a filter is a domain: subset() of the design of the whole sample, so that strata and clusters without
# a member count. Designs: full (weights, shops within cities), plain (the same without weights) and raked (the weights
# raked to the margins of data/demo/study.yml, each wave by itself). A change between two waves is the total of its
# linearised values, which svycontrast() over svyby() with covariances confirms where the weights are not raked.
# Columns: filter, design, what (wave, wave by city, change), metric, wave, group, estimate, se, n (answers), df
# (degf() of the rows with an answer).

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
d$equal <- 1
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

raked <- s
designs <- list(
  full = design,
  plain = svydesign(ids = ~shop, strata = ~city, weights = ~equal, data = d, nest = TRUE),
  raked = raked
)
filters <- list(
  "city: hanoi; age_band: 25-34|35-44" = d$city == "hanoi" & d$age_band %in% c("25-34", "35-44"),
  "channel: digital; sex: f; occupation: 5|6" = d$channel == "digital" & d$sex == "f" & d$occupation %in% c("5", "6")
)
waves <- sort(unique(d$wave))

# -- printing -------------------------------------------------------------------------------------------------------
cat("filter,design,what,metric,wave,group,estimate,se,n,df\n")
emit <- function(filter, name, what, metric, wave, group, ...) {
  values <- formatC(c(...), digits = 15, format = "g", width = 1)
  cat(paste(c(filter, name, what, metric, wave, group, values), collapse = ","), "\n", sep = "")
}
mean_of <- function(filter, name, what, metric, wave, group, rows) {
  rows <- rows & filters[[filter]] & !is.na(d[[metric]])
  part <- subset(designs[[name]], rows)
  found <- svymean(reformulate(metric), part, na.rm = TRUE)
  emit(filter, name, what, metric, wave, group, coef(found), SE(found), sum(rows), degf(part))
}
change <- function(filter, name, metric, before, after) {
  s <- designs[[name]]
  w <- weights(s)
  inside <- filters[[filter]] & !is.na(d[[metric]])
  part <- function(wave) {
    rows <- d$wave == wave & inside
    mean <- sum(w[rows] * d[[metric]][rows]) / sum(w[rows])
    list(mean = mean, z = ifelse(rows, (d[[metric]] - mean) / sum(w[rows]), 0), n = sum(rows))
  }
  one <- part(before)
  other <- part(after)
  se <- as.numeric(SE(svytotal(~z, update(s, z = other$z - one$z))))
  both <- subset(s, inside & d$wave %in% c(before, after))
  if (name != "raked") {
    means <- svyby(reformulate(metric), ~wave, both, svymean, covmat = TRUE)
    stopifnot(abs(as.numeric(SE(svycontrast(means, c(-1, 1)))) - se) < 1e-9)
  }
  emit(filter, name, "change", metric, before, after, other$mean - one$mean, se, other$n, degf(both))
}
for (filter in names(filters)) for (name in names(designs)) for (metric in c("nps", "csat", "ces")) {
  for (wave in waves) mean_of(filter, name, "wave", metric, wave, "all", d$wave == wave)
  last <- waves[length(waves)]
  for (city in c("hcm", "hanoi")) if (any(filters[[filter]] & d$city == city)) {
    mean_of(filter, name, "wave by city", metric, last, city, d$wave == last & d$city == city)
  }
  for (i in 2:4) change(filter, name, metric, waves[i - 1], waves[i])
}

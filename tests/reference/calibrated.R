# Standard errors after calibration: estimates, domains, differences, tests and models by R's survey package.
# The respondents are made by formula, so that test_calibrated_errors.py makes the same ones.
#
#   Rscript tests/reference/calibrated.R > tests/reference/calibrated.csv
#
# R 4.2.2 with survey 4.1.1 printed the file beside this script.

suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "adjust")

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

n <- 420
i <- seq_len(n)
sex <- ifelse((i * 7) %% 10 < 6, "f", "m")
age <- c("young", "middle", "old")[1 + (i * 13 + i %/% 7) %% 3]
region <- c("north", "centre", "south", "south")[1 + (i * 5 + i %/% 11) %% 4]
stratum <- c("a", "b", "c")[1 + (i > 150) + (i > 330)]
shop <- paste0("s", 100 + (i - 1) %/% 12)
# Every fifth shop is unknown: its respondents are units of their own.
known <- ifelse(((i - 1) %/% 12) %% 5 == 3, NA, shop)
wave <- ifelse(i %% 3 == 0, "2025", "2026")
answer <- pmin(10, pmax(0, (i * 37) %% 7 + 3 * (sex == "f") - 2 * (age == "old") + (i %/% 12) %% 3 + (region == "north")))
answer[i %% 23 == 0] <- NA
score <- ifelse(answer >= 9, 100, ifelse(answer <= 6, -100, 0))
staff <- 1 + (i * 11) %% 5
price <- 1 + (i * 3 + i %/% 5) %% 5
start <- 1 + ((i * 5) %% 9) / 4
shops <- c(a = 40, b = 30, c = 12)[stratum]
people <- c(a = 4000, b = 900, c = 300)[stratum]
d <- data.frame(
  i, sex, age, region, stratum, shop, unit = ifelse(is.na(known), paste0("i", i), known), wave, answer, score, staff,
  price, start, shops, people, female = 100 * (sex == "f"), happy = as.integer(answer >= 9), flat = 2
)

populations <- list(
  sex = c(f = 5300, m = 4700),
  age = c(young = 3100, middle = 4200, old = 2700),
  region = c(north = 2500, centre = 1900, south = 5600)
)
margins <- list(two = c("sex", "age"), three = c("sex", "age", "region"))

raked <- function(design, names) {
  parts <- lapply(names, function(name) {
    p <- data.frame(names(populations[[name]]), as.vector(populations[[name]]))
    setNames(p, c(name, "Freq"))
  })
  formulas <- lapply(names, function(name) reformulate(name))
  calibrate(design, formulas, parts, calfun = "raking", epsilon = 1e-13, maxit = 500)
}

designs <- list(
  neither = svydesign(~1, weights = ~start, data = d),
  strata = svydesign(~1, strata = ~stratum, weights = ~start, data = d),
  clusters = svydesign(~shop, weights = ~start, data = d),
  both = svydesign(~shop, strata = ~stratum, weights = ~start, data = d, nest = TRUE),
  some = svydesign(~unit, strata = ~stratum, weights = ~start, data = d, nest = TRUE),
  finite = svydesign(~shop, strata = ~stratum, weights = ~start, fpc = ~shops, data = d, nest = TRUE),
  people = svydesign(~1, strata = ~stratum, weights = ~start, fpc = ~people, data = d)
)

rows <- list()
put <- function(design, margins, what, statistic, value) {
  rows[[length(rows) + 1]] <<- data.frame(design, margins, what, statistic, value = format(value, digits = 15))
}
both <- function(design, margins, what, found) {
  put(design, margins, what, "estimate", as.numeric(coef(found))[1])
  put(design, margins, what, "se", as.numeric(SE(found))[1])
}

# svyby() of survey 4.1.1 has no covariances after calibration where answers are missing: the difference of two means is
# the total of its linearised values.
difference <- function(design, margins, what, s, plus, minus) {
  w <- weights(s)
  part <- function(where) {
    where <- where & !is.na(score)
    mean <- sum(w[where] * score[where]) / sum(w[where])
    list(mean = mean, z = ifelse(where, (score - mean) / sum(w[where]), 0))
  }
  one <- part(plus)
  other <- part(minus)
  put(design, margins, what, "estimate", one$mean - other$mean)
  put(design, margins, what, "se", as.numeric(SE(svytotal(~z, update(s, z = one$z - other$z)))))
}

for (name in names(designs)) for (m in names(margins)) {
  s <- raked(designs[[name]], margins[[m]])
  both(name, m, "all", svymean(~score, s, na.rm = TRUE))
  both(name, m, "mean", svymean(~answer, s, na.rm = TRUE))
  both(name, m, "women", svymean(~female, s))
  both(name, m, "north", svymean(~score, subset(s, region == "north"), na.rm = TRUE))
  both(name, m, "2025", svymean(~score, subset(s, wave == "2025"), na.rm = TRUE))
  difference(name, m, "change", s, wave == "2026", wave == "2025")
  difference(name, m, "old less young", s, age == "old", age == "young")
  t <- svyttest(score ~ wave, s)
  put(name, m, "test", "t", as.numeric(t$statistic))
  chi <- svychisq(~happy + wave, s)
  put(name, m, "related", "F", as.numeric(chi$statistic))
  put(name, m, "related", "p", as.numeric(chi$p.value))
  if (name %in% c("strata", "both", "some")) {
    fit <- svyglm(answer ~ staff + price + sex, s)
    for (term in c("staff", "sexm")) {
      put(name, m, paste("linear", term), "estimate", coef(fit)[[term]])
      put(name, m, paste("linear", term), "se", SE(fit)[[term]])
    }
    fit <- suppressWarnings(svyglm(happy ~ staff + price, s, family = quasibinomial()))
    put(name, m, "logit staff", "estimate", coef(fit)[["staff"]])
    put(name, m, "logit staff", "se", SE(fit)[["staff"]])
  }
}

# postStratify and calibration to the crossing are one, with equal starting weights and with unequal ones.
d$cell <- paste(d$sex, d$age)
cells <- data.frame(cell = sort(unique(d$cell)), Freq = c(1900, 1500, 1900, 2100, 1300, 1300))
for (name in c("strata", "both")) {
  s <- svydesign(if (name == "both") ~shop else ~1, strata = ~stratum, weights = ~flat, data = d, nest = TRUE)
  s <- postStratify(s, ~cell, cells)
  both(name, "cells", "all", svymean(~score, s, na.rm = TRUE))
  both(name, "cells", "north", svymean(~score, subset(s, region == "north"), na.rm = TRUE))
}
s <- postStratify(update(designs$strata, cell = d$cell), ~cell, cells)
both("strata", "unequal", "all", svymean(~score, s, na.rm = TRUE))

write.csv(do.call(rbind, rows), stdout(), row.names = FALSE, quote = FALSE)

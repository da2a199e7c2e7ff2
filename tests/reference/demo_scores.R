# Scores of the demo study by R's survey package: the oracle of tests/test_scores_reference.py.
#
# Run from the project root:   Rscript tests/reference/demo_scores.R
# It reads data/demo/survey.csv and writes tests/reference/demo_scores.csv.
# The numbers beside this script were printed by R 4.2.2 and survey 4.1.1.
#
# Degrees of freedom. degf(subset(design, domain)) counts the clusters with rows of the domain, less the strata with
# rows of it; cxlib counts only rows that hold an answer. The two agree once missing answers are taken out of the
# domain, as `answered` does below (statistic df). With shops as clusters they agree even before that (statistic
# df_rows), since every shop has an answer; without clusters df_rows is larger by the number of blanks. Others:
#   - degf(design), of the whole sample, is larger than that of a domain, and it is what many users pass on;
#   - confint() of svymean and svyby has df = Inf by default, so that the df must be given for a t interval;
#   - svyglm() tests a change between waves on degf + 1 - 2 df, one less than here (statistic df_glm of a change);
#   - a domain inside a single-cluster stratum has SE 0 on 0 df in R (design lonely, city=hanoi): nan in cxlib.

suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "adjust", digits = 15)

# -- the survey, cleaned as data/demo/study.yml says ------------------------------------------------------
d <- read.csv("data/demo/survey.csv", encoding = "UTF-8", colClasses = "character")
d <- d[!duplicated(d[c("wave", "respondent_id")]), ]                       # duplicates: first
number <- function(x) suppressWarnings(as.numeric(x))
d$weight <- number(d$weight)
recommend <- number(d$recommend)
recommend[recommend %in% 11] <- NA                                         # missing: [11]
satisfaction <- number(d$satisfaction)
d$nps <- ifelse(recommend >= 9, 100, ifelse(recommend <= 6, -100, 0))
d$csat <- ifelse(satisfaction >= 4, 100, 0)
d$ces <- number(d$ease)
d$shop <- ifelse(d$shop == "", paste0("alone-", d$respondent_id), d$shop)  # a blank shop: a cluster of its own
d$one <- 1
d$shops <- ifelse(d$city == "hcm", 300, 200)                               # made up, for the finite population
d$some <- ifelse(d$sex == "f" & d$shop %in% sprintf("S%02d", c(1:7, 41)), "in", "out")
waves <- sort(unique(d$wave))
last <- waves[length(waves)]
metrics <- c("nps", "csat", "ces")

designs <- list(
  none = svydesign(ids = ~1, weights = ~one, data = d),
  weights = svydesign(ids = ~1, weights = ~weight, data = d),
  clusters = svydesign(ids = ~shop, weights = ~weight, data = d),
  full = svydesign(ids = ~shop, strata = ~city, weights = ~weight, data = d, nest = TRUE),
  nested = svydesign(ids = ~shop, strata = ~interaction(wave, city), weights = ~weight, data = d, nest = TRUE),
  finite = svydesign(ids = ~shop, strata = ~city, weights = ~weight, fpc = ~shops, data = d, nest = TRUE)
)
# One stratum with a single cluster: the last wave of every shop in hcm, and of the first shop alone in hanoi.
first_hanoi <- sort(unique(d$shop[d$city == "hanoi"]))
first_hanoi <- first_hanoi[startsWith(first_hanoi, "S")][1]
only <- d[d$wave == last & (d$city == "hcm" | d$shop == first_hanoi), ]
lonely <- svydesign(ids = ~shop, strata = ~city, weights = ~weight, data = only, nest = TRUE)

# -- printing ---------------------------------------------------------------------------------------------
lines <- character()
emit <- function(design, metric, wave, group, ...) {
  values <- c(...)
  text <- paste(design, metric, wave, group, names(values), formatC(values, digits = 15, format = "g", width = 1),
                sep = ",")
  lines <<- c(lines, text)
}

# Mean, SE, bases, design effect and intervals of one domain.
domain <- function(name, design, metric, rows, wave, group) {
  inside <- subset(design, rows)
  answered <- subset(design, rows & !is.na(design$variables[[metric]]))
  m <- svymean(as.formula(paste0("~", metric)), inside, na.rm = TRUE, deff = "replace")
  estimate <- unname(coef(m))
  se <- unname(as.numeric(SE(m)))
  n <- nrow(answered$variables)
  df <- degf(answered)
  effect <- unname(as.numeric(deff(m)))
  if (df == 0) se <- round(se, 12)                                         # 0, but for the rounding of this machine
  values <- c(estimate = estimate, se = se, n = n, n_weighted = sum(weights(answered)), df = df,
              df_rows = degf(inside))
  if (df > 0) values <- c(values, deff = effect)
  if (df > 0 && metric == "ces") {
    values <- c(values, low = confint(m, df = df)[1], high = confint(m, df = df)[2])
  }
  if (df > 0 && metric == "csat") {
    # Wilson's interval on the effective number of answers, its normal quantile widened by t(df) / t(n - 1).
    z <- qnorm(.975) * qt(.975, df) / qt(.975, n - 1)
    size <- n / effect
    bounds <- suppressWarnings(prop.test(estimate / 100 * size, size, conf.level = 2 * pnorm(z) - 1, correct = FALSE))
    values <- c(values, low = 100 * bounds$conf.int[1], high = 100 * bounds$conf.int[2])
  }
  emit(name, metric, wave, group, values)
}

# Each wave less the one before: svycontrast over svyby with covariances; svyglm must say the same.
change <- function(name, design, metric) {
  answered <- subset(design, !is.na(design$variables[[metric]]))
  means <- svyby(as.formula(paste0("~", metric)), ~wave, answered, svymean, covmat = TRUE)
  for (i in seq_along(waves)[-1]) {
    contrast <- replace(numeric(length(waves)), c(i - 1, i), c(-1, 1))
    difference <- svycontrast(means, contrast)
    estimate <- unname(coef(difference))
    se <- unname(as.numeric(SE(difference)))
    pair <- subset(answered, wave %in% waves[c(i - 1, i)])
    df <- degf(pair)
    fit <- svyglm(as.formula(paste(metric, "~ wave")), pair)
    stopifnot(abs(unname(coef(fit)[2]) - estimate) < 1e-8, abs(unname(SE(fit)[2]) - se) < 1e-8)
    half <- qt(.975, df) * se
    emit(name, metric, waves[i], "change", estimate = estimate, se = se, df = df, low = estimate - half,
         high = estimate + half, p = 2 * pt(-abs(estimate / se), df), df_glm = fit$df.residual)
  }
}

# -- the numbers ------------------------------------------------------------------------------------------
for (metric in metrics) {
  for (name in names(designs)) {
    design <- designs[[name]]
    all <- rep(TRUE, nrow(d))
    domain(name, design, metric, all, "all", "all")
    for (wave in waves) domain(name, design, metric, d$wave == wave, wave, "all")
    for (by in c("city", "sex", "channel", "some")) {
      for (group in sort(unique(d[[by]]))) {
        domain(name, design, metric, d$wave == last & d[[by]] == group, last, paste0(by, "=", group))
      }
    }
  }
  for (name in c("full", "nested", "finite")) change(name, designs[[name]], metric)
  domain("lonely", lonely, metric, rep(TRUE, nrow(only)), last, "all")
  for (city in c("hcm", "hanoi")) domain("lonely", lonely, metric, only$city == city, last, paste0("city=", city))
}
for (wave in waves) {
  w <- d$weight[d$wave == wave]
  emit("weights", "kish", wave, "all", deff = length(w) * sum(w^2) / sum(w)^2, n_effective = sum(w)^2 / sum(w^2))
}
writeLines(c("design,metric,wave,group,statistic,value", lines), "tests/reference/demo_scores.csv")
cat(length(lines), "numbers;", R.version.string, "; survey", as.character(packageVersion("survey")), "\n")

# Batteries of the demo study by R's psych, survey and factanal: the oracle of tests/test_batteries.py.
#
# Run from the project root:   Rscript tests/reference/demo_batteries.R
# It reads data/demo/survey.csv and writes tests/reference/demo_batteries.csv.
# The numbers beside this script were printed by R 4.2.2, psych 2.2.9 and survey 4.1.1.
#
# The last wave's ratings; that of prices is turned round (6 - answer), to be declared as reversed. Statistics:
#   pairwise, complete   psych::alpha(keys), raw alpha; by item its mean, sd, r.drop and the alpha without it
#   alpha, alpha_se      of complete answers under a design: svycralpha; the delta method over vcov(svyvar)
#   jackknife_se         of the pairwise alpha under a design: delete one cluster at a time (withReplicates, JKn)
#   omega, omega_se      one factor by factanal on svyvar's covariances; a numerical gradient over vcov(svyvar)

suppressPackageStartupMessages({library(psych); library(survey)})
options(digits = 15)

d <- read.csv("data/demo/survey.csv", encoding = "UTF-8", colClasses = "character")
d <- d[!duplicated(d[c("wave", "respondent_id")]), ]                       # duplicates: first
d <- d[d$wave == max(d$wave), ]
d$weight <- as.numeric(d$weight)
d$shop <- ifelse(d$shop == "", paste0("alone-", d$respondent_id), d$shop)  # a blank shop: a cluster of its own
d$one <- 1
d$shops <- ifelse(d$city == "hcm", 300, 200)                               # made up, for the finite population
every <- c("product_quality", "product_range", "product_price", "channel_app", "channel_shop", "channel_info",
           "staff_attitude", "staff_knowledge", "staff_speed", "convenience_hours", "convenience_checkout",
           "convenience_delivery", "support_response", "support_resolution")
for (item in every) {
  answers <- suppressWarnings(as.numeric(d[[item]]))
  d[[item]] <- ifelse(answers %in% 1:5, answers, NA)                       # 9: no answer
}
d$product_price <- 6 - d$product_price
batteries <- list(product = every[1:3], all = every)

lines <- character()
emit <- function(battery, design, item, ...) {
  values <- c(...)
  lines <<- c(lines, paste(battery, design, item, names(values),
                           formatC(values, digits = 15, format = "g", width = 1), sep = ","))
}

coefficient <- function(C) nrow(C) / (nrow(C) - 1) * (1 - sum(diag(C)) / sum(C))

# The weighted covariance of each pair of items, from those who answered both; n - 1 as divisor.
pairs_of <- function(x, w) {
  k <- ncol(x)
  C <- matrix(0, k, k)
  for (i in 1:k) for (j in 1:k) {
    both <- !is.na(x[, i]) & !is.na(x[, j]) & w > 0
    C[i, j] <- cov.wt(x[both, c(i, j)], w[both], method = "ML")$cov[1, 2] * sum(both) / (sum(both) - 1)
  }
  C
}

omega_of <- function(C) {
  sd <- sqrt(diag(C))
  if (nrow(C) == 3) {                                                      # as many loadings as covariances
    common <- sum(prod(C[upper.tri(C)]) / c(C[2, 3], C[1, 3], C[1, 2])^2,
                  2 * C[upper.tri(C)])
    return(common / sum(C))
  }
  # The default stops two digits earlier; from 1e1 on it finds no way on.
  fit <- factanal(covmat = C, factors = 1, control = list(opt = list(factr = 1e3, maxit = 10000)))
  common <- sum(fit$loadings[, 1] * sd)^2
  common / (common + sum(fit$uniquenesses * sd^2))
}

gradient_of <- function(f, C, h = 1e-3) {
  g <- C * 0
  for (i in 1:nrow(C)) for (j in i:nrow(C)) {
    step <- C * 0
    step[i, j] <- step[j, i] <- h
    slope <- (8 * (f(C + step) - f(C - step)) - f(C + 2 * step) + f(C - 2 * step)) / (12 * h)
    g[i, j] <- g[j, i] <- if (i == j) slope else slope / 2
  }
  g
}

designs <- list(
  none = svydesign(ids = ~1, weights = ~one, data = d),
  weights = svydesign(ids = ~1, weights = ~weight, data = d),
  full = svydesign(ids = ~shop, strata = ~city, weights = ~weight, data = d, nest = TRUE),
  finite = svydesign(ids = ~shop, strata = ~city, weights = ~weight, fpc = ~shops, data = d, nest = TRUE)
)

for (battery in names(batteries)) {
  items <- batteries[[battery]]
  x <- d[items]
  complete <- complete.cases(x)
  keys <- ifelse(items == "product_price", -1, 1)
  # psych turns an item round at the least and most of its answers; they are 1 and 5 here.
  found <- suppressWarnings(psych::alpha(x, keys = keys))
  emit(battery, "none", "all", pairwise = found$total$raw_alpha, n = sum(rowSums(!is.na(x)) > 0),
       complete = suppressWarnings(psych::alpha(x[complete, ], keys = keys))$total$raw_alpha, n_complete = sum(complete))
  for (i in seq_along(items)) {
    emit(battery, "none", items[i], n = found$item.stats$n[i], mean = found$item.stats$mean[i],
         sd = found$item.stats$sd[i], item_rest = found$item.stats$r.drop[i],
         alpha_dropped = found$alpha.drop$raw_alpha[i])
  }
  turned <- d
  turned$product_price <- 6 - turned$product_price
  formula <- as.formula(paste("~", paste(items, collapse = "+")))
  for (name in names(designs)) {
    design <- designs[[name]]
    design$variables <- turned
    inside <- subset(design, complete)
    v <- svyvar(formula, inside)
      C <- matrix(as.numeric(as.matrix(v)), length(items))
    stopifnot(abs(coefficient(C) - as.numeric(svycralpha(formula, inside))) < 1e-12)
    k <- length(items)
    g <- k / (k - 1) * (sum(diag(C)) / sum(C)^2 - diag(k) / sum(C))
    V <- vcov(v)
    o <- gradient_of(omega_of, C)
    emit(battery, name, "all", alpha = coefficient(C), alpha_se = sqrt(c(g) %*% V %*% c(g)),
         omega = omega_of(C), omega_se = sqrt(c(o) %*% V %*% c(o)), n_weighted = sum(weights(inside)))
  }
  design <- designs$full
  design$variables <- turned
  replicated <- withReplicates(as.svrepdesign(design, type = "JKn"),
                               function(w, data) coefficient(pairs_of(as.matrix(data[items]), w)))
  emit(battery, "full", "all", pairwise = coef(replicated), jackknife_se = SE(replicated))
}
writeLines(c("battery,design,item,statistic,value", lines), "tests/reference/demo_batteries.csv")
cat(length(lines), "numbers;", R.version.string, "; psych", as.character(packageVersion("psych")), "; survey",
    as.character(packageVersion("survey")), "\n")

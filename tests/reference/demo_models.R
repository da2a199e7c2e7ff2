# Regressions of the demo study by R's survey and survival: the oracle of the tests of linear, ordinal, binary, hazard,
# marginal, asymmetry and diagnostics.
#
# Run from the project root:   Rscript tests/reference/demo_models.R
# It reads data/demo/survey.csv and customers.csv and writes tests/reference/demo_models.csv.
# The numbers beside this script were printed by R 4.2.2, survey 4.1.1 and survival 3.5.3.
#
# Columns: model, design, term, statistic, value. Designs: none (every weight 1), weights, full (cities as strata, shops
# as clusters). Models:
#   linear      svyglm, NPS points of `recommend`; reset: t of the squared prediction beside the terms
#   contrast    svyglm, the same on marks of bad (1-2) and excellent (4-5) answers
#   binary      glm (none) and svyglm(quasibinomial): promoter or not
#   logit, probit   svyolr of `satisfaction`; ame: mean slope of the expected 0/100 of CSAT and its jackknife error (JKn)
#   brant       base glm at each cut, Brant's formula with a symmetric covariance, in a simple random sample
#   hazard      svycoxph of the customers' days until they left (30-day steps, so that there are ties)
#   inflation, breusch_pagan   by lm, unweighted

suppressPackageStartupMessages({library(survey); library(survival)})
options(digits = 15)

d <- read.csv("data/demo/survey.csv", encoding = "UTF-8", colClasses = "character")
d <- d[!duplicated(d[c("wave", "respondent_id")]), ]                       # duplicates: first
d$weight <- as.numeric(d$weight)
d$shop <- ifelse(d$shop == "", paste0("alone-", d$respondent_id), d$shop)  # a blank shop: a cluster of its own
d$one <- 1
drivers <- c("product_quality", "staff_attitude", "convenience_delivery", "support_resolution")
for (item in drivers) {
  answers <- suppressWarnings(as.numeric(d[[item]]))
  d[[item]] <- ifelse(answers %in% 1:5, answers, NA)                       # 9: no answer
}
answers <- suppressWarnings(as.numeric(d$recommend))
answers[!answers %in% 0:10] <- NA                                          # 11: no answer
d$nps <- ifelse(answers >= 9, 100, ifelse(answers <= 6, -100, 0))
d$promoter <- as.numeric(answers >= 9)
d$satisfied <- factor(suppressWarnings(as.numeric(d$satisfaction)), levels = 1:5)
d$channel <- factor(d$channel, levels = c("digital", "traditional"))

lines <- character()
emit <- function(model, design, term, ...) {
  values <- c(...)
  lines <<- c(lines, paste(model, design, term, names(values),
                           formatC(values, digits = 15, format = "g", width = 1), sep = ","))
}
each <- function(model, design, fit, estimates = coef(fit), errors = SE(fit)) {
  for (i in seq_along(estimates)) {
    emit(model, design, names(estimates)[i], estimate = unname(estimates[i]), se = unname(errors[i]))
  }
}

designs <- list(
  none = svydesign(ids = ~1, weights = ~one, data = d),
  weights = svydesign(ids = ~1, weights = ~weight, data = d),
  full = svydesign(ids = ~shop, strata = ~city, weights = ~weight, data = d, nest = TRUE)
)
right <- paste(c(drivers, "channel"), collapse = " + ")
complete <- complete.cases(d[c("nps", drivers, "channel")])

for (name in names(designs)) {
  fit <- svyglm(as.formula(paste("nps ~", right)), design = designs[[name]])
  each("linear", name, fit)
  emit("linear", name, "all", df = fit$df.residual)
  wider <- designs[[name]]
  wider$variables$square <- NA
  wider$variables$square[complete] <- fitted(fit)^2
  again <- svyglm(as.formula(paste("nps ~", right, "+ square")), design = wider)
  emit("linear", name, "all", reset = unname(coef(again)["square"] / SE(again)["square"]))
}

marked <- designs$full
for (item in drivers) {
  marked$variables[[paste0(item, "_bad")]] <- as.numeric(d[[item]] <= 2)
  marked$variables[[paste0(item, "_excellent")]] <- as.numeric(d[[item]] >= 4)
}
marks <- paste(rep(drivers, each = 2), c("bad", "excellent"), sep = "_")
each("contrast", "full", svyglm(as.formula(paste("nps ~", paste(marks, collapse = " + "))), design = marked))

exact <- list(epsilon = 1e-14, maxit = 100)
fit <- glm(as.formula(paste("promoter ~", right)), data = d, family = binomial, control = exact)
each("binary", "none", fit, coef(fit), sqrt(diag(vcov(fit))))
emit("binary", "none", "all", deviance = deviance(fit))
for (name in c("weights", "full")) {
  each("binary", name, svyglm(as.formula(paste("promoter ~", right)), design = designs[[name]],
                              family = quasibinomial, control = exact))
}

# svyolr takes one function of MASS, a generalised inverse; where MASS is not installed, solve() does the same here.
if (!requireNamespace("MASS", quietly = TRUE)) {
  ordered <- gsub("MASS::ginv", "solve", deparse(survey:::svyolr.survey.design2), fixed = TRUE)
  registerS3method("svyolr", "survey.design2", eval(parse(text = ordered), asNamespace("survey")),
                   envir = asNamespace("survey"))
}
fully <- list(reltol = 1e-15, maxit = 2000, ndeps = rep(1e-4, length(drivers) + 5))
formula <- as.formula(paste("satisfied ~", right))
keep <- complete.cases(d[c("satisfied", drivers, "channel")])
x <- model.matrix(as.formula(paste("~", right)), d[keep, ])[, -1]
for (link in c("logistic", "probit")) {
  for (name in c("weights", "full")) {
    fit <- svyolr(formula, design = designs[[name]], method = link, control = fully)
    model <- if (link == "probit") "probit" else "logit"
    each(model, name, fit, c(fit$coefficients, fit$zeta), sqrt(diag(fit$var)))
    emit(model, name, "all", df = fit$df.residual)
  }
}

slopes <- function(b, cut, w) {                                            # CSAT: 4 and 5 score 100
  density <- dlogis(cut - x %*% b)
  100 * b[seq_along(drivers)] * sum(w * density) / sum(w)
}
replicates <- as.svrepdesign(designs$full, type = "JKn")
w <- weights(replicates, "analysis")
first <- svyolr(formula, design = designs$full, control = fully)
begin <- c(first$coefficients, first$zeta[1], log(diff(first$zeta)))
full <- slopes(first$coefficients, first$zeta[3], weights(designs$full)[keep])
drop <- t(sapply(seq_len(ncol(w)), function(i) {
  part <- designs$none
  part$prob <- 1 / pmax(w[, i], 1e-12)
  part <- part[keep & w[, i] > 0, ]
  fit <- svyolr(formula, design = part, start = begin, control = list(reltol = 1e-12, maxit = 500))
  slopes(fit$coefficients, fit$zeta[3], w[keep, i])
}))
error <- sqrt(diag(svrVar(drop, replicates$scale, replicates$rscales, mse = TRUE, coef = full)))
for (i in seq_along(drivers)) emit("ame", "full", drivers[i], estimate = full[[i]], jackknife_se = error[[i]])

X <- cbind(1, x)
y <- as.integer(d$satisfied[keep])
fits <- lapply(1:4, function(m) glm.fit(X, as.numeric(y > m), family = binomial(), control = exact))
pi <- sapply(fits, function(f) f$fitted.values)
inverse <- lapply(1:4, function(m) solve(t(X) %*% (X * pi[, m] * (1 - pi[, m]))))
k <- ncol(x)
V <- matrix(0, 4 * k, 4 * k)
for (a in 1:4) for (b in a:4) {
  block <- (inverse[[a]] %*% (t(X) %*% (X * (pi[, b] - pi[, a] * pi[, b]))) %*% inverse[[b]])[-1, -1]
  V[(a - 1) * k + 1:k, (b - 1) * k + 1:k] <- block
  V[(b - 1) * k + 1:k, (a - 1) * k + 1:k] <- t(block)
}
beta <- unlist(lapply(fits, function(f) f$coefficients[-1]))
for (j in 1:k) {
  D <- matrix(0, 3, 4 * k)
  for (i in 1:3) D[i, c(j, i * k + j)] <- c(1, -1)
  v <- D %*% beta
  emit("brant", "none", colnames(x)[j], chi2 = t(v) %*% solve(D %*% V %*% t(D)) %*% v)
}

customers <- read.csv("data/demo/customers.csv", encoding = "UTF-8", colClasses = "character")
customers <- customers[!duplicated(customers$customer_id), ]
end <- as.Date("2026-09-30")
since <- as.Date(customers$since)
left <- as.Date(ifelse(customers$left == "", NA, customers$left))
customers$gone <- as.numeric(!is.na(left) & left <= end)
customers$days <- ceiling(as.numeric(pmin(left, end, na.rm = TRUE) - since) / 30)
customers$age <- as.numeric(customers$age)
customers$made_up <- 1 + as.numeric(customers$frequency) / 2
customers <- customers[!is.na(customers$days) & customers$days > 0 & customers$shop != "", ]
customers <- customers[seq(1, nrow(customers), by = 5), ]
customers$channel <- factor(customers$channel, levels = c("digital", "traditional"))
shops <- svydesign(ids = ~shop, strata = ~city, weights = ~made_up, data = customers, nest = TRUE)
each("hazard", "full", svycoxph(Surv(days, gone) ~ age + channel, design = shops))
plain <- coxph(Surv(days, gone) ~ age + channel, data = customers)
each("hazard", "none", plain, coef(plain), sqrt(diag(vcov(plain))))
emit("hazard", "none", "all", n = nrow(customers), events = sum(customers$gone), log_likelihood = plain$loglik[2])

plain <- lm(as.formula(paste("nps ~", right)), data = d)
emit("breusch_pagan", "none", "all", statistic = {
  e <- residuals(plain)^2
  length(e) * summary(lm(e ~ model.matrix(plain)))$r.squared
})
for (item in drivers) {
  others <- paste(c(setdiff(drivers, item), "channel"), collapse = " + ")
  r2 <- summary(lm(as.formula(paste(item, "~", others)), data = d[complete, ]))$r.squared
  emit("inflation", "none", item, vif = 1 / (1 - r2))
}
writeLines(c("model,design,term,statistic,value", lines), "tests/reference/demo_models.csv")
cat(length(lines), "numbers;", R.version.string, "; survey", as.character(packageVersion("survey")), "; survival",
    as.character(packageVersion("survival")), "\n")

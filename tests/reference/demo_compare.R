# Comparisons of the demo study by R's survey package: the oracle of tests/test_differences.py and test_crosstabs.py.
#
# Run from the project root:   Rscript tests/reference/demo_compare.R
# It reads data/demo/survey.csv and writes tests/reference/demo_compare.csv.
# The numbers beside this script were printed by R 4.2.2 and survey 4.1.1.
#
# A difference has two standard errors. se is that of the difference as it is, from svycontrast() over svyby() with
# covariances. se_null is that under the hypothesis of no difference: svytotal() of the linearised differences, with
# residuals from the pooled ratio of both sides; t rests on it. Degrees of freedom: degf() of the rows of both sides
# that hold an answer. p of a share is at least the mid-p of Fisher's exact test (dhyper) on n / deff answers a group.
# p_holm is p.adjust() over the pairs of one banner question, or over its comparisons with the rest.

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
d$spend <- number(d$spend)
share <- function(question, answer) ifelse(question == "", NA, 100 * (question == answer))
d$cash <- share(d$payment, "cash")
d$app <- ifelse(d$touchpoints == "", NA, 100 * grepl("(^|;)app(;|$)", d$touchpoints))
d$satisfied <- share(d$outcome, "satisfied")                               # asked where complained is 1
d$shop <- ifelse(d$shop == "", paste0("alone-", d$respondent_id), d$shop)  # a blank shop: a cluster of its own
d$age_band <- as.character(cut(number(d$age), c(18, 25, 35, 45, 55, Inf), right = FALSE,
                               labels = c("18-24", "25-34", "35-44", "45-54", "55+")))
d$one <- 1
d$shops <- ifelse(d$city == "hcm", 300, 200)                               # made up, for the finite population
d$some <- ifelse(d$sex == "f" & d$shop %in% sprintf("S%02d", c(1:7, 41)), "in", "out")
for (name in c("payment", "problem", "outcome", "frequency")) d[[name]][d[[name]] == ""] <- NA

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
only <- d[d$wave == max(d$wave) & (d$city == "hcm" | d$shop == first_hanoi), ]
designs$lonely <- svydesign(ids = ~shop, strata = ~city, weights = ~weight, data = only, nest = TRUE)

SHARES <- c("cash", "app", "satisfied")
BASE <- 30

# -- printing ---------------------------------------------------------------------------------------------
lines <- "kind,design,question,banner,group,other,estimate,se,se_null,statistic,df,df2,p,p_holm,n"
emit <- function(kind, design, question, banner, group, other, ...) {
  values <- formatC(c(...), digits = 15, format = "g", width = 1)
  lines <<- c(lines, paste(c(kind, design, question, banner, group, other, values), collapse = ","))
}

# -- differences --------------------------------------------------------------------------------------------
# The effective number of answers of one group, and Fisher's mid-p.
effective <- function(design, question, rows) {
  inside <- subset(design, rows & !is.na(design$variables[[question]]))
  if (nrow(inside$variables) < 2) return(NA)
  y <- inside$variables[[question]]
  w <- weights(inside)
  if (length(unique(y)) == 1) return(sum(w)^2 / sum(w^2))
  m <- svymean(as.formula(paste0("~", question)), inside, deff = "replace")
  nrow(inside$variables) / unname(as.numeric(deff(m)))
}
midp <- function(share1, n1, share2, n2) {
  n1 <- round(n1)
  n2 <- round(n2)
  hits1 <- round(share1 / 100 * n1)
  hits <- hits1 + round(share2 / 100 * n2)
  less <- phyper(hits1, hits, n1 + n2 - hits, n1)
  more <- phyper(hits1 - 1, hits, n1 + n2 - hits, n1, lower.tail = FALSE)
  min(1, 2 * min(less, more) - dhyper(hits1, hits, n1 + n2 - hits, n1))
}

# One side against another, each a set of groups.
difference <- function(design, question, banner, plus, minus) {
  v <- design$variables
  y <- v[[question]]
  above <- v[[banner]] %in% plus & !is.na(y)
  below <- v[[banner]] %in% minus & !is.na(y)
  if (min(sum(above), sum(below)) < BASE) return(rep(NA, 7))
  both <- subset(update(design, side = ifelse(above, "plus", "minus")), above | below)
  formula <- as.formula(paste0("~", question))
  pooled <- unname(coef(svymean(formula, both)))
  w <- weights(design)
  z <- ifelse(above | below, (y - pooled) * (above / sum(w[above]) - below / sum(w[below])), 0)
  total <- svytotal(~z, update(design, z = z))
  means <- svyby(formula, ~side, both, svymean, covmat = TRUE)
  wald <- svycontrast(means, c(-1, 1))
  estimate <- unname(coef(wald))
  stopifnot(abs(unname(coef(total)) - estimate) < 1e-8)
  se <- unname(as.numeric(SE(wald)))
  se_null <- unname(as.numeric(SE(total)))
  df <- degf(both)
  t <- estimate / se_null
  p <- 2 * pt(-abs(t), df)
  if (question %in% SHARES && p < .2) {
    size <- function(groups) sum(sapply(groups, function(g) effective(design, question, v[[banner]] %in% g)))
    p <- max(p, midp(unname(coef(means)["plus"]), size(plus), unname(coef(means)["minus"]), size(minus)))
  }
  c(estimate, se, se_null, t, df, p, sum(above))
}

compare <- function(name, question, banner) {
  design <- designs[[name]]
  groups <- sort(unique(design$variables[[banner]]))
  k <- length(groups)
  in_order <- banner == "wave"
  pairs <- if (in_order) lapply(2:k, function(i) c(i, i - 1)) else combn(k, 2, simplify = FALSE)
  sides <- lapply(pairs, function(pair) list(groups[pair[1]], groups[pair[2]]))
  names(sides) <- rep("pairs", length(sides))
  if (k > 2) sides <- c(sides, lapply(1:k, function(i) list(groups[i], groups[-i])))
  found <- t(sapply(sides, function(side) difference(design, question, banner, side[[1]], side[[2]])))
  family <- seq_along(sides) <= length(pairs)
  holm <- numeric(length(sides))
  for (part in unique(family)) holm[family == part] <- p.adjust(found[family == part, 6], "holm")
  for (i in seq_along(sides)) {
    other <- if (family[i]) sides[[i]][[2]] else "the rest"
    emit("difference", name, question, banner, sides[[i]][[1]], other, found[i, 1:5], NA, found[i, 6], holm[i],
         found[i, 7])
  }
}
for (banner in c("age_band", "wave", "sex", "some")) {
  for (question in c("nps", "csat", "ces", "spend", SHARES)) compare("full", question, banner)
  for (name in c("none", "weights", "nested", "finite")) {
    for (question in c("nps", "spend", "cash")) compare(name, question, banner)
  }
}
for (question in c("nps", "spend", "cash")) compare("lonely", question, "age_band")

# -- crosstabs ------------------------------------------------------------------------------------------------
crosstab <- function(name, rows, columns, shares) {
  design <- designs[[name]]
  v <- design$variables
  both <- subset(design, !is.na(v[[rows]]) & !is.na(v[[columns]]))
  test <- svychisq(as.formula(paste0("~", rows, "+", columns)), both, statistic = "F")
  emit("svychisq", name, rows, columns, "", "", NA, NA, NA, test$statistic, test$parameter, test$p.value, NA,
       nrow(both$variables))
  if (!shares) return(invisible())
  for (answer in sort(unique(both$variables[[rows]]))) {
    hit <- update(both, hit = 100 * (both$variables[[rows]] == answer))
    found <- svyby(~hit, as.formula(paste0("~", columns)), hit, svymean)
    for (i in seq_len(nrow(found))) {
      group <- found[[columns]][i]
      emit("svyby", name, rows, columns, answer, group, found$hit[i], found$se[i], NA, NA, NA, NA, NA, NA,
           sum(both$variables[[columns]] == group))
    }
  }
}
for (name in c("none", "weights", "clusters", "full", "nested", "finite")) {
  crosstab(name, "payment", "age_band", name == "full")
  crosstab(name, "problem", "city", FALSE)
  crosstab(name, "frequency", "sex", FALSE)
  crosstab(name, "outcome", "channel", name == "full")                       # asked where complained is 1
}
writeLines(lines, "tests/reference/demo_compare.csv")
cat(length(lines) - 1, "rows;", R.version.string, "; survey", as.character(packageVersion("survey")), "\n")

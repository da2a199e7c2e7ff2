# Profiles of groups of the demo study by R's survey package: the oracle of tests/test_profiles.py.
#
# Run from the project root:   Rscript tests/reference/profiles.R
# It reads data/demo/survey.csv and customers.csv and writes tests/reference/profiles.csv.
# The numbers beside this script were printed by R 4.2.2 and survey 4.1.1.
#
# share, rest and their errors: svyby() by side (the group, all others), svymean(); the difference and its se:
# svycontrast() over its covariances, the same as of svyglm(y ~ side), checked below. index: svycontrast()
# of the four totals (answers and members, of the group and of all). p: the difference over its error under the
# hypothesis, svytotal() of linearised differences with residuals from the pooled ratio, on degf(); of a share at least
# the mid-p of Fisher's exact test on n / deff answers a group. p_wald is what svyttest() prints. p_holm: p.adjust()
# over the rows of a group.

suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "adjust", digits = 15)
number <- function(x) suppressWarnings(as.numeric(x))

# -- the survey, cleaned as data/demo/study.yml says ------------------------------------------------------
d <- read.csv("data/demo/survey.csv", encoding = "UTF-8", colClasses = "character")
d <- d[!duplicated(d[c("wave", "respondent_id")]), ]                       # duplicates: first
d$weight <- number(d$weight)
recommend <- number(d$recommend)
recommend[recommend %in% 11] <- NA                                         # missing: [11]
d$group <- ifelse(recommend >= 9, "Promoters", ifelse(recommend <= 6, "Detractors", "Passives"))
d$shop <- ifelse(d$shop == "", paste0("alone-", d$respondent_id), d$shop)  # a blank shop: a cluster of its own
d$age_band <- as.character(cut(number(d$age), c(18, 25, 35, 45, 55, Inf), right = FALSE,
                               labels = c("18-24", "25-34", "35-44", "45-54", "55+")))
given <- function(question) ifelse(d[[question]] == "", NA, d[[question]])
has <- function(option) ifelse(d$touchpoints == "", NA, 100 * grepl(paste0("(^|;)", option, "(;|$)"), d$touchpoints))
answers <- list()
add <- function(attribute, answer, values) answers[[paste(attribute, answer, sep = "|")]] <<- values
shares <- function(attribute, values) {
  for (answer in sort(unique(values[!is.na(values)]))) add(attribute, answer, 100 * (values == answer))
}
shares("age_band", given("age_band"))
shares("payment", given("payment"))
shares("priority", given("priority"))
shares("outcome", given("outcome"))                                        # asked where complained is 1
for (option in c("app", "delivery", "phone", "shop", "social", "web")) add("touchpoints", option, has(option))
add("spend", "mean", number(d$spend))
add("household_size", "mean", number(d$household_size))

# -- customers who left and who stayed: no weights, no clusters -----------------------------------------------
k <- read.csv("data/demo/customers.csv", encoding = "UTF-8", colClasses = "character")
k$group <- ifelse(k$left == "", "stayed", "left")
k$one <- 1

# -- printing ---------------------------------------------------------------------------------------------
lines <- paste0("design,attribute,answer,group,share,se,total,index,index_se,share_other,difference,difference_se,df,",
                "p,p_wald,p_holm,n,n_other,n_total")
emit <- function(names, values) {
  values <- formatC(values, digits = 15, format = "g", width = 1)
  lines <<- c(lines, paste(c(names, values), collapse = ","))
}

# The effective number of answers of one group, and Fisher's mid-p.
effective <- function(design, rows) {
  inside <- subset(design, rows & !is.na(design$variables$y))
  y <- inside$variables$y
  w <- weights(inside)
  if (length(unique(y)) == 1) return(sum(w)^2 / sum(w^2))
  nrow(inside$variables) / unname(as.numeric(deff(svymean(~y, inside, deff = "replace"))))
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

one_row <- function(design, y, is_share, group, others) {
  design <- update(design, y = y)
  v <- design$variables
  known <- !is.na(v$group) & !is.na(y)
  inside <- known & v$group == group
  outside <- known & v$group %in% others
  total <- svymean(~y, subset(design, known))
  # The index: four totals, of which it is a ratio of ratios.
  four <- update(design, gy = ifelse(inside, y, 0), gn = 1 * inside, ty = ifelse(known, y, 0), tn = 1 * known)
  index <- svycontrast(svytotal(~gy + gn + ty + tn, four), quote(100 * (gy / gn) / (ty / tn)))
  both <- subset(update(design, side = 1 * inside), inside | outside)
  means <- svyby(~y, ~side, both, svymean, covmat = TRUE)
  wald <- svycontrast(means, c(-1, 1))
  estimate <- unname(coef(wald))
  se <- unname(as.numeric(SE(wald)))
  glm <- summary(svyglm(y ~ side, both))$coefficients["side", ]
  stopifnot(abs(glm[1] - estimate) < 1e-7 * max(1, abs(estimate)), abs(glm[2] - se) < 1e-7 * se)
  p_wald <- unname(svyttest(y ~ side, both)$p.value)
  pooled <- unname(coef(svymean(~y, both)))
  w <- weights(design)
  z <- ifelse(inside | outside, (y - pooled) * (inside / sum(w[inside]) - outside / sum(w[outside])), 0)
  se_null <- unname(as.numeric(SE(svytotal(~z, update(design, z = z)))))
  df <- degf(both)
  p <- 2 * pt(-abs(estimate / se_null), df)
  share <- unname(coef(means)[2])
  if (is_share && p < .2) {
    size <- sum(sapply(others, function(g) effective(design, known & v$group == g)))
    p <- max(p, midp(share, effective(design, inside), unname(coef(means)[1]), size))
  }
  c(share, unname(SE(means)[2]), unname(coef(total)), unname(coef(index)), unname(as.numeric(SE(index))),
    unname(coef(means)[1]), estimate, se, df, p, p_wald, NA, sum(inside), sum(outside), sum(known))
}

profile <- function(name, design, answers, groups, against = NULL) {
  for (group in groups) {
    others <- if (is.null(against)) setdiff(groups, group) else against
    if (identical(group, against)) next
    found <- sapply(names(answers), function(key) {
      one_row(design, answers[[key]], !endsWith(key, "|mean"), group, others)
    })
    found[12, ] <- p.adjust(found[10, ], "holm")
    for (key in names(answers)) emit(c(name, strsplit(key, "|", fixed = TRUE)[[1]], group), found[, key])
  }
}

BANDS <- c("Detractors", "Passives", "Promoters")
full <- svydesign(ids = ~shop, strata = ~city, weights = ~weight, data = d, nest = TRUE)
weighted <- svydesign(ids = ~1, weights = ~weight, data = d)
profile("full", full, answers, BANDS)
profile("weights", weighted, answers, BANDS)
profile("against", full, answers, BANDS, "Detractors")

answers <- list()
businesses <- ifelse(k$segment == "b2b", k$industry, NA)
for (answer in sort(unique(businesses[!is.na(businesses)]))) add("industry", answer, 100 * (businesses == answer))
for (answer in sort(unique(k$channel))) add("channel", answer, 100 * (k$channel == answer))
add("company_size", "mean", number(k$company_size))
add("revenue", "mean", number(k$revenue))
add("age", "mean", number(k$age))
profile("customers", svydesign(ids = ~1, weights = ~one, data = k), answers, c("left", "stayed"))
writeLines(lines, "tests/reference/profiles.csv")
cat(length(lines) - 1, "rows;", R.version.string, "; survey", as.character(packageVersion("survey")), "\n")

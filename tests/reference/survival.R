# Survival curves by R's survival: the oracle of tests/test_survival.py.
#
# Run from the project root:   Rscript tests/reference/survival.R
# It makes 300 customers by a formula that the tests repeat, and writes tests/reference/survival.csv.
# The numbers beside this script were printed by R 4.2.2 and survival 3.5.3.
#
# Columns: case, group, statistic, time, value. Cases: plain (everybody seen from the day he came), late (seen from
# `entry` on), start (late, of those still there after 20; R takes in who leaves at the start itself, hence 20.25: exits
# are halves). Statistics: at each time of the curve estimate, se, low, high (R has none where nobody or everybody has
# left) and at_risk; median, median_low, median_high; rmean and rmean_se up to the horizon under `time`; score: the
# log-rank test, in the late case as coxph's score test, after exits are told apart by i / 1000.

suppressPackageStartupMessages(library(survival))
i <- 1:300
customers <- data.frame(entry = pmax(0, (i * 37) %% 60 - 30), event = as.numeric(i %% 7 < 4),
                        group = c("a", "b", "c")[1 + (i * i + i %/% 5) %% 3])
customers$exit <- customers$entry + 1 + (i * i * 13) %% 97 * ifelse(customers$group == "a", 1, 0.5)

lines <- character()
emit <- function(case, group, statistic, time, value) {
  lines <<- c(lines, paste(case, group, statistic, format(time, digits = 15, trim = TRUE),
                           formatC(value, digits = 15, format = "g", width = 1), sep = ","))
}
curves <- function(case, formula, ...) {
  for (g in unique(customers$group)) {
    fit <- survfit(formula, data = customers[customers$group == g, ], conf.type = "log-log", ...)
    shown <- summary(fit, censored = TRUE)
    emit(case, g, "estimate", shown$time, shown$surv)
    emit(case, g, "se", shown$time, shown$std.err)
    emit(case, g, "low", shown$time, shown$lower)
    emit(case, g, "high", shown$time, shown$upper)
    emit(case, g, "at_risk", shown$time, shown$n.risk)
    middle <- quantile(fit, 0.5)
    emit(case, g, c("median", "median_low", "median_high"), 0, c(middle$quantile, middle$lower, middle$upper))
    if (case == "start") next                       # R counts the time before the start, too
    for (horizon in c(30, 60)) {
      found <- summary(fit, rmean = horizon)$table
      emit(case, g, c("rmean", "rmean_se"), horizon, found[c("rmean", "se(rmean)")])
    }
  }
}
curves("plain", Surv(exit, event) ~ 1)
curves("late", Surv(entry, exit, event) ~ 1)
curves("start", Surv(entry, exit, event) ~ 1, start.time = 20.25)
emit("plain", "all", "score", 0, survdiff(Surv(exit, event) ~ group, data = customers)$chisq)
customers$exit <- customers$exit + i / 1000
emit("late", "all", "score", 0, coxph(Surv(entry, exit, event) ~ group, data = customers)$score)
writeLines(c("case,group,statistic,time,value", lines), "tests/reference/survival.csv")
cat(length(lines), "numbers;", R.version.string, "; survival", as.character(packageVersion("survival")), "\n")

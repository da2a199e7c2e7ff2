# Partial pooling of the eight schools (Rubin, Journal of Educational Statistics 6 (1981) 377-401) by metafor, and tests
# that units differ by R's own. Printed: league.csv.  Rscript tests/reference/league.R > tests/reference/league.csv
suppressPackageStartupMessages(library(metafor))
y <- c(28, 8, -3, 7, -1, 1, 18, 12)
s <- c(15, 10, 16, 11, 9, 11, 10, 18)
row <- function(what, unit, value) cat(sprintf("%s,%s,%.10g\n", what, unit, value))
cat("what,unit,value\n")

# Given tau, metafor has the mean of all schools, every school's mean and the restricted likelihood, which is the
# likelihood of tau with a flat prior on the mean. Flat on tau: steps of it, wider in the tail.
tau <- c(seq(0.01, 60, by = 0.05), seq(60.5, 400, by = 1))
width <- c(rep(0.05, 1200), rep(1, 340))
fits <- lapply(tau, function(t) rma(y, vi = s^2, tau2 = t^2, method = "REML"))
log_likelihood <- sapply(fits, function(f) as.numeric(logLik(f)))
share <- exp(log_likelihood - max(log_likelihood)) * width
share <- share / sum(share)
units <- lapply(fits, blup)
mean_of <- sapply(units, function(u) u$pred)
error_of <- sapply(units, function(u) u$se)
centre <- sapply(fits, function(f) f$b[1])
centre_error <- sapply(fits, function(f) f$se)
quantile_of <- function(q, means, errors) {
  uniroot(function(at) sum(share * pnorm(at, means, errors)) - q, c(-400, 400), tol = 1e-9)$root
}
for (i in seq_along(y)) {
  row("mean", i, sum(share * mean_of[i, ]))
  for (q in c(0.025, 0.5, 0.975)) row(sprintf("q%g", 100 * q), i, quantile_of(q, mean_of[i, ], error_of[i, ]))
}
for (q in c(0.025, 0.5, 0.975)) row(sprintf("q%g", 100 * q), "average", quantile_of(q, centre, centre_error))
below <- cumsum(share) - share / 2
for (q in c(0.025, 0.5, 0.975)) row(sprintf("q%g", 100 * q), "tau", approx(below, tau, q)$y)

# Units of a formula: Welch's test of their means and Pearson's of their rates.
unit <- rep(1:6, times = c(30, 45, 60, 80, 120, 200))
i <- seq_along(unit)
answer <- (i * 7 + unit * unit * 3 + (i * i) %% 11) %% 11
won <- as.integer((i * 13 + (i * i) %% 17) %% 10 < 3 + unit %% 3)
welch <- oneway.test(answer ~ factor(unit))
for (part in c("statistic", "p.value")) row("welch", part, welch[[part]])
row("welch", "df2", welch$parameter[2])
pearson <- chisq.test(table(unit, won), correct = FALSE)
row("pearson", "statistic", pearson$statistic)
row("pearson", "p.value", pearson$p.value)

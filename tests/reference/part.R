# The mean of a domain of a stratified cluster sample, empty clusters included: subset() of a design (survey 4.1.1).
# Rscript tests/reference/part.R rows.csv, the rows of tests/test_part.py:design_rows().
suppressPackageStartupMessages(library(survey))
d <- read.csv(commandArgs(TRUE)[1])
design <- svydesign(~cl, strata = ~st, weights = ~w, data = d, nest = TRUE)
part <- subset(design, g == "a")
m <- svymean(~score, part)
cat(sprintf("mean,se,df\n%.12f,%.12f,%d\n", coef(m), SE(m), degf(part)))

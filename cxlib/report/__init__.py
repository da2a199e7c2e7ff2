"""Reports: a plan of chapters, executed by papermill, rendered from the executed notebooks alone."""

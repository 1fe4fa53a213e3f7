//! Git repositories: fetched, compared, read.

use crate::model::{Dockerfile, Model};

use super::Finding;

/// One codemod: what it is called, what it looks for and what it finds.
#[derive(Debug)]
pub struct Codemod {
    /// Its name in options, suppressions and reports, kebab-case.
    pub id: &'static str,
    /// What it finds, in one line without a final period.
    pub summary: &'static str,
    /// Its page, in Markdown.
    pub page: &'static str,
    /// Whether a Dockerfile of this text may have such a finding: a necessary condition that costs nearly nothing.
    pub may_find: fn(&str) -> bool,
    /// Finds what is wrong with a Dockerfile and with what builds it, each with its repair.
    pub find: fn(&Model, &Dockerfile) -> Vec<Finding>,
}

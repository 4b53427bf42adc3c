//! Scripts of Windows' shells: PowerShell and cmd.
//!
//! A command that builds is read as a POSIX shell would be told it: `$env:TOKEN` and `%TOKEN%` are `${TOKEN}` there, continued
//! lines are one. Each command is read alone; of what stands before it, only fixed values of variables are known. Neither
//! shell has assignments in front of a command, so a value that is not in the environment is put there by a statement of its
//! own.

mod batch;
mod powershell;
mod statement;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::location::upwards;
use super::shell::{self, Provide, Site};
use super::sieve::may_build;
use super::{Build, Caller, Format, Offer, Refusal, Request, Rewrite, Surroundings};
use crate::source::{Edit, Source, size};
use crate::syntax::shell::Dialect;
pub(super) use powershell::is_name;
use statement::Statement;

/// The caller for scripts of one shell.
#[derive(Debug, Clone, Copy)]
pub struct Windows(Language);

/// PowerShell: `*.ps1` and `*.psm1`.
pub const POWERSHELL: Windows = Windows(Language::PowerShell);
/// cmd: `*.bat` and `*.cmd`.
pub const BATCH: Windows = Windows(Language::Batch);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    PowerShell,
    Batch,
}

impl Caller for Windows {
    fn format(&self) -> Format {
        match self.0 {
            Language::PowerShell => Format::PowerShell,
            Language::Batch => Format::Batch,
        }
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        let extension = path.extension().unwrap_or("").to_ascii_lowercase();
        match self.0 {
            Language::PowerShell => matches!(extension.as_str(), "ps1" | "psm1"),
            Language::Batch => matches!(extension.as_str(), "bat" | "cmd"),
        }
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        shell::builds_in(&self.sites(source), around)
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        let passed = shell::pass_secrets_in(&self.sites(source), around, build, requests)?;
        let mut rewrite = passed.rewrite;
        if let [first, ..] = passed.provide.as_slice() {
            rewrite.edits.push(self.provide(source, build, &passed.provide).ok_or_else(|| Refusal {
                reason: format!(
                    "`{}` is not in the environment of the command, and no statement fits in front of it",
                    first.variable
                ),
                range: build.range,
                instead: Some(self.assignments(&passed.provide).join("; ")),
            })?);
        }
        Ok(rewrite)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        shell::offer_in(&self.sites(source), around, build, offers)
    }
}

impl Windows {
    fn sites<'s>(self, source: &'s Source) -> Vec<Site<'s>> {
        let text = source.text();
        if may_build(text) { self.sites_in(source, text) } else { Vec::new() }
    }

    /// The commands of `text`, which is what one block of the document `source` holds, each byte at its place.
    pub(super) fn sites_of_document<'s>(self, source: &'s Source, text: &str) -> Vec<Site<'s>> {
        let sites = self.sites_in(source, text).into_iter();
        sites.map(|site| Site { documentation: true, ..site }).collect()
    }

    fn sites_in<'s>(self, source: &'s Source, text: &str) -> Vec<Site<'s>> {
        let (statements, environment) = match self.0 {
            Language::PowerShell => powershell::read(text),
            Language::Batch => batch::read(text),
        };
        let building = statements.into_iter().filter(|statement| may_build(statement.view.text()));
        building.map(|statement| self.site(source, statement, environment.clone())).collect()
    }

    fn site<'s>(self, source: &'s Source, statement: Statement, environment: BTreeMap<String, String>) -> Site<'s> {
        Site {
            folders: Vec::new(),
            format: self.format(),
            file: source.path(),
            text: source.text(),
            view: Rc::new(statement.view),
            dialect: Dialect::Posix,
            directories: upwards(source.path().parent().unwrap_or(Utf8Path::new(""))),
            checkout: Utf8PathBuf::new(),
            foreign: statement.foreign,
            environment,
            classic: None,
            release: None,
            options_only: false,
            documentation: false,
            sourced: false,
        }
    }

    /// The statements that put values into the environment, in front of the line of the command: only where the command
    /// begins its line, so that they run whenever it does.
    fn provide(self, source: &Source, build: &Build, values: &[Provide]) -> Option<Edit> {
        let (text, start) = (source.text(), usize::from(build.range.start()));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let before = text.get(line_start..start)?;
        let indentation = before.trim_end_matches(['@', '&', ' ', '\t']);
        let blanks: String = before.chars().take_while(|char| matches!(char, ' ' | '\t')).collect();
        if !indentation.is_empty() || self.0 == Language::Batch && batch::is_in_block(text.get(..line_start)?) {
            return None;
        }
        if self.0 == Language::PowerShell && !values.iter().all(|given| powershell::is_closed(&given.value)) {
            return None;
        }
        let newline = source.style().newline.as_str();
        let lines: String =
            self.assignments(values).into_iter().map(|line| format!("{blanks}{line}{newline}")).collect();
        Some(Edit::insert(size(line_start), lines))
    }

    fn assignments(self, values: &[Provide]) -> Vec<String> {
        let assignment = |Provide { variable, value }: &Provide| {
            // The value of `"NAME=…"` and `NAME="…"` ends with a quote that begins in front of it.
            let open = value.ends_with('"') && value.matches('"').count() % 2 == 1;
            let value = if open { value.get(..value.len() - 1).unwrap_or("") } else { value };
            match self.0 {
                Language::PowerShell if powershell::is_expression(value) => format!("$env:{variable} = {value}"),
                Language::PowerShell => format!("$env:{variable} = \"{value}\""),
                Language::Batch => format!("set \"{variable}={}\"", value.trim_matches('"')),
            }
        };
        values.iter().map(assignment).collect()
    }
}

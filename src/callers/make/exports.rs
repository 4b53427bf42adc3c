//! Which variables recipes get in their environment.
//!
//! Make hands on what came from the environment or the command line, and what is exported (GNU make manual,
//! "Communicating Variables to a Sub-make").

use makefile_lossless::{ExportState, Makefile, VariableDefinition};

use super::File;
use crate::source::{Edit, size};

/// The exported variables; `None` where all of them are.
pub(super) fn exported(makefile: &Makefile, definitions: &[VariableDefinition]) -> Option<Vec<String>> {
    let everything = makefile.rules().any(|rule| rule.targets().any(|target| target == ".EXPORT_ALL_VARIABLES"));
    if everything || makefile.to_string().lines().any(|line| line.trim() == "export") {
        return None;
    }
    let exports = definitions.iter().filter(|definition| definition.export_state() == Some(ExportState::Export));
    Some(exports.flat_map(|definition| definition.names().collect::<Vec<_>>()).collect())
}

/// The variables of `unexport` lines; `None` where such a line names none, which means all.
pub(super) fn withheld(text: &str) -> Option<Vec<String>> {
    let lines = text.lines().filter(|line| !line.starts_with('\t'));
    let lines = lines.filter_map(|line| line.trim().strip_prefix("unexport"));
    let mut names = Vec::new();
    for line in lines.filter(|line| line.is_empty() || line.starts_with(char::is_whitespace)) {
        let before = names.len();
        names.extend(line.split_whitespace().map(str::to_owned));
        if names.len() == before {
            return None;
        }
    }
    Some(names)
}

/// The files that are read as parts of it, as they are named.
pub(super) fn included(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('\t')).flat_map(|line| {
        let mut words = line.split_whitespace();
        let is_directive = matches!(words.next(), Some("include" | "-include" | "sinclude"));
        words.filter(move |_| is_directive)
    })
}

/// Whether other files are read as parts of it, which may assign anything.
pub(super) fn includes(text: &str) -> bool {
    included(text).next().is_some()
}

impl File<'_> {
    /// The edit that exports `name`, if recipes would not get it otherwise.
    pub(super) fn export(&self, name: &str) -> Option<Edit> {
        let exported = self.exported.as_ref()?;
        if exported.iter().any(|known| known == name) {
            return None;
        }
        let mine: Vec<_> = self.definitions.iter().filter(|definition| definition.name == name).collect();
        let text = self.source.text();
        let top = mine.iter().rfind(|definition| definition.conditional.is_none() && !definition.target_specific);
        let newline = self.source.style().newline.as_str();
        // The directive holds for the variable, wherever it stands.
        let at = match (top, mine.first()) {
            (Some(definition), _) => line_end(text, usize::from(definition.value.end()), definition.multiline),
            (None, Some(definition)) => {
                line_start(text, definition.conditional.unwrap_or_else(|| usize::from(definition.range.start())))
            }
            (None, None) => return None,
        };
        let missing = at > 0 && !text.get(..at).unwrap_or("").ends_with('\n');
        let line = if missing { format!("{newline}export {name}") } else { format!("export {name}{newline}") };
        Some(Edit::insert(size(at), line))
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

/// The end of the line of `at`, of the `endef` line behind a multi-line value.
fn line_end(text: &str, at: usize, multiline: bool) -> usize {
    let rest = text.get(at..).unwrap_or("");
    let skipped = if multiline { rest.find("endef").unwrap_or(0) } else { 0 };
    rest.get(skipped..).and_then(|rest| rest.find('\n')).map_or(text.len(), |newline| at + skipped + newline + 1)
}

use super::mounts::run;
use super::{EditError, verify};
use crate::source::{Edit, Source};
use crate::syntax::dockerfile::{Instruction, RunScript};

/// Puts `text` in front of the command of a `RUN` or of the `RUN` behind an `ONBUILD`.
///
/// `text` is shell text that may stand directly before the command: it ends with its own operator or blank, such as
/// `export A=b && `. Where the command is one heredoc, `text` becomes the first line of the body, without the
/// operator at its end.
///
/// # Errors
/// [`EditError`], for the JSON form, a body with an interpreter of its own, an empty command, or text that the
/// place does not take.
pub fn insert_command(source: &Source, instruction: &Instruction, text: &str) -> Result<Vec<Edit>, EditError> {
    let run = run(instruction)?;
    match run.script() {
        RunScript::Exec(_) => Err(EditError::ExecForm),
        RunScript::Body { interpreter: Some(_), .. } => Err(EditError::Shebang),
        RunScript::Body { heredoc, .. } => {
            let line = text.trim_end().trim_end_matches(['&', ';']).trim_end();
            let line = format!("{line}{}", source.style().newline.as_str());
            let edits = vec![Edit::insert(heredoc.body_range.start(), line)];
            let new = verify::kept(source, &run, &edits).map_err(|_| EditError::Unwritable)?;
            let same = new.heredocs().len() == run.heredocs().len();
            let grown = matches!(new.script(), RunScript::Body { interpreter: None, .. });
            if same && grown { Ok(edits) } else { Err(EditError::Unwritable) }
        }
        RunScript::Shell(_) | RunScript::ShellWithHeredocs { .. } => before_command(source, &run, text),
    }
}

fn before_command(source: &Source, run: &Instruction, text: &str) -> Result<Vec<Edit>, EditError> {
    let view = run.shell().ok_or(EditError::NoCommand)?;
    let start = view.host_start().ok_or(EditError::NoCommand)?;
    if text.contains(['\r', '\n']) {
        return Err(EditError::Unwritable);
    }
    let edits = vec![Edit::insert(start, text)];
    let new = verify::kept(source, run, &edits).map_err(|_| EditError::Unwritable)?;
    let expected = format!("{text}{}", view.text());
    let reads = new.shell().is_some_and(|new| new.text() == expected.trim_start());
    let same = new.flags().len() == run.flags().len() && new.heredocs().len() == run.heredocs().len();
    if reads && same { Ok(edits) } else { Err(EditError::Unwritable) }
}

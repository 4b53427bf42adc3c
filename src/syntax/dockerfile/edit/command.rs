use super::layout::{begins_line, blanks_before, continuation_indentation};
use super::mounts::{add_mounts, run};
use super::{EditError, verify};
use crate::source::{Edit, Source, apply_edits, range};
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
    inserted(source, instruction, text).map(|(edits, _)| edits)
}

/// The edits, and the `RUN` as it reads after them.
fn inserted(source: &Source, instruction: &Instruction, text: &str) -> Result<(Vec<Edit>, Instruction), EditError> {
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
            if same && grown { Ok((edits, new)) } else { Err(EditError::Unwritable) }
        }
        RunScript::Shell(_) | RunScript::ShellWithHeredocs { .. } => before_command(source, &run, text),
    }
}

/// The text gets a line of its own, and the command begins the next one.
fn before_command(source: &Source, run: &Instruction, text: &str) -> Result<(Vec<Edit>, Instruction), EditError> {
    let view = run.shell().ok_or(EditError::NoCommand)?;
    let start = usize::from(view.host_start().ok_or(EditError::NoCommand)?);
    if text.contains(['\r', '\n']) {
        return Err(EditError::Unwritable);
    }
    let host = source.text();
    let blanks = blanks_before(host, start);
    let indentation = continuation_indentation(host, run);
    let line_break = format!(" {}{}", run.escape(), source.style().newline.as_str());
    let text = text.trim_end();
    let edit = if begins_line(host, start) {
        let own = host.get(start - blanks..start).unwrap_or("");
        Edit::replace(range(start, start), format!("{text}{line_break}{own}"))
    } else {
        let text = format!("{line_break}{indentation}{text}{line_break}{indentation}");
        Edit::replace(range(start - blanks, start), text)
    };
    let edits = vec![edit];
    let new = verify::kept(source, run, &edits).map_err(|_| EditError::Unwritable)?;
    let rest = |new: &str| new.trim_start().strip_prefix(text).map(|rest| rest.trim_start().to_owned());
    let reads = new.shell().is_some_and(|new| rest(new.text()).as_deref() == Some(view.text().trim_start()));
    let same = new.flags().len() == run.flags().len() && new.heredocs().len() == run.heredocs().len();
    if reads && same { Ok((edits, new)) } else { Err(EditError::Unwritable) }
}

/// Adds `mounts` as [`add_mounts`] does and puts `texts` in front of the command, each as [`insert_command`] does and in
/// this order, as one edit.
///
/// # Errors
/// Those of both.
pub fn add_mounts_and_commands(
    source: &Source,
    instruction: &Instruction,
    mounts: &[String],
    texts: &[String],
) -> Result<Vec<Edit>, EditError> {
    let apply = |source: &Source, edits: &[Edit]| {
        apply_edits(source.text(), edits).map(|text| source.with_text(text)).map_err(|_| EditError::Disturbs)
    };
    let (mut prepared, mut run) = (source.clone(), instruction.clone());
    for text in texts.iter().rev() {
        let (edits, after) = inserted(&prepared, &run, text)?;
        (prepared, run) = (apply(&prepared, &edits)?, after);
    }
    let mounted = apply(&prepared, &add_mounts(&prepared, &run, mounts)?)?;
    Ok(vec![Edit::between(source.text(), mounted.text())])
}

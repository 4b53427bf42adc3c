//! `dfmigrate --diff`: what `--fix` would do.

use super::{Arguments, Failure, Outcome, Streams, analysis};
use crate::report::{diagnostics::Count, diff};

/// Prints the patch. Having printed it is success, as for `git diff`; the command without options is the one that fails
/// when there are findings.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams) -> Result<Outcome, Failure> {
    let analyses = analysis::all(arguments, &analysis::policy(arguments)?)?;
    if !arguments.quiet {
        analysis::notices(&analyses, streams)?;
    }
    for analysis in &analyses {
        for (path, change) in &analysis.plan.files {
            let created = !analysis.repository.is_file(path);
            if streams.is_for_people() {
                let patch = diff::shown(path, change, created, &analysis.redactor);
                streams.print(patch.trim_end_matches('\n'))?;
            } else {
                streams.print_exact(&diff::exact(path, change, created))?;
            }
        }
    }
    let count = Count::of(analyses.iter().flat_map(analysis::Analysis::findings));
    if !arguments.quiet && count.findings > 0 {
        streams.remark(count.line())?;
    }
    Ok(Outcome::Clean)
}

//! `dfmigrate`: the findings, and nothing is changed.

use super::{
    Arguments, Failure, Outcome, Streams,
    analysis::{self, Analysis},
};
use crate::report::diagnostics::{Count, Diagnostics};

pub(super) fn run(arguments: &Arguments, streams: &mut Streams) -> Result<Outcome, Failure> {
    let analyses = analysis::all(&arguments.paths, &analysis::policy(arguments)?)?;
    if !arguments.quiet {
        analysis::notices(&analyses, streams)?;
    }
    print(&analyses, arguments.quiet, streams)
}

/// Prints all findings that were asked about, and the closing line.
pub(super) fn print(analyses: &[Analysis], quiet: bool, streams: &mut Streams) -> Result<Outcome, Failure> {
    for analysis in analyses {
        let diagnostics = Diagnostics::new(&analysis.plan, &analysis.repository, &analysis.redactor);
        for planned in analysis.findings() {
            if quiet {
                streams.print(diagnostics.render_short(&planned.finding))?;
            } else {
                streams.print(format_args!("{}\n", diagnostics.render(planned)))?;
            }
        }
    }
    close(analyses, quiet, streams)
}

/// Prints the closing line.
pub(super) fn close(analyses: &[Analysis], quiet: bool, streams: &mut Streams) -> Result<Outcome, Failure> {
    let count = Count::of(analyses.iter().flat_map(Analysis::findings));
    if !quiet {
        streams.print(closing(&count, analyses))?;
    }
    Ok(if count.findings == 0 { Outcome::Clean } else { Outcome::Remaining })
}

fn closing(count: &Count, analyses: &[Analysis]) -> String {
    if count.findings > 0 {
        return count.line();
    }
    let dockerfiles = analyses.iter().flat_map(|analysis| {
        analysis.repository.dockerfiles().iter().filter(|path| analysis.repository.is_selected(path))
    });
    match dockerfiles.count() {
        0 => "no Dockerfiles found".to_owned(),
        number => format!("no findings in {}", crate::report::counted(number, "Dockerfile")),
    }
}

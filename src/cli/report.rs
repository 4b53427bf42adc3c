//! `dfmigrate`: the findings, and nothing is changed.

use std::io::Write as _;

use camino::Utf8Path;

use super::{
    Arguments, Failure, Outcome, ReportFormat, Streams,
    analysis::{self, Analysis},
    baseline,
};
use crate::{
    codemods,
    report::{
        counted,
        diagnostics::{Count, Diagnostics},
        machine::{self, Document, Part},
    },
};

pub(super) fn run(arguments: &Arguments, streams: &mut Streams) -> Result<Outcome, Failure> {
    let policy = analysis::policy(arguments)?;
    let analyses = analysis::all(arguments, &policy)?;
    let format = arguments.message_format;
    if !arguments.quiet && format == ReportFormat::Human {
        analysis::notices(&analyses, streams)?;
        let gone = baseline::gone(&analyses, &policy.known);
        if gone > 0 && arguments.changed_since.is_none() && arguments.paths == ["."] {
            streams.notice(format_args!("{} of the baseline can go: `--write-baseline`", counted(gone, "finding")))?;
        }
    }
    let text = match (format, &arguments.output) {
        (ReportFormat::Human, None) => return print(&analyses, arguments.quiet, streams),
        (ReportFormat::Short, None) => return print(&analyses, true, streams),
        (ReportFormat::Human | ReportFormat::Short, Some(_)) => {
            for_people(&analyses, arguments.quiet || format == ReportFormat::Short)
        }
        _ => for_programs(&analyses, format)?,
    };
    match &arguments.output {
        Some(path) => replace(path, &text)?,
        None => streams.print_exact(text.as_bytes())?,
    }
    Ok(outcome(&analyses))
}

/// The report in a form for programs.
fn for_programs(analyses: &[Analysis], format: ReportFormat) -> Result<String, Failure> {
    let parts = analyses.iter().map(|Analysis { root, repository, plan, redactor }| Part {
        root: &root.path,
        repository,
        plan,
        redactor,
    });
    let document = Document::of(&parts.collect::<Vec<_>>());
    let text = match format {
        ReportFormat::Sarif => machine::sarif(&document, codemods::ALL),
        ReportFormat::Github => Ok(machine::github(&document)),
        ReportFormat::Gitlab => machine::gitlab(&document),
        ReportFormat::Markdown => Ok(machine::markdown(&document)),
        ReportFormat::Json | ReportFormat::Human | ReportFormat::Short => machine::json(&document),
    };
    Ok(text.map_err(anyhow::Error::from)?)
}

/// What standard output would have, without colours.
fn for_people(analyses: &[Analysis], quiet: bool) -> String {
    let mut text = String::new();
    for analysis in analyses {
        let diagnostics = Diagnostics::new(&analysis.plan, &analysis.repository, &analysis.redactor);
        for planned in analysis.findings() {
            text.push_str(&if quiet {
                diagnostics.render_short(&planned.finding) + "\n"
            } else {
                diagnostics.render(planned) + "\n\n"
            });
        }
    }
    if !quiet {
        text.push_str(&closing(&Count::of(analyses.iter().flat_map(Analysis::findings)), analyses));
        text.push('\n');
    }
    anstream::adapter::strip_str(&text).to_string()
}

/// Puts `text` in the place of what `path` holds.
pub(super) fn replace(path: &Utf8Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut builder = tempfile::Builder::new();
        // Others may read it, as far as the umask lets them: what takes up reports often runs as another user.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| Failure::from(anyhow::Error::from(error).context(format!("`{path}` can't be written"))))
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
    Ok(outcome(analyses))
}

/// Whether something remains that is not known.
fn outcome(analyses: &[Analysis]) -> Outcome {
    let mut findings = analyses.iter().flat_map(Analysis::findings);
    if findings.all(|planned| planned.known) { Outcome::Clean } else { Outcome::Remaining }
}

fn closing(count: &Count, analyses: &[Analysis]) -> String {
    let aside = analyses.iter().flat_map(|analysis| &analysis.plan.set_aside);
    let (ignored, known): (Vec<_>, Vec<_>) = aside.partition(|aside| aside.suppression.is_some());
    let besides = [(ignored.len(), "ignored by comments"), (known.len(), "known")];
    let besides = besides.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("; {count} {how}"));
    found(count, analyses) + &besides.collect::<String>()
}

fn found(count: &Count, analyses: &[Analysis]) -> String {
    if count.findings > 0 {
        return count.line();
    }
    let dockerfiles = analyses.iter().flat_map(|analysis| {
        analysis.repository.dockerfiles().iter().filter(|path| analysis.repository.is_selected(path))
    });
    match dockerfiles.count() {
        0 => "no Dockerfiles found".to_owned(),
        number => format!("no findings in {}", counted(number, "Dockerfile")),
    }
}

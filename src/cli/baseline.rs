//! `--baseline` and `--write-baseline`: what was there before somebody began to look.

use std::collections::BTreeSet;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::{Arguments, Failure, Outcome, Streams, analysis, analysis::Analysis, report};
use crate::report::counted;

/// The version of the form of the file.
const VERSION: u32 = 1;

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Baseline {
    /// The version of the form.
    version: u32,
    /// The findings, in the order of the places.
    findings: Vec<Entry>,
}

/// A known finding. Only the fingerprint counts; the rest is for whoever reads a change of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: String,
    codemod: String,
    dockerfile: Utf8PathBuf,
    subject: String,
}

/// The fingerprints that `file` has.
pub(super) fn read(file: &Utf8Path) -> Result<BTreeSet<String>, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| anyhow::Error::from(error).context(format!("the baseline `{file}` can't be read")))?;
    let again = "`dfmigrate --write-baseline FILE` writes one";
    let baseline: Baseline = serde_json::from_str(&text).map_err(|error| {
        Failure::from(anyhow::Error::from(error).context(format!("`{file}` is no baseline"))).hint(again)
    })?;
    if baseline.version != VERSION {
        let message = format!(
            "`{file}` has the form {} of a baseline, and this version of dfmigrate reads {VERSION}",
            baseline.version
        );
        return Err(Failure::new(message).hint(again));
    }
    Ok(baseline.findings.into_iter().map(|entry| entry.fingerprint).collect())
}

/// Writes everything that is found to `file`.
pub(super) fn write(arguments: &Arguments, streams: &mut Streams) -> Result<Outcome, Failure> {
    let Some(file) = &arguments.write_baseline else { return Ok(Outcome::Clean) };
    let analyses = analysis::all(arguments, &analysis::policy(arguments)?)?;
    if !arguments.quiet {
        analysis::notices(&analyses, streams)?;
    }
    let findings: Vec<Entry> = analyses.iter().flat_map(entries).collect();
    let count = findings.len();
    let text = serde_json::to_string_pretty(&Baseline { version: VERSION, findings }).map_err(anyhow::Error::from)?;
    report::replace(file, &(text + "\n"))?;
    if !arguments.quiet {
        streams.print(format_args!("{} written to `{file}`", counted(count, "finding")))?;
    }
    Ok(Outcome::Clean)
}

fn entries(analysis: &Analysis) -> impl Iterator<Item = Entry> {
    let shown = |path: &Utf8Path| Utf8PathBuf::from(crate::report::shown::line(path.as_str()));
    analysis.findings().map(move |planned| Entry {
        fingerprint: planned.fingerprint(),
        codemod: planned.finding.codemod.to_owned(),
        dockerfile: shown(&planned.finding.dockerfile),
        subject: analysis.redactor.line(&planned.finding.subject),
    })
}

/// How many findings of the baseline are not there any more: what was repaired since.
pub(super) fn gone(analyses: &[Analysis], known: &BTreeSet<String>) -> usize {
    let open = analyses.iter().flat_map(Analysis::findings).map(crate::plan::Planned::fingerprint);
    let aside = analyses.iter().flat_map(|analysis| &analysis.plan.set_aside).map(|aside| aside.fingerprint.clone());
    let found: BTreeSet<String> = open.chain(aside).collect();
    known.difference(&found).count()
}

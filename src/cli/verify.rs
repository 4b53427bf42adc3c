//! `dfmigrate verify`: what rests in an image, and whether a migration holds.

mod build;
mod input;
mod progress;

use std::{env, fs};

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use super::{Deciding, Failure, Outcome, Streams};
use crate::image::{ImageReader, Limits, NamedSecret, Report, Searcher, Severity, report};

/// The largest file that a secret is read from, in bytes: that of BuildKit (`session/secrets/secretsprovider`).
const LARGEST_SECRET: u64 = 500 << 10;

/// The image to look into, or the repository to build, and what to look for.
#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// An archive of `docker save`, an OCI archive or folder, `-` for an archive on standard input, or the name of an
    /// image in a running engine.
    #[arg(value_name = "IMAGE", required_unless_present = "build", conflicts_with = "build")]
    pub image: Option<String>,

    /// A value that must not be in the image: `id=NAME,env=VARIABLE` or `id=NAME,src=FILE`, as for `docker build`.
    ///
    /// It is found as it is, in base64, URL-encoded, escaped for JSON, XML or a shell, as hexadecimal digits and in
    /// UTF-16, also inside of compressed files and archives. With --build it is also what the builds are given in the
    /// place of a generated value: NAME is the build argument, the id of the mount, the variable or the file.
    #[arg(long = "secret", value_name = "SOURCE")]
    pub secrets: Vec<String>,

    #[command(flatten)]
    building: build::Building,

    /// The form of the report.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = MessageFormat::Human)]
    pub message_format: MessageFormat,

    /// Print findings only, and no notices or summary.
    #[arg(short, long)]
    pub quiet: bool,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// For people.
    #[value(alias = "text")]
    Human,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code scanning services.
    Sarif,
}

/// Where the value of a secret comes from. The value itself can't be given: a command line is public.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SecretSource {
    id: String,
    place: SecretPlace,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum SecretPlace {
    Variable(String),
    File(Utf8PathBuf),
}

impl SecretSource {
    /// Reads `id=…,env=…` or `id=…,src=…` in any order. Without a source the id names the variable, as for buildx
    /// (`util/buildflags/secrets.go`). Errors don't repeat the text, as clap's would: it may be the value.
    fn new(text: &str) -> Result<Self, Failure> {
        let form = "`--secret` has to be `id=NAME,env=VARIABLE` or `id=NAME,src=FILE`";
        let (mut id, mut place) = (None, None);
        for part in text.split(',') {
            match part.split_once('=') {
                Some(("id", value)) => id = Some(value.to_owned()),
                Some(("env", value)) => place = Some(SecretPlace::Variable(value.to_owned())),
                Some(("src" | "source", value)) => place = Some(SecretPlace::File(value.into())),
                Some(("type", "env" | "file")) => {}
                _ => return Err(Failure::new(form)),
            }
        }
        let id = id.filter(|id| !id.is_empty()).ok_or_else(|| Failure::new(form))?;
        let place = place.unwrap_or_else(|| SecretPlace::Variable(id.clone()));
        Ok(Self { id, place })
    }

    fn read(&self) -> Result<NamedSecret, Failure> {
        let named = NamedSecret::new(&self.id, self.value()?);
        named.map_err(|error| Failure::from(error).hint("look for a longer part of it"))
    }

    /// The bytes of the value.
    fn value(&self) -> Result<Vec<u8>, Failure> {
        match &self.place {
            SecretPlace::Variable(name) => {
                let value = env::var_os(name).ok_or_else(|| {
                    Failure::new(format!("the variable `{name}` of the secret `{}` is not set", self.id))
                })?;
                Ok(value.into_encoded_bytes())
            }
            SecretPlace::File(path) => {
                let context = |error| {
                    anyhow::Error::new(error).context(format!("the secret `{}` can't be read from `{path}`", self.id))
                };
                if fs::metadata(path).map_err(context)?.len() > LARGEST_SECRET {
                    return Err(Failure::new(format!("the secret `{}` in `{path}` is larger than 500 KiB", self.id)));
                }
                Ok(fs::read(path).map_err(context)?)
            }
        }
    }
}

pub(super) fn run(verify: &Verify, deciding: &Deciding, streams: &mut Streams) -> Result<Outcome, Failure> {
    match (&verify.building.build, &verify.image) {
        (Some(path), _) => build::run(path, verify, deciding, streams),
        (None, Some(image)) => look(image, verify, streams),
        (None, None) => Err(Failure::new("either IMAGE or `--build` is needed")),
    }
}

fn look(image: &str, verify: &Verify, streams: &mut Streams) -> Result<Outcome, Failure> {
    let secrets = verify.secrets.iter().map(|text| SecretSource::new(text)?.read()).collect::<Result<_, _>>()?;
    let searcher = Searcher::new(secrets)?;
    let mut reader = ImageReader::new(&searcher, Limits::default());
    let with_progress = !verify.quiet && verify.message_format == MessageFormat::Human;
    let ended = input::read(image, &mut reader, with_progress);
    let report = reader.finish();
    match ended {
        Ok(()) => {}
        // An engine that fails leaves nothing to be told about.
        Err(failure) if report.images.is_empty() => return Err(failure),
        Err(failure) => {
            print(&report, verify, streams)?;
            return Err(failure);
        }
    }
    print(&report, verify, streams)?;
    outcome(&report, image)
}

fn print(report: &Report, verify: &Verify, streams: &mut Streams) -> Result<(), Failure> {
    match verify.message_format {
        MessageFormat::Json => streams.print_exact(report::json(report)?.as_bytes())?,
        MessageFormat::Sarif => streams.print_exact(report::sarif(report)?.as_bytes())?,
        MessageFormat::Human => people(report, verify.quiet, streams)?,
    }
    Ok(())
}

fn people(report: &Report, quiet: bool, streams: &mut Streams) -> Result<(), Failure> {
    for finding in &report.findings {
        streams.print(format_args!("{}\n", report::finding(finding)))?;
    }
    if !quiet {
        for sentence in report::gaps(&report.gaps) {
            streams.notice(sentence)?;
        }
        if !report.images.is_empty() {
            streams.print(report::closing(report))?;
        }
    }
    Ok(())
}

/// Damage fails the run after the findings were told: there may be more.
fn outcome(report: &Report, image: &str) -> Result<Outcome, Failure> {
    let mut problems = report.problems.iter();
    if let Some(first) = problems.next() {
        let place = if first.blob.is_empty() { String::new() } else { format!(" (`{}`)", first.blob) };
        let more = problems.len();
        let and = if more > 0 { format!(", and {} more", crate::report::counted(more, "part")) } else { String::new() };
        return Err(Failure::new(format!("`{image}` could not be read to its end: {}{place}{and}", first.what)));
    }
    let counts = report.findings.iter().any(|finding| finding.severity > Severity::Note);
    Ok(if counts { Outcome::Remaining } else { Outcome::Clean })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_secrets() {
        let source = |text: &str| SecretSource::new(text).ok();
        let place = SecretPlace::Variable("T".into());
        assert_eq!(source("id=a,env=T"), Some(SecretSource { id: "a".into(), place: place.clone() }));
        assert_eq!(source("id=T"), Some(SecretSource { id: "T".into(), place }));
        assert!(source("type=file,id=a,src=f").is_some());
        assert!(source("kn0ck-kn0ck").is_none());
    }
}

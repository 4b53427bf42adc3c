//! `dfmigrate verify --build`: the proof of a migration.

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use super::{
    super::{Deciding, Failure, Outcome, Streams, settings},
    MessageFormat, SecretSource, Verify,
};
use crate::{
    codemods,
    plan::{self, Policy},
    proof::{self, Interruption, Options, Proof, ProofError, SecretText, Verdict, report},
    repository::{self, Decided, Root},
};

/// How a repository is built.
#[derive(Debug, Clone, Args)]
pub struct Building {
    /// Prove the migration of a repository: build it as it is and migrated, and compare.
    ///
    /// Copies of the repository are built with generated values in the place of its secrets, in every way in which a
    /// file of the repository builds them, before and after what --fix would do. Then both images are looked into and
    /// compared. Nothing in the repository changes; the images, cache entries and copies are removed. Commands of the
    /// repository run in build containers only.
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = ".", help_heading = "Building")]
    pub build: Option<Utf8PathBuf>,

    /// Also prove fixes that rest on assumptions, as --fix --unsafe-fixes would apply them.
    #[arg(long, requires = "build", help_heading = "Building")]
    pub unsafe_fixes: bool,

    /// Prove the fixes of these codemods only.
    #[arg(long, value_name = "ID", value_delimiter = ',', requires = "build", help_heading = "Building")]
    pub select: Vec<String>,

    /// Leave out the fixes of these codemods.
    #[arg(long, value_name = "ID", value_delimiter = ',', requires = "build", help_heading = "Building")]
    pub ignore: Vec<String>,

    /// Let a local image stand in for one that can't be pulled: `node:22=local/node`.
    #[arg(long = "base", value_name = "IMAGE=LOCAL", requires = "build", help_heading = "Building")]
    pub bases: Vec<String>,

    /// The network of the builds, as for `docker build`.
    #[arg(long, value_name = "NETWORK", requires = "build", help_heading = "Building")]
    pub network: Option<String>,
}

pub(super) fn run(
    path: &Utf8Path,
    verify: &Verify,
    deciding: &Deciding,
    streams: &mut Streams,
) -> Result<Outcome, Failure> {
    let options = options(verify)?;
    let decided = decided(&verify.building, deciding)?;
    let interruption = Interruption::of_signals()?;
    let mut all = Proof::default();
    for root in repository::discover(&[path.to_owned()])? {
        match one(&root, &decided, &options, &interruption, verify, streams) {
            Ok(proof) => {
                all.rows.extend(proof.rows);
                all.remarks.extend(proof.remarks);
                all.without_secrets += proof.without_secrets;
            }
            Err(ProofError::Interrupted) => return Ok(Outcome::Interrupted),
            Err(error @ ProofError::NoEngine(_)) => {
                return Err(Failure::from(error).hint("nothing can be proven without building"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    print(&all, verify, streams)?;
    outcome(&all)
}

fn one(
    root: &Root,
    decided: &Decided,
    options: &Options,
    interruption: &Interruption,
    verify: &Verify,
    streams: &mut Streams,
) -> Result<Proof, ProofError> {
    let repository = repository::read_as_decided(root, decided, |_, _| true).map_err(std::io::Error::other)?;
    let policy = Policy { unsafe_fixes: verify.building.unsafe_fixes, ..Policy::default() };
    let plan = plan::make(&repository, &policy, codemods::ALL);
    let is_told = !verify.quiet && verify.message_format == MessageFormat::Human;
    let mut progress = |what: &str| {
        if is_told {
            // Whoever closed the stream does not want to know.
            let _ = streams.remark(format_args!("{what} ..."));
        }
    };
    proof::prove(&root.path, &repository, &plan, options, interruption, &mut progress)
}

fn decided(building: &Building, deciding: &Deciding) -> Result<Decided, Failure> {
    let run = settings::of_run(&building.select, &building.ignore)?;
    Ok(Decided { run: vec![run], ..settings::of(deciding)? })
}

fn options(verify: &Verify) -> Result<Options, Failure> {
    if verify.message_format == MessageFormat::Sarif {
        return Err(Failure::new("`--build` has no report in SARIF").hint("`--message-format json` is for machines"));
    }
    let bases = verify.building.bases.iter().map(|text| {
        let (image, local) = text.split_once('=').filter(|(image, local)| !image.is_empty() && !local.is_empty())?;
        Some((image.to_owned(), local.to_owned()))
    });
    let bases: Option<Vec<_>> = bases.collect();
    let bases = bases.ok_or_else(|| Failure::new("`--base` has to be `IMAGE=LOCAL`, such as `node:22=local/node`"))?;
    let secret = |text: &String| -> Result<(String, SecretText), Failure> {
        let source = SecretSource::new(text)?;
        let value = source.value()?;
        source.read()?;
        Ok((source.id, SecretText(value)))
    };
    let secrets = verify.secrets.iter().map(secret).collect::<Result<_, _>>()?;
    Ok(Options { network: verify.building.network.clone(), bases, secrets })
}

fn print(proof: &Proof, verify: &Verify, streams: &mut Streams) -> Result<(), Failure> {
    if verify.message_format == MessageFormat::Json {
        return Ok(streams.print_exact(report::json(proof)?.as_bytes())?);
    }
    if !proof.rows.is_empty() {
        streams.print(report::table(proof))?;
        let details = report::details(proof);
        if !details.is_empty() {
            streams.print(format_args!("\n{details}"))?;
        }
    }
    if !verify.quiet {
        let gap = if proof.rows.is_empty() { "" } else { "\n" };
        streams.print(format_args!("{gap}{}", report::closing(proof)))?;
    }
    Ok(())
}

/// What is wrong weighs more than what could not be shown.
fn outcome(proof: &Proof) -> Result<Outcome, Failure> {
    if proof.rows.iter().any(|row| row.verdict.is_bad()) {
        return Ok(Outcome::Remaining);
    }
    let open = proof.rows.iter().filter(|row| row.verdict == Verdict::Unproven).count();
    if open == 0 {
        return Ok(Outcome::Clean);
    }
    let all = crate::report::counted(proof.rows.len(), "build");
    Err(Failure::new(format!("{open} of {all} could not be proven here")))
}

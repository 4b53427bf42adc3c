//! The options of `fleet` and `status`.

use std::env;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueEnum};

use crate::{
    cli::{Failure, ForgeName},
    codemods::foreign_build,
    fleet::{Part, Shard, TargetSettings},
};

/// Which repositories are worked on, and how far.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Fleet {
    /// The repositories: addresses to clone from, or paths. A path of a clone stands for what it was cloned from.
    #[arg(value_name = "REPOSITORY")]
    pub targets: Vec<String>,

    /// A list of repositories: one a line, with comments behind `#`; or TOML, where it is called *.toml.
    #[arg(long, value_name = "FILE")]
    pub repos: Vec<Utf8PathBuf>,

    /// All repositories of an organisation, group, workspace or project, without archived ones and forks: `github:acme`;
    /// `azure:acme/project`.
    #[arg(long, value_name = "KIND:NAME")]
    pub org: Vec<String>,

    /// The address of the first page of the forge that --org is on, if it is not the public one.
    #[arg(long, value_name = "URL", requires = "org")]
    pub forge_url: Option<String>,

    /// Take forks that --org lists as well.
    #[arg(long, requires = "org")]
    pub include_forks: bool,

    /// Only repositories whose name fits: `shop-*`, `github.com/acme/*`; `!` before it leaves them out. As in .gitignore,
    /// the last pattern that fits decides.
    #[arg(long = "filter", value_name = "GLOB", allow_hyphen_values = true)]
    pub filters: Vec<String>,

    /// Only this part of the repositories, for several machines: the third of ten is `3/10`.
    #[arg(long, value_name = "N/COUNT")]
    pub shard: Option<Shard>,

    /// Only those of them that failed the last time.
    #[arg(long)]
    pub failed: bool,

    /// Commit the fixes to a branch of their own and push it. Without it and --pr nothing leaves this machine.
    #[arg(long, conflicts_with = "pr")]
    pub push: bool,

    /// Commit, push and open pull requests, or bring them up to date.
    #[arg(long)]
    pub pr: bool,

    /// The branch that fixes are committed to.
    #[arg(long, value_name = "NAME", default_value = "dfmigrate/secrets")]
    pub branch: String,

    /// Also apply fixes that rest on assumptions.
    #[arg(long)]
    pub unsafe_fixes: bool,

    /// Run only these codemods.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub select: Vec<String>,

    /// Do not run these codemods.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub ignore: Vec<String>,

    /// Open pull requests as drafts.
    #[arg(long, requires = "pr")]
    pub draft: bool,

    /// Add this label to new pull requests.
    #[arg(long = "label", value_name = "NAME", requires = "pr")]
    pub labels: Vec<String>,

    /// Ask this person or team to review new pull requests.
    #[arg(long = "reviewer", value_name = "NAME", requires = "pr")]
    pub reviewers: Vec<String>,

    /// Assign new pull requests to this person.
    #[arg(long = "assignee", value_name = "NAME", requires = "pr")]
    pub assignees: Vec<String>,

    /// Open no new pull request while so many are open according to the state.
    #[arg(long, value_name = "NUMBER", requires = "pr")]
    pub max_open: Option<usize>,

    /// Push to forks where the token may not push to the repository itself.
    #[arg(long, requires = "pr")]
    pub fork: bool,

    /// The kind of forge, where the host doesn't tell.
    #[arg(long, value_name = "KIND", value_enum, requires = "pr")]
    pub forge: Option<ForgeName>,

    /// How many repositories are worked on at once. Each takes a process.
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<usize>,

    /// Where clones are kept, instead of dfmigrate/clones in the user's cache folder.
    #[arg(long, value_name = "DIRECTORY")]
    pub cache_dir: Option<Utf8PathBuf>,

    /// What is shown.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// What is shown of a fleet, and where its state is.
#[derive(Debug, Clone, Args)]
pub struct Reporting {
    /// Where the state is kept, instead of dfmigrate/fleet in the user's state folder.
    #[arg(long, value_name = "DIRECTORY")]
    pub state: Option<Utf8PathBuf>,

    /// The form of the summary.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Form::Human)]
    pub message_format: Form,

    /// Also write a report as one HTML file.
    #[arg(long, value_name = "FILE")]
    pub html: Option<Utf8PathBuf>,
}

/// The form of a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A table.
    Human,
    /// One JSON document.
    Json,
}

/// What `status` shows.
#[derive(Debug, Clone, Args)]
pub struct StatusOf {
    /// Take the state of these folders in first, such as those of the shards of a run.
    #[arg(long, value_name = "DIRECTORY", num_args = 1..)]
    pub merge: Vec<Utf8PathBuf>,

    /// Only what failed.
    #[arg(long)]
    pub failed: bool,

    /// What is shown.
    #[command(flatten)]
    pub reporting: Reporting,
}

impl Reporting {
    /// The folder with the state.
    pub(super) fn state(&self) -> Result<Utf8PathBuf, Failure> {
        folder(self.state.as_deref(), "XDG_STATE_HOME", ".local/state", "dfmigrate/fleet", "--state")
    }
}

impl Fleet {
    /// The folder with the clones.
    pub(super) fn cache(&self) -> Result<Utf8PathBuf, Failure> {
        folder(self.cache_dir.as_deref(), "XDG_CACHE_HOME", ".cache", "dfmigrate/clones", "--cache-dir")
    }

    /// The branch that one of the changes of a repository with `settings` is committed to.
    pub(super) fn branch_of(&self, settings: &TargetSettings, part: Part) -> String {
        let own = settings.branch.as_ref().unwrap_or(&self.branch);
        match part {
            Part::Own => own.clone(),
            Part::Callers => format!("{own}-callers"),
        }
    }

    /// Whether anything is to be pushed.
    pub(super) fn acts(&self) -> bool {
        self.push || self.pr
    }

    /// The options that decide what is found in a repository with `settings`.
    pub(super) fn search(&self, settings: &TargetSettings, part: Part) -> Vec<String> {
        let chosen = |own: &Option<Vec<String>>, all: &[String]| own.clone().unwrap_or_else(|| all.to_vec());
        let named = |name: &str, values: Vec<String>| -> Vec<String> {
            values.into_iter().map(|value| format!("--{name}={value}")).collect()
        };
        let mut options = match part {
            Part::Own => named("select", chosen(&settings.select, &self.select)),
            Part::Callers => named("select", vec![foreign_build::CODEMOD.id.to_owned()]),
        };
        options.extend(named("ignore", chosen(&settings.ignore, &self.ignore)));
        if settings.unsafe_fixes.unwrap_or(self.unsafe_fixes) {
            options.push("--unsafe-fixes".to_owned());
        }
        options
    }

    /// The options that say what is done with what is found; none where it is only looked for.
    pub(super) fn steps(&self, settings: &TargetSettings, part: Part) -> Vec<String> {
        let steps: &[&str] = match (self.push, self.pr) {
            (true, _) => &["--fix", "--commit", "--push"],
            (_, true) => &["--fix", "--pr"],
            (false, false) => return Vec::new(),
        };
        let mut line: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
        line.push(format!("--branch={}", self.branch_of(settings, part)));
        let chosen = |own: &Option<Vec<String>>, all: &[String]| own.clone().unwrap_or_else(|| all.to_vec());
        let mut add = |name: &str, values: Vec<String>| {
            line.extend(values.into_iter().map(|value| format!("--{name}={value}")));
        };
        if self.pr {
            add("label", chosen(&settings.labels, &self.labels));
            add("reviewer", chosen(&settings.reviewers, &self.reviewers));
            add("assignee", chosen(&settings.assignees, &self.assignees));
            let kind = self.forge.and_then(|forge| forge.to_possible_value());
            let kind = kind.map(|kind| kind.get_name().to_owned());
            add("forge", settings.forge.clone().or(kind).into_iter().collect());
            add("forge-url", settings.forge_url.clone().into_iter().collect());
        }
        let flags = [("--draft", self.pr && settings.draft.unwrap_or(self.draft)), ("--fork", self.fork)];
        line.extend(flags.iter().filter(|(_, set)| *set).map(|(flag, _)| (*flag).to_owned()));
        line
    }
}

/// A folder as it was asked for, or the usual one of the user (specifications.freedesktop.org, "XDG Base Directory").
fn folder(
    asked: Option<&Utf8Path>,
    variable: &str,
    usual: &str,
    ours: &str,
    option: &str,
) -> Result<Utf8PathBuf, Failure> {
    let absolute = |name: &str| env::var(name).ok().map(Utf8PathBuf::from).filter(|path| path.is_absolute());
    let found = match asked {
        Some(asked) => Some(asked.to_owned()),
        None => {
            absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(usual))).map(|base| base.join(ours))
        }
    };
    let found = found.ok_or_else(|| Failure::new("the user has no home folder").hint(format!("pass `{option}`")))?;
    Ok(camino::absolute_utf8(found)?)
}

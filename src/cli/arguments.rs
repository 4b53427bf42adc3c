use std::sync::LazyLock;

use camino::Utf8PathBuf;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use super::{Committing, Config, Deciding, Fleet, Proposing, StatusOf, Verify};
use crate::config::Date;
use crate::knowledge::engines::Release;

/// The version, and of what it was built: the workflow of releases says the commit.
static BUILD: LazyLock<String> = LazyLock::new(|| {
    let commit = option_env!("DFMIGRATE_COMMIT").unwrap_or("unknown");
    let (architecture, system) = (std::env::consts::ARCH, std::env::consts::OS);
    format!("{}\ncommit: {commit}\nfor: {architecture}-{system}", env!("CARGO_PKG_VERSION"))
});

/// Find the secrets that Docker builds leak, and move them to BuildKit mounts together with every file that builds the
/// image.
///
/// Without --fix or --diff nothing is changed: the findings are reported, and what a fix would do. PATH is a directory
/// or a file; findings are limited to it, but all files of the repository around it are read, because they may build
/// what is in it.
#[derive(Debug, Clone, Parser)]
#[command(
    version,
    long_version = BUILD.as_str(),
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    group(ArgGroup::new("writing").multiple(true)),
    group(ArgGroup::new("recording").multiple(true)),
    after_help = "A directory that is called like a command is written with a dot: `dfmigrate ./flags`.\n\nExit status: \
                  0 if nothing remains to be done, 1 if findings remain, 2 if \
                  dfmigrate failed."
)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Arguments {
    /// The files and directories to look at.
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<Utf8PathBuf>,

    /// Apply all safe fixes.
    ///
    /// A fix is safe if every use of the secret still gets its value, every build that was found is changed as well,
    /// and nothing of the secret stays in the image. All files are written or none. Refused where the change could not
    /// be told from work in progress: see --allow-dirty, --allow-staged and --allow-no-vcs.
    #[arg(long, group = "writing", help_heading = "Fixing")]
    pub fix: bool,

    /// Ask about each fix, and apply those that are accepted.
    ///
    /// Unsafe fixes are offered as well, with their assumptions. Needs a terminal. Nothing is written before the last
    /// answer; then all files are, or none, as with --fix and under the same conditions. `?` lists the keys. Ctrl-C and
    /// `q` write nothing.
    #[arg(short, long, group = "writing", help_heading = "Fixing")]
    pub interactive: bool,

    /// Print what --fix would do as a patch, and change nothing.
    ///
    /// On a terminal the patch is coloured and secrets are redacted. In a file or a pipe it is exact, also where it
    /// removes a secret: apply it with `git apply` in the root of the repository.
    #[arg(long, conflicts_with = "writing", help_heading = "Fixing")]
    pub diff: bool,

    /// Also apply fixes that rest on assumptions, with --fix or --diff; --interactive offers them anyway.
    ///
    /// The report prints the assumptions of each such fix.
    #[arg(long, help_heading = "Fixing")]
    pub unsafe_fixes: bool,

    /// Fix although tracked files have changes that are not staged, or a file that would change is not tracked.
    #[arg(long, requires = "writing", help_heading = "Fixing")]
    pub allow_dirty: bool,

    /// Fix although there are staged changes that are not committed.
    #[arg(long, requires = "writing", help_heading = "Fixing")]
    pub allow_staged: bool,

    /// Fix although there is no version control that could bring the files back.
    #[arg(long, requires = "writing", help_heading = "Fixing")]
    pub allow_no_vcs: bool,

    /// What is done with a fix in git.
    #[command(flatten)]
    pub committing: Committing,

    /// How a fix is proposed to others.
    #[command(flatten)]
    pub proposing: Proposing,

    /// Run only these codemods.
    ///
    /// `dfmigrate codemods` lists them.
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Selecting codemods")]
    pub select: Vec<String>,

    /// Do not run these codemods.
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Selecting codemods")]
    pub ignore: Vec<String>,

    /// Tell the findings that FILE has from new ones: the exit status is 0 if there are no others.
    ///
    /// A finding is the same as long as it is about the same variable or file of the same Dockerfile, wherever the lines
    /// go.
    #[arg(long, value_name = "FILE", help_heading = "Selecting findings")]
    pub baseline: Option<Utf8PathBuf>,

    /// Neither report nor fix findings that the baseline has.
    #[arg(long, requires = "baseline", help_heading = "Selecting findings")]
    pub only_new: bool,

    /// Write a baseline of everything that is found.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["writing", "diff", "baseline", "output", "changed_since"],
        help_heading = "Selecting findings"
    )]
    pub write_baseline: Option<Utf8PathBuf>,

    /// Only findings that a change is about: the Dockerfile, a file that builds it or one that it copies is not as it was
    /// where the history parted from REV.
    ///
    /// REV is a branch, tag or commit, such as `origin/main`. Changes that are not committed count.
    #[arg(long, value_name = "REV", help_heading = "Selecting findings")]
    pub changed_since: Option<String>,

    /// What is decided outside of the repositories.
    #[command(flatten)]
    pub deciding: Deciding,

    /// What builds the images besides the builds in the repository, or the version with which those build.
    ///
    /// It decides how a RUN can get a secret: as a variable, or as a file where one of the engines gives nothing else. NAME is
    /// docker, buildkit, buildx, buildctl, nerdctl, podman, buildah, classic, kaniko, az-acr, docker-sdk, docker-py,
    /// testcontainers, railway, heroku, render or caprover. The same can be decided in `dfmigrate.toml`.
    #[arg(long = "engine", value_name = "NAME[@VERSION]", value_delimiter = ',', help_heading = "Building")]
    pub engines: Vec<Release>,

    /// Keep build arguments working beside the mounts, for builds elsewhere that still pass them, until DATE.
    ///
    /// The ARG stays under a comment with the date, and each RUN takes the secret where there is one and the argument where there
    /// is none. Images of builds that pass the argument keep it in their history as before. Behind DATE (2027-03-31), the codemod
    /// fallback-expired takes the argument out.
    #[arg(long, value_name = "DATE", help_heading = "Building")]
    pub keep_arg_fallback: Option<Date>,

    /// Declare an argument in front of the first RUN that reads a secret, so that a build can make it run again.
    ///
    /// A changed build argument runs the RUNs behind it again, and a changed secret does not: its value is no part of the
    /// cache key. `--build-arg CACHE_EPOCH=VALUE` with another VALUE does.
    #[arg(long, help_heading = "Building")]
    pub cache_key: bool,

    /// The form of the report, where nothing is changed.
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t = ReportFormat::Human,
        conflicts_with_all = ["writing", "diff"],
        help_heading = "Output"
    )]
    pub message_format: ReportFormat,

    /// Write the report to this file instead of standard output.
    ///
    /// It replaces the file at once, so that a reader never sees half of it.
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["writing", "diff"], help_heading = "Output")]
    pub output: Option<Utf8PathBuf>,

    /// Print findings in one line each, and no notices, hints or summary.
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,

    /// When to use colours.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto, global = true, help_heading = "Output")]
    pub color: Color,

    /// What to do instead of looking for findings.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The form of a report of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people: the lines of the files, the reasons and what can be done.
    Human,
    /// One line a finding: `FILE:LINE:COLUMN: SEVERITY[CODEMOD]: TITLE`.
    Short,
    /// One JSON document; docs/schema/report.json is its schema.
    Json,
    /// SARIF 2.1.0, with fixes: for code scanning and editors.
    Sarif,
    /// Annotations in a workflow of GitHub Actions.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
    /// A page of Markdown: for the summary of a job, a comment, a ticket.
    Markdown,
}

/// A command besides the search for findings.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Print the complete build line for each Dockerfile: with every secret and ssh mount it has.
    ///
    /// The line is to be run in the root of the repository. A secret that a build in the repository passes already
    /// comes from the same variable or file.
    Flags(Paths),
    /// Print the page of a codemod: what it finds, why, and when its fix is safe.
    Explain {
        /// The codemod, as `dfmigrate codemods` lists it.
        id: String,
    },
    /// List all codemods.
    Codemods,
    /// Answer an editor over standard input and output, as a language server.
    ///
    /// Findings are shown while somebody types; their fixes are offered as code actions over all files.
    Lsp,
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder.
    Man {
        /// The folder; it is made if it is not there.
        #[arg(value_name = "FOLDER")]
        folder: Utf8PathBuf,
    },
    /// Tell the Docker CLI what this plugin is.
    #[command(hide = true)]
    DockerCliPluginMetadata,
    /// Show what was decided for a path in `dfmigrate.toml` files and by options, and where.
    Config(Config),
    /// Look into an image for secrets: in every layer, deleted files included, in its configuration and history, and in
    /// its attestations.
    ///
    /// The image is read as a stream, and nothing is unpacked to disk. Values are never printed. Exit status: 0 if
    /// nothing was found, 1 if something was, 2 if the image could not be read to its end.
    Verify(Verify),
    /// Plan, push or propose the fixes of many repositories.
    ///
    /// Each is cloned into a cache, and nobody's work tree is touched. What became of each is kept in the state, which
    /// `dfmigrate status` shows. A run that was killed or failed in parts is gone on with by the same command.
    ///
    /// Exit status: 0 if nothing remains to be done, 1 if findings remain, 2 if a repository failed.
    Fleet(Box<Fleet>),
    /// Show what became of the repositories of a fleet.
    Status(StatusOf),
    /// Work on one repository of a fleet, which is described at standard input.
    #[command(hide = true)]
    FleetWorker,
}

/// The files and directories of a command.
#[derive(Debug, Clone, Args)]
pub struct Paths {
    /// The files and directories to look at.
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<Utf8PathBuf>,
}

/// When output has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set, and everywhere if CLICOLOR_FORCE is.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_declaration_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_directory_with_the_name_of_a_command_can_be_given() {
        let arguments = Arguments::try_parse_from(["dfmigrate", "./flags", "b"]).unwrap();
        assert_eq!((arguments.paths, arguments.command.is_none()), (vec!["./flags".into(), "b".into()], true));
        assert!(Arguments::try_parse_from(["dfmigrate", "flags", "b"]).unwrap().command.is_some());
    }
}

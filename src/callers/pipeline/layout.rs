//! Where the systems keep their commands.

use camino::Utf8Path;

use super::gitlab;
use super::script::{Script, scripts};
use crate::callers::yaml::Document;
use crate::callers::{Format, Surroundings};
use crate::source::Source;

/// How one system writes its pipelines.
#[derive(Debug)]
pub(super) struct Layout {
    /// The system.
    pub format: Format,
    /// Whether it reads a YAML file of this path.
    pub recognises: fn(&Utf8Path) -> bool,
    /// The keys of lists of commands; one shell runs all of a group, in this order.
    pub shells: &'static [&'static [&'static str]],
    /// The ways to the mappings of variables that are exported to the commands, from any mapping around them.
    pub variables: &'static [&'static [&'static str]],
    /// What says that a plain `docker build` is the classic builder's unless `DOCKER_BUILDKIT=1` is set, as a clause.
    pub classic: Option<&'static str>,
}

impl Layout {
    /// All scripts of `document`, one for each job that runs it.
    pub fn scripts<'d>(&self, document: &'d Document, source: &Source, around: &dyn Surroundings) -> Vec<Script<'d>> {
        match self.format {
            Format::GitLab => gitlab::scripts(self, document, source, around),
            _ => scripts(self, document, source),
        }
    }
}

/// docs.gitlab.com, "CI/CD YAML syntax reference": `before_script` and `script` run in one shell, `after_script` in one of
/// its own.
pub(super) const GITLAB: Layout = Layout {
    format: Format::GitLab,
    recognises: is_gitlab,
    shells: &[&["before_script", "script"], &["after_script"]],
    variables: &[&["variables"]],
    classic: None,
};

/// docs.aws.amazon.com/codebuild, "Build specification reference": in version 0.2 one shell runs all commands of all phases.
pub(super) const CODE_BUILD: Layout = Layout {
    format: Format::CodeBuild,
    recognises: |path| path.file_name().is_some_and(|name| name.contains("buildspec")),
    shells: &[&["install", "pre_build", "build", "post_build"]],
    variables: &[&["env", "variables"]],
    classic: None,
};

/// support.atlassian.com, "Run Docker commands in Bitbucket Pipelines": BuildKit is off unless `DOCKER_BUILDKIT` is 1.
pub(super) const BITBUCKET: Layout = Layout {
    format: Format::Bitbucket,
    recognises: |path| path.file_stem() == Some("bitbucket-pipelines"),
    shells: &[&["script"], &["after-script"]],
    variables: &[],
    classic: Some("Bitbucket builds without BuildKit by itself"),
};

/// docs.travis-ci.com, "Job lifecycle".
pub(super) const TRAVIS: Layout = Layout {
    format: Format::Travis,
    recognises: |path| path.file_stem() == Some(".travis"),
    shells: &[&[
        "before_install",
        "install",
        "before_script",
        "script",
        "before_cache",
        "after_success",
        "after_failure",
        "before_deploy",
        "after_deploy",
        "after_script",
    ]],
    variables: &[],
    classic: None,
};

/// docs.drone.io and woodpecker-ci.org/docs, "Workflow syntax": the commands of a step run in one shell.
pub(super) const DRONE: Layout = Layout {
    format: Format::Drone,
    recognises: |path| {
        let name = path.file_stem().unwrap_or("");
        let inside = |part: &Utf8Path| matches!(part.file_name(), Some(".drone" | ".woodpecker"));
        matches!(name, ".drone" | ".woodpecker") || path.ancestors().skip(1).any(inside)
    },
    shells: &[&["commands"]],
    variables: &[&["environment"]],
    classic: None,
};

/// buildkite.com/docs, "Command step".
pub(super) const BUILDKITE: Layout = Layout {
    format: Format::Buildkite,
    recognises: |path| path.ancestors().skip(1).any(|part| part.file_name() == Some(".buildkite")),
    shells: &[&["command", "commands"]],
    variables: &[&["env"]],
    classic: None,
};

fn is_gitlab(path: &Utf8Path) -> bool {
    let inside = |part: &Utf8Path| matches!(part.file_name(), Some(".gitlab" | ".gitlab-ci" | "gitlab-ci"));
    path.file_stem().is_some_and(|name| name.ends_with(".gitlab-ci") || name == "gitlab-ci")
        || path.ancestors().skip(1).any(inside)
}

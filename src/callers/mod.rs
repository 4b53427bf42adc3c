//! Who builds a Dockerfile: every `docker build` that is written down in a repository, and how to make it pass a secret.
//!
//! A codemod says what ("this build no longer passes `NPM_TOKEN` as a build argument but as the secret `npm_token`");
//! the [`Caller`] of the format knows how. No codemod sees a file format, no caller sees a codemod.

pub mod azure;
pub mod bake;
#[cfg(test)]
mod beside_tests;
mod build;
mod by_hand;
pub mod circle;
pub mod cloud_build;
mod command;
pub mod compose;
pub mod concourse;
pub mod devcontainer;
mod environment;
pub mod github;
pub mod jenkins;
mod json;
pub mod just;
pub mod keyed;
mod location;
pub mod make;
pub mod markdown;
mod offer;
mod outside;
pub mod package_json;
pub mod pipeline;
pub mod railway;
mod routing;
mod scripts;
pub mod sdk;
mod secret;
mod several;
#[cfg(test)]
mod several_tests;
pub mod shell;
mod sieve;
#[cfg(test)]
mod soup_tests;
pub mod taskfile;
mod template;
mod unreadable;
mod verify;
pub mod windows;
pub mod yaml;

pub use build::{
    Argument, ArgumentValue, Build, Builder, Dockerfiles, Format, PassedSecret, SecretSource, SecretValue, WrittenFile,
};

pub use by_hand::{ByHand, instead_of_argument};
pub use offer::{offer_all, to_provide};
pub use outside::{Folder, Outside, Whereabouts};
pub use routing::{builds, builds_in};
pub use secret::{add_secret, rename_secret};
pub use several::pass_all;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::repository::reads::Recorder;
use crate::source::{Edit, Source, TextRange};

/// What a caller may know of the repository around its file. Pure: it only answers from what was read before.
pub trait Surroundings {
    /// Whether `path` (from the repository's root) is a file of the repository.
    fn is_file(&self, path: &Utf8Path) -> bool;

    /// All Dockerfiles of the repository, as paths from its root, in the order of paths.
    fn dockerfiles(&self) -> &[Utf8PathBuf];

    /// The text of another file of the repository, if it was read (scripts, Makefiles, `.env` files).
    fn text(&self, path: &Utf8Path) -> Option<&str>;

    /// The first file of the repository for which `wanted`, given its path and text, says yes.
    fn find(&self, _wanted: &dyn Fn(&Utf8Path, &str) -> bool) -> Option<&Utf8Path> {
        None
    }

    /// The first of the files that hold `word` for which `wanted`, given its path and text, says yes.
    fn mentioning(&self, word: &str, wanted: &dyn Fn(&Utf8Path, &str) -> bool) -> Option<&Utf8Path> {
        self.find(&|path, text| text.contains(word) && wanted(path, text))
    }

    /// What takes note of what is looked at, and what is one and the same as long as no answer can be another one. `None`
    /// where nobody takes note.
    fn noted(&self) -> Option<(&Recorder, &Arc<()>)> {
        None
    }
}

/// One argument of a build that goes, and the secret that comes instead of it or beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The build argument's name; every way in which this build sets it is removed.
    pub argument: String,
    /// The secret that takes its place; `None` where the argument is only dropped.
    pub secret: Option<RequestedSecret>,
    /// Whether the argument stays and the secret comes beside it, because the Dockerfile may still be the one that takes the
    /// argument. BuildKit ignores a secret that no mount asks for, and of an argument that no `ARG` declares it only says so
    /// (`frontend/dockerfile/dockerfile2llb/convert.go`, "were not consumed").
    pub beside: bool,
}

/// How the Dockerfile will ask for a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedSecret {
    /// The id in the Dockerfile's mounts, such as `npm_token`.
    pub id: String,
    /// How the RUNs get it, which decides where its value may come from.
    pub receipt: Receipt,
}

impl RequestedSecret {
    /// Whether `build` passes it.
    fn is_passed_by(&self, build: &Build) -> bool {
        match self.receipt {
            Receipt::Variable | Receipt::File => build.secrets.iter().any(|passed| passed.id == self.id),
            Receipt::Agent => build.ssh,
        }
    }
}

/// How the RUNs of a Dockerfile get what took a build argument's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Receipt {
    /// From an `env=` mount. A file would hand its final newline to the tool (experiment, Engine 28.5), so the value has to
    /// come from a variable.
    Variable,
    /// With `$(cat …)`, which strips a final newline: the value may come from a file as well.
    File,
    /// As an ssh agent that the builder fills with the key (`--ssh default=FILE`): the value has to be a file's content.
    Agent,
}

/// Something that a build has to hand to the Dockerfile, and that no build argument carried before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Offer {
    /// A file of the build context as a secret: `--secret id=ID,src=CONTEXT/PATH`.
    File {
        /// The id in the Dockerfile's mounts, such as `npmrc`.
        id: String,
        /// The file, relative to the build context: what a `COPY` named.
        path: Utf8PathBuf,
    },
    /// A variable of whoever builds as a secret: `--secret id=ID,env=NAME`. In GitHub workflows it is the repository's
    /// secret of that name.
    Variable {
        /// The id in the Dockerfile's mounts, such as `build_token`.
        id: String,
        /// The variable, such as `BUILD_TOKEN`.
        name: String,
    },
    /// An ssh agent that the builder makes for this build and fills with a key file of the build context:
    /// `--ssh default=CONTEXT/KEY`. It needs no agent where the build is started (experiment: Engine 28.5, Compose 2.40).
    Agent {
        /// The key file, relative to the build context: what a `COPY` named.
        key: Utf8PathBuf,
    },
}

/// What passing a secret takes in one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rewrite {
    /// The edits, in ranges of the caller's file.
    pub edits: Vec<Edit>,
    /// What the edits take for granted, one sentence each; anything here makes the fix Unsafe.
    pub assumptions: Vec<String>,
    /// What a person should know, one sentence each; changes nothing about the fix's safety.
    pub notes: Vec<String>,
    /// Lines that other files need at their end, each with the file: `.kamal/secrets` says where a value comes from.
    pub lines: Vec<(Utf8PathBuf, String)>,
}

/// Why a build can't be made to pass a secret. The whole fix becomes Manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// One sentence without a final period, for example ``kaniko has no `--secret` ``.
    pub reason: String,
    /// Where, in the caller's file.
    pub range: TextRange,
    /// The text to put there by hand, where it is known.
    pub instead: Option<String>,
}

/// One format in which builds are written.
pub trait Caller: Sync {
    /// The format.
    fn format(&self) -> Format;

    /// Whether a file of this path is of the format.
    fn recognises(&self, path: &Utf8Path) -> bool;

    /// Whether a file whose path says nothing (no extension) is of the format by its text, such as a `#!/bin/sh` line.
    fn recognises_text(&self, path: &Utf8Path, text: &str) -> bool {
        let _ = (path, text);
        false
    }

    /// Whether `source`, a file of the format, takes in the file at `path` (from the repository's root), which then is of the
    /// format as well, whatever it is called.
    fn takes_in(&self, source: &Source, path: &Utf8Path) -> bool {
        let _ = (source, path);
        false
    }

    /// All builds that `source` writes down, in the order of the text.
    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build>;

    /// The edits that make `build`, one of this caller's [`Caller::builds`] of the same text, honour all `requests`.
    ///
    /// # Errors
    /// A [`Refusal`] where one of the requests can't be honoured; then none is.
    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal>;

    /// The edits that make `build` hand over all `offers`; none for what it hands over already.
    ///
    /// # Errors
    /// A [`Refusal`] where one of them can't be handed over; then none is.
    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal>;
}

/// Every caller, in the order in which [`recognised`] asks them whether a file is theirs.
pub const ALL: &[&dyn Caller] = &[
    &shell::Shell,
    &make::Make,
    &markdown::Markdown,
    &github::GithubActions,
    &pipeline::GITLAB,
    &pipeline::CODE_BUILD,
    &pipeline::BITBUCKET,
    &pipeline::TRAVIS,
    &pipeline::DRONE,
    &pipeline::BUILDKITE,
    &taskfile::Taskfile,
    &just::Just,
    &package_json::PackageJson,
    &devcontainer::Devcontainer,
    &windows::POWERSHELL,
    &windows::BATCH,
    &keyed::SKAFFOLD,
    &keyed::KAMAL,
    &keyed::SERVICE,
    &keyed::ANSIBLE,
    &sdk::Sdk,
    &railway::Railway,
    &bake::Bake,
    &circle::CircleCi,
    &azure::Azure,
    &cloud_build::CloudBuild,
    &concourse::Concourse,
    &jenkins::Jenkins,
    // Takes every YAML file that is nobody else's.
    &compose::Compose,
];

/// The caller for a file of this path and text: the path decides, and the first line where the path says nothing.
#[must_use]
pub fn recognised(path: &Utf8Path, text: &str) -> Option<&'static dyn Caller> {
    by_path(path).or_else(|| by_text(path, text))
}

fn by_path(path: &Utf8Path) -> Option<&'static dyn Caller> {
    ALL.iter().find(|caller| caller.recognises(path)).copied()
}

fn by_text(path: &Utf8Path, text: &str) -> Option<&'static dyn Caller> {
    ALL.iter().find(|caller| caller.recognises_text(path, text)).copied()
}

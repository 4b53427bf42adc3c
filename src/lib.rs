//! dfmigrate moves the secrets of a Docker build to BuildKit mounts, together with every file that builds the image.
//!
//! The rooms stand here in the order of the pipeline; a room may use those above it, never those below
//! (`tests/tidy.rs`). Each has one invariant that its tests hold.
//!
//! * [`source`]: what a file is. *A source gives back the bytes that it was made from, whatever they are.*
//! * [`syntax`]: Dockerfiles as lossless trees, shell text as views. *Parsing never fails, and the text of a tree is the text
//!   that was parsed; a range of a view maps to the file or is refused.*
//! * [`knowledge`]: what names, values, tools, files and builders mean, as data. *Every entry names its source.*
//! * [`config`]: what somebody decided for a repository. *A word that is no setting is an error.*
//! * [`repository`]: the files of one repository, read once. *Nothing outside the root is opened, no link is followed.*
//! * [`callers`]: who builds a Dockerfile, and how to make them pass a secret. *An edit touches no line that it need not, or
//!   there is a refusal with its reason.*
//! * [`model`]: stages, scopes, where each value enters, who reads it, where it rests. *Pure: answers about the files as
//!   they are.*
//! * [`plan`]: fixes over several files, made in rounds. *A fix is made whole, over all its files, or not at all; one that
//!   does not hold what it promised is taken out again.*
//! * [`codemods`]: one rule a folder. *A codemod knows the model, never a file format.*
//! * [`report`]: diagnostics, patches, summaries. *What is shown to people is redacted and free of control characters; a
//!   patch that goes to a file or pipe is exact.*
//! * [`review`]: a person decides fix by fix. *What was shown is what is written, and nothing is before the last answer.*
//! * [`apply`]: the only room that writes a repository's files. *All files of a run or none, also when it is killed.*
//! * [`image`]: reads images and looks for what rests in them. *Nothing is unpacked to disk, and no archive makes it panic
//!   or use more than its limits.*
//! * [`git`]: the state of the work tree; commits, branches and pushes of fixes. *Looking runs nothing that the repository
//!   configures. A commit, a branch or a push runs what git itself would, only where one was asked for, and holds nothing
//!   but what was planned.*
//! * [`forge`]: pull requests on six kinds of forges. *A token goes to the one server that it is meant for, and a text for a
//!   forge can only be made of redacted parts.*
//! * [`proof`]: builds a repository before and after its migration, and compares. *The repository is only read, and what a
//!   run makes in the engine and on disk goes with it.*
//! * [`fleet`]: many repositories: lists, clones, what became of each. *One repository harms no other, and a run that was killed
//!   is gone on with by the same command.*
//! * [`lsp`]: a language server. *What is typed counts before what is on the disk, and nothing is written.*
//! * [`cli`]: arguments in, streams and an exit status out.
//!
//! Three invariants belong to no single room: a secret's value reaches no terminal, log or report (a patch is the one
//! exception: a removed line is what it is); what is not understood is left alone, with a reason that reaches the user;
//! and a second run changes nothing.
//!
//! # As a library
//!
//! `source`, `syntax`, `repository`, `model`, `plan`, `codemods` and `apply` keep to SemVer (`tests/public_api`); the other
//! modules are public for the program and its tests, and may change at any time.
//!
//! Parse, understand, plan, apply: each step is data that the next one takes, and only the last one touches a disk.
//! [`repository::read`] gives the [`Repository`](repository::Repository) of a folder; here its files are made up.
//!
//! ```
//! use std::rc::Rc;
//!
//! use dfmigrate::{apply, codemods, model::Model, plan, repository::Repository, source::Source, syntax};
//!
//! let dockerfile = "FROM node:22\nARG NPM_TOKEN\nCOPY .npmrc package.json ./\nRUN npm ci\n";
//! let files = [
//!     ("Dockerfile", dockerfile),
//!     (".npmrc", "//npm.example.com/:_authToken=${NPM_TOKEN}\n"),
//!     ("build.sh", "docker build --build-arg NPM_TOKEN .\n"),
//! ];
//!
//! // Parse: a lossless tree of every byte.
//! let tree = syntax::dockerfile::parse(dockerfile).root();
//! assert_eq!(tree.instructions().len(), 4);
//!
//! // Model: where secrets enter, who reads them, which builds pass them.
//! let sources = files.map(|(path, text)| Source::new(path, text.into()));
//! let repository = Repository::new([], sources, vec!["Dockerfile".into()]);
//! let model = Model::new(Rc::new(repository.clone()), |_| true);
//! let secrets = model.secrets(&model.dockerfiles[0]);
//! assert_eq!((secrets[0].flow.name.as_str(), model.builds.len()), ("NPM_TOKEN", 1));
//!
//! // Plan: findings, and the change of all files that a policy allows.
//! let plan = plan::make(&repository, &plan::Policy::default(), codemods::ALL);
//! assert_eq!(plan.findings[0].status, plan::Status::Applied);
//! let after = |path: &str| plan.files.iter().find(|(file, _)| *file == path).map(|(_, change)| change.after.text());
//! assert_eq!(after("build.sh"), Some("docker build --secret id=npm_token,env=NPM_TOKEN .\n"));
//!
//! // Apply: all files or none.
//! # let folder = tempfile::tempdir()?;
//! # let root = camino::Utf8Path::from_path(folder.path()).ok_or("no UTF-8")?;
//! # for (path, text) in files {
//! #     std::fs::write(root.join(path), text)?;
//! # }
//! let receipt = apply::write(&apply::Place::without_git(root), &plan.files)?;
//! assert_eq!(receipt.files, ["Dockerfile", "build.sh"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod apply;
pub mod callers;
pub mod cli;
#[path = "../codemods/mod.rs"]
pub mod codemods;
pub mod config;
pub mod fleet;
pub mod forge;
pub mod git;
pub mod image;
pub mod knowledge;
pub mod lsp;
pub mod model;
pub mod plan;
pub mod proof;
pub mod report;
pub mod repository;
pub mod review;
pub mod source;
pub mod syntax;

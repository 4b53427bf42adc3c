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
//! * [`cli`]: arguments in, streams and an exit status out.
//!
//! Three invariants belong to no single room: a secret's value reaches no terminal, log or report (a patch is the one
//! exception: a removed line is what it is); what is not understood is left alone, with a reason that reaches the user;
//! and a second run changes nothing.

#![forbid(unsafe_code)]

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
pub mod model;
pub mod plan;
pub mod proof;
pub mod report;
pub mod repository;
pub mod review;
pub mod source;
pub mod syntax;

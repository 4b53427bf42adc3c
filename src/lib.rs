//! dfmigrate moves the secrets of a Docker build to BuildKit mounts.

#![forbid(unsafe_code)]

pub mod callers;
#[path = "../codemods/mod.rs"]
pub mod codemods;
pub mod knowledge;
pub mod model;
pub mod plan;
pub mod repository;
pub mod source;
pub mod syntax;

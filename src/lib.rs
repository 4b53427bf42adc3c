//! dfmigrate moves the secrets of a Docker build to BuildKit mounts.

#![forbid(unsafe_code)]

pub mod apply;
pub mod callers;
pub mod git;
pub mod plan;
pub mod report;
pub mod repository;
pub mod source;
pub mod syntax;

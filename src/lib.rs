//! dfmigrate moves the secrets of a Docker build to BuildKit mounts.

#![forbid(unsafe_code)]

pub mod knowledge;
pub mod source;
pub mod syntax;

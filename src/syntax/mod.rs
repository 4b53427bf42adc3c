//! What a text says: Dockerfiles as lossless trees, shell text as views.

pub mod dockerfile;
pub mod shell;
pub mod view;

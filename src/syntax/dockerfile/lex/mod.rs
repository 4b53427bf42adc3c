//! The small languages inside a logical line. All spans are bytes of the joined text.

pub(super) mod duration;
pub(super) mod expand;
pub(super) mod flags;
pub(super) mod heredoc;
pub(super) mod json;
pub(super) mod words;

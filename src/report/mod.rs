//! What people and machines get to see of a [`Plan`](crate::plan::Plan).
//!
//! No secret's value leaves this room, except in the exact form of a [`diff`]: every text that is shown passes the
//! [`Redactor`] and becomes a [`Shown`], which also has no character that a terminal would obey.

pub mod diagnostics;
pub mod diff;
pub mod machine;
pub mod redact;
pub mod shown;
pub mod summary;

pub use redact::Redactor;
pub use shown::Shown;

use crate::plan::FollowUp;

/// A follow-up as a person reads it, without a final period.
pub(crate) fn follow_up(follow_up: &FollowUp) -> String {
    match follow_up {
        FollowUp::Rotate(what) => format!("rotate {what}"),
        FollowUp::Provide(what) => format!("provide {what}"),
        FollowUp::Do(what) => what.clone(),
    }
    .trim_end_matches('.')
    .to_owned()
}

/// `1 file`, `2 files`: a count with its noun.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

//! Many repositories: which ones, where they are cloned to, what became of each, and what people get to see of it.
//!
//! A [`Target`] is a repository to work on; a [`Manifest`] lists them. Each is worked on in its own process (see [`run_all`]), in
//! a clone of the [`Cache`] that only one process may use at a time, so that no failure harms another repository and nobody's
//! work tree is touched. What became of it is a [`Record`] in the [`Store`]: one file a repository, replaced atomically, without
//! any value of a secret. A run that was killed is gone on with by the same command, because everything that was done is seen
//! at the remote and not remembered.

mod cache;
mod date;
mod interface;
mod linking;
mod manifest;
mod order;
mod page;
mod pool;
mod record;
mod reference;
mod shard;
mod store;
mod table;
mod target;

pub use cache::{Cache, Place};
pub use date::{day, now, timestamp};
pub use interface::{Interface, Mounted, OuterBuild, interfaces, outer_builds};
pub use linking::{Link, Next, foreign, links};
pub use manifest::{Manifest, ManifestError, TargetSettings};
pub use order::order;
pub use page::page;
pub use pool::{Ended, run_all};
pub use record::{Event, Found, Part, Record, Request, RequestState, SCHEMA, Seen, Stage};
pub use reference::{Kind, Reference, references};
pub use shard::Shard;
pub use store::{Store, StoreError};
pub use table::table;
pub use target::{Target, digest, slug};

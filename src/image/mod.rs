//! Reads images, and looks for what rests in them: named values in every spelling, and credentials by their form.
//!
//! An image is read once, as a stream, and nothing is unpacked to disk: [`ImageReader`] takes the parts of an archive in the
//! order in which they come. *A value is never part of what comes out, and no input makes it panic, write or use more
//! memory than [`Limits`] allow.*
//!
//! Not looked into: xz, bzip2, 7z, rar and lz4 (counted in [`Gaps`]); values that a delta of a git pack puts together from
//! pieces of its base; values that SQLite splits over overflow pages; base64 with line breaks inside of the value.

mod archive;
mod content;
mod error;
mod finding;
mod limits;
mod listing;
mod patterns;
pub mod report;
mod rules;
mod search;
mod secret;

pub use archive::{ImageReader, ImageSummary, Problem, Report};
pub use content::Gaps;
pub use error::ImageError;
pub use finding::{Finding, Kind, Layer, Part, Place, Removal, Severity};
pub use limits::Limits;
pub use listing::{Files, ListedFile, content_digest, listing};
pub use search::Searcher;
pub use secret::{Encoding, NamedSecret, SHORTEST};

use std::{fmt, io};

/// Why an image could not be read, or not to its end.
#[derive(Debug)]
pub enum ImageError {
    /// Reading failed below: a disk, a pipe, or a compressed stream that does not decode.
    Read(io::Error),
    /// An archive breaks its format.
    Damaged {
        /// What is wrong, as a clause.
        what: &'static str,
    },
    /// A limit was reached.
    Limit {
        /// What is too large, as a clause.
        what: &'static str,
    },
    /// There is no image in the archive or folder.
    NoImage,
    /// The value of a named secret is too short to be looked for.
    ShortSecret {
        /// The id of the secret.
        id: String,
        /// The length of the value in bytes.
        length: usize,
    },
    /// The patterns to look for could not be compiled.
    Patterns,
}

impl fmt::Display for ImageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                formatter.write_str("the data ends too early")
            }
            Self::Read(error) => write!(formatter, "the data can't be read: {error}"),
            Self::Damaged { what } => write!(formatter, "the data is damaged: {what}"),
            Self::Limit { what } => write!(formatter, "a limit was reached: {what}"),
            Self::NoImage => formatter.write_str("there is no container image in it"),
            Self::ShortSecret { id, length } => {
                write!(formatter, "the value of the secret `{id}` has {length} bytes, which is too short to look for")
            }
            Self::Patterns => formatter.write_str("the values to look for are too large together"),
        }
    }
}

impl std::error::Error for ImageError {}

impl From<io::Error> for ImageError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

//! The values that a user names, and every spelling in which they give themselves away.

mod base64;
mod escape;
mod spelling;

pub(in crate::image) use base64::decode as decode_base64;
pub use spelling::Encoding;
pub(in crate::image) use spelling::spellings;

use std::fmt;

use super::ImageError;

/// The shortest value, in bytes, that can be looked for: anything shorter occurs everywhere by chance.
pub const SHORTEST: usize = 6;

/// A value that must not be in the image, under the id that reports name it by.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedSecret {
    id: String,
    value: Vec<u8>,
}

impl NamedSecret {
    /// The secret `id` with its value. Line ends behind the value are not part of it: files usually have one, variables
    /// don't.
    ///
    /// # Errors
    ///
    /// Fails if the value has fewer than [`SHORTEST`] bytes.
    pub fn new(id: impl Into<String>, value: impl Into<Vec<u8>>) -> Result<Self, ImageError> {
        let (id, mut value) = (id.into(), value.into());
        while matches!(value.last(), Some(b'\n' | b'\r')) {
            value.pop();
        }
        if value.len() < SHORTEST {
            return Err(ImageError::ShortSecret { id, length: value.len() });
        }
        Ok(Self { id, value })
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The value, for those who look for it.
    pub(in crate::image) fn reveal(&self) -> &[u8] {
        &self.value
    }
}

impl fmt::Debug for NamedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NamedSecret").field("id", &self.id).field("value", &"[redacted]").finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_kept_to_itself() {
        let secret = NamedSecret::new("npm", "kn0ck-kn0ck\r\n").unwrap();
        assert_eq!(secret.reveal(), b"kn0ck-kn0ck");
        assert!(!format!("{secret:?}").contains("kn0ck"));
        assert!(NamedSecret::new("npm", "short\n").is_err());
    }
}

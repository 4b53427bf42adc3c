use std::fmt;

/// A credential of a forge. It has no `Display`, and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    value: String,
    scheme: Scheme,
}

/// How a token is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// `Authorization: Bearer TOKEN`: GitHub, GitLab, Bitbucket's access tokens, OAuth tokens and Azure's job tokens.
    Bearer,
    /// `Authorization: token TOKEN`, the form that all versions of Gitea and Forgejo take.
    Gitea,
    /// `Authorization: Basic` with a user name, which is empty for Azure's personal access tokens.
    Basic {
        /// The user name or mail address that belongs to the token.
        user: String,
    },
}

impl Token {
    /// A token that is sent by `scheme`; `None` if nothing is left of it without white space, or if it holds characters
    /// that no header may have.
    #[must_use]
    pub fn new(value: &str, scheme: Scheme) -> Option<Self> {
        let value = value.trim();
        let fits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self { value: value.to_owned(), scheme })
    }

    /// The value of the `Authorization` header. Only the HTTP client asks for it.
    pub(super) fn authorization(&self) -> String {
        match &self.scheme {
            Scheme::Bearer => format!("Bearer {}", self.value),
            Scheme::Gitea => format!("token {}", self.value),
            Scheme::Basic { user } => format!("Basic {}", base64(format!("{user}:{}", self.value).as_bytes())),
        }
    }

    /// What a server must not be able to bring into a message: the token as it is and as it was sent.
    pub(super) fn forms(&self) -> [String; 2] {
        let sent = self.authorization();
        let sent = sent.split_once(' ').map_or(sent.as_str(), |(_, credential)| credential).to_owned();
        [self.value.clone(), sent]
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let index = (bits >> (18 - 6 * place)) & 63;
            text.push(if place <= chunk.len() { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_itself_to_nobody() {
        let token = Token::new(" kn0ck-kn0ck\n", Scheme::Bearer).unwrap();
        assert_eq!(format!("{token:?}"), "Token([redacted])");
        assert_eq!(token.authorization(), "Bearer kn0ck-kn0ck");
    }

    #[test]
    fn basic_credentials_are_those_of_rfc_7617() {
        let token = Token::new("open sesame", Scheme::Bearer);
        assert!(token.is_none(), "a blank ends a token");
        let token = Token::new("opensesame", Scheme::Basic { user: "Aladdin".into() }).unwrap();
        assert_eq!(token.authorization(), "Basic QWxhZGRpbjpvcGVuc2VzYW1l");
        assert_eq!(["", "f", "fo", "foo"].map(|text| base64(text.as_bytes())), ["", "Zg==", "Zm8=", "Zm9v"]);
    }
}

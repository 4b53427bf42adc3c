//! Addresses of requests.

use std::fmt::Write as _;

/// The path of a request below the base of an API, with its query; every part is encoded when it is added.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    path: String,
    query: String,
}

impl Target {
    /// The path of `segments`.
    #[must_use]
    pub fn new<'s>(segments: impl IntoIterator<Item = &'s str>) -> Self {
        let mut path = String::new();
        for segment in segments {
            path.push('/');
            encode(segment, &mut path);
        }
        Self { path, query: String::new() }
    }

    /// The same with one more segment.
    #[must_use]
    pub fn then(mut self, segment: &str) -> Self {
        self.path.push('/');
        encode(segment, &mut self.path);
        self
    }

    /// The same with one more parameter; a name may be given several times.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        encode(name, &mut self.query);
        self.query.push('=');
        encode(value, &mut self.query);
        self
    }

    /// The path without the query, for messages.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole address below `base`.
    pub(super) fn below(&self, base: &str) -> String {
        format!("{base}{}{}", self.path, self.query)
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3). GitLab wants `/` encoded too, in the
/// path of a project that is one segment.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

/// Where a redirect leads, if that is the server which was asked: the whole address.
///
/// # Errors
/// The host that it names otherwise.
pub(super) fn same_server(asked: &str, location: &str) -> Result<String, String> {
    let origin = origin(asked);
    if location.starts_with('/') && !location.starts_with("//") {
        return Ok(format!("{origin}{location}"));
    }
    let is_below = location.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    if is_below { Ok(location.to_owned()) } else { Err(host(location).to_owned()) }
}

/// Scheme and host of an address, with the port if it is written.
fn origin(address: &str) -> &str {
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let end = address[after_scheme..].find(['/', '?', '#']).map_or(address.len(), |at| after_scheme + at);
    &address[..end]
}

/// The host of an address, with the port if it is written and without user information.
pub(super) fn host(address: &str) -> &str {
    let authority = origin(address).split_once("://").map_or("", |(_, authority)| authority);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// Whether a host (with or without port) is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_encoded() {
        let target = Target::new(["projects", "a/b c"]).then("x").query("head", "me:b#1").query("state", "all");
        assert_eq!(
            target.below("https://f.example.com"),
            "https://f.example.com/projects/a%2Fb%20c/x?head=me%3Ab%231&state=all"
        );
    }

    #[test]
    fn a_redirect_stays_on_the_server_or_is_refused() {
        let asked = "https://f.example.com:8443/api/x";
        assert_eq!(same_server(asked, "/y?z"), Ok("https://f.example.com:8443/y?z".into()));
        assert_eq!(same_server(asked, "https://f.example.com:8443/y"), Ok("https://f.example.com:8443/y".into()));
        for location in [
            "https://f.example.com/y",
            "http://f.example.com:8443/y",
            "//evil.example.com/y",
            "https://f.example.com:8443.evil.example.com/",
            "https://f.example.com:8443@evil.example.com/",
            "relative",
        ] {
            assert!(same_server(asked, location).is_err(), "{location}");
        }
    }

    #[test]
    fn this_machine_is_told_from_others() {
        for host in ["localhost", "127.0.0.1:80", "[::1]:80", "127.9.9.9"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["f.example.com", "localhost.example.com", "10.0.0.1", "[::2]", "127.0.0.1.example.com"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

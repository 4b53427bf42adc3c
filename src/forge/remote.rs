//! The address of a git remote, read as git reads it (git-scm.com, "git-clone", "GIT URLS").

/// Where a remote repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// How git talks to it.
    pub transport: Transport,
    /// The host, in lower case and without the port.
    pub host: String,
    /// The port, if it is written.
    pub port: Option<u16>,
    /// The parts of the path, percent-decoded, without `.git` at the end.
    pub path: Vec<String>,
}

/// How git talks to a remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// `https://`
    Https,
    /// `http://`
    Http,
    /// `ssh://` or `user@host:path`
    Ssh,
}

impl Remote {
    /// Reads the address of a remote; `None` for one on this machine or of a transport that no forge has. User
    /// information is dropped: it may hold a token.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let url = url.trim();
        match url.split_once("://") {
            Some((scheme, rest)) => Self::with_scheme(scheme, rest),
            None => Self::scp_like(url),
        }
    }

    /// The host with its port, as an `https` client writes it. The port of ssh says nothing about that of https.
    #[must_use]
    pub fn web_host(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match self.port {
            Some(port) if self.transport != Transport::Ssh => format!("{host}:{port}"),
            _ => host,
        }
    }

    fn with_scheme(scheme: &str, rest: &str) -> Option<Self> {
        let transport = match scheme.to_ascii_lowercase().as_str() {
            "https" => Transport::Https,
            "http" => Transport::Http,
            "ssh" | "git+ssh" | "ssh+git" => Transport::Ssh,
            _ => return None,
        };
        let (authority, path) = rest.split_once('/')?;
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match authority.strip_prefix('[') {
            Some(literal) => {
                let (host, rest) = literal.split_once(']')?;
                (host, rest.strip_prefix(':'))
            }
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let port = port.filter(|port| !port.is_empty()).map(str::parse).transpose().ok()?;
        Self::new(transport, host, port, path, true)
    }

    /// `[user@]host:path`: the colon comes before the first slash, and a single letter before it is a drive.
    fn scp_like(url: &str) -> Option<Self> {
        let (before, path) = match url.find('[').and_then(|start| Some((start, url[start..].find("]:")?))) {
            Some((start, length)) => (&url[..=start + length], &url[start + length + 2..]),
            None => url.split_once(':')?,
        };
        if before.contains('/') || before.chars().count() < 2 {
            return None;
        }
        let host = before.rsplit_once('@').map_or(before, |(_, host)| host);
        Self::new(Transport::Ssh, host.trim_matches(['[', ']']), None, path, false)
    }

    fn new(transport: Transport, host: &str, port: Option<u16>, path: &str, encoded: bool) -> Option<Self> {
        let path = path.split(['?', '#']).next().unwrap_or(path).trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let decode = |part: &str| if encoded { decoded(part) } else { Some(part.to_owned()) };
        let path = path.split('/').filter(|part| !part.is_empty()).map(decode).collect::<Option<Vec<_>>>()?;
        let known = !host.is_empty() && host.chars().all(|char| char.is_ascii_alphanumeric() || "-._:".contains(char));
        // A part like `..` would lead an API somewhere else.
        let sound = path.iter().all(|part| part != "." && part != ".." && !part.chars().any(char::is_control));
        (known && sound && !path.is_empty()).then(|| Self { transport, host: host.to_ascii_lowercase(), port, path })
    }
}

/// Percent-decoded text; `None` if it is not UTF-8 then.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = if *first == b'%' { after.get(..2).and_then(|code| std::str::from_utf8(code).ok()) } else { None };
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> Option<String> {
        let remote = Remote::parse(url)?;
        Some(format!("{:?} {} {}", remote.transport, remote.web_host(), remote.path.join("/")))
    }

    #[test]
    fn addresses_are_read_as_git_reads_them() {
        for (url, expected) in [
            ("https://github.com/acme/shop.git", "Https github.com acme/shop"),
            ("https://me:kn0ck@GitHub.com/acme/shop/", "Https github.com acme/shop"),
            ("https://git.example.com:8443/sub/a/b/c.git", "Https git.example.com:8443 sub/a/b/c"),
            ("ssh://git@git.example.com:2222/acme/shop.git", "Ssh git.example.com acme/shop"),
            ("git@github.com:acme/shop.git", "Ssh github.com acme/shop"),
            ("github.com:acme/shop", "Ssh github.com acme/shop"),
            ("git@ssh.dev.azure.com:v3/acme/My Project/shop", "Ssh ssh.dev.azure.com v3/acme/My Project/shop"),
            ("https://acme@dev.azure.com/acme/My%20Project/_git/shop", "Https dev.azure.com acme/My Project/_git/shop"),
            ("http://127.0.0.1:3000/acme/shop", "Http 127.0.0.1:3000 acme/shop"),
            ("https://[::1]:3000/acme/shop", "Https [::1]:3000 acme/shop"),
            ("git@[::1]:acme/shop", "Ssh [::1] acme/shop"),
        ] {
            assert_eq!(shown(url).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn what_is_no_server_has_no_address() {
        for url in [
            "/srv/git/shop.git",
            "../shop.git",
            "./a:b",
            "file:///srv/git/shop.git",
            "C:\\src\\shop",
            "git://git.example.com/shop",
            "ext::ssh x",
            "https://github.com/",
            "https://github.com/../../admin",
            "https://a b/c/d",
            "",
        ] {
            let found = shown(url).filter(|found| !found.starts_with("Ssh ext"));
            assert_eq!(found, None, "{url}");
        }
    }
}

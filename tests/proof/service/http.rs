//! As much HTTP/1.1 as package managers, git and curl need: one request and one response a connection.

use std::io::{BufRead, BufReader, Read, Result, Write};

/// Longest request head and body that is read, in bytes.
const REQUEST_LIMIT: u64 = 1 << 20;

/// A request.
pub struct Request {
    pub method: String,
    /// The path without query, percent-decoding left out except for the slash of scoped package names.
    pub path: String,
    /// What stands behind the `?`.
    pub query: String,
    /// The body as it came, with its content coding.
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Request {
    /// Reads one request; `None` when the client sends something else or nothing.
    pub fn read(stream: &mut impl Read) -> Option<Self> {
        let mut reader = BufReader::new(stream.take(REQUEST_LIMIT));
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = (path.replace("%2f", "/").replace("%2F", "/"), query.to_owned());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self { method, path, query, body: Vec::new(), headers };
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        reader.take(length).read_to_end(&mut request.body).ok()?;
        Some(request)
    }

    /// Whether the body is compressed.
    pub fn is_gzip(&self) -> bool {
        self.header("content-encoding") == Some("gzip")
    }

    /// The credential that the client shows, in any of the usual headers.
    pub fn credential(&self) -> Option<&str> {
        ["authorization", "private-token", "x-api-key"].iter().find_map(|name| self.header(name))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A response with its whole body.
pub struct Response {
    status: &'static str,
    kind: &'static str,
    body: Vec<u8>,
}

impl Response {
    /// 200 with a body of the media type `kind`.
    pub fn found(kind: &'static str, body: Vec<u8>) -> Self {
        Self { status: "200 OK", kind, body }
    }

    /// 401, asking for basic authentication so that git and pip try the credential of their URL.
    pub fn unauthorized() -> Self {
        Self { status: "401 Unauthorized", kind: "text/plain", body: b"credential needed\n".to_vec() }
    }

    /// 404, also for a wrong credential: a stranger must not learn what exists.
    pub fn not_found() -> Self {
        Self { status: "404 Not Found", kind: "text/plain", body: b"not found\n".to_vec() }
    }

    /// Sends the response, without the body after a HEAD request.
    pub fn write(&self, stream: &mut impl Write, head_only: bool) -> Result<()> {
        let (status, kind, length) = (self.status, self.kind, self.body.len());
        let challenge = if status.starts_with("401") { "WWW-Authenticate: Basic realm=\"proof\"\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n{challenge}\r\n"
        );
        stream.write_all(head.as_bytes())?;
        if !head_only {
            stream.write_all(&self.body)?;
        }
        stream.flush()
    }
}

//! JSON over HTTP: one server, one token, bounded in time, size and number of attempts.

mod date;
mod exchange;
mod retry;
mod tls;
mod url;

pub use retry::Patience;
pub use url::Target;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use camino::Utf8PathBuf;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Clock, ForgeError, SystemClock, Token};
use crate::report::{Redactor, shown};
use exchange::{Exchange, Raw};

/// How a client behaves.
#[derive(Clone)]
pub struct Settings {
    /// How long and how often a request is tried.
    pub patience: Patience,
    /// The longest time for one attempt, connection and body included.
    pub timeout: Duration,
    /// The largest answer, in bytes.
    pub largest_answer: u64,
    /// The least time between two requests that change something. GitHub asks for a second (docs.github.com, "Best
    /// practices for using the REST API").
    pub write_pause: Duration,
    /// A file of PEM certificates to trust besides those of the system.
    pub authority: Option<Utf8PathBuf>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            patience: Patience::default(),
            timeout: Duration::from_secs(60),
            largest_answer: 16 << 20,
            write_pause: Duration::from_secs(1),
            authority: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// What a request does. GET and PUT may be repeated without harm, and so may the PATCHes of forges, which set values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Sets some values.
    Patch,
    /// Sets all values.
    Put,
}

impl Method {
    /// As it is sent.
    fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
        }
    }
}

/// The headers of an answer that are used, by lower-case name.
#[derive(Debug, Clone, Default)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// One server, seen through its API.
pub struct Client {
    base: String,
    host: String,
    exchange: Exchange,
    settings: Settings,
    redactor: Redactor,
    last_write: Mutex<Option<SystemTime>>,
}

/// An answer that was read, and whether the server has more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What this page holds.
    pub items: T,
    /// Whether the `Link` header names a next page (RFC 8288).
    pub has_next: bool,
}

/// Redirects that are followed on one server, for example of a renamed repository.
const MOST_REDIRECTS: usize = 3;

impl Client {
    /// A client for the API at `base`, an address without a final slash. `headers` are sent with each request.
    ///
    /// # Errors
    /// `base` is not https (a token may go unencrypted to this machine only), or the trusted certificates can't be read.
    pub fn new(
        base: &str,
        token: Option<&Token>,
        headers: &[(&'static str, &'static str)],
        settings: Settings,
    ) -> Result<Self, ForgeError> {
        let host = url::host(base).to_owned();
        let encrypted = base.starts_with("https://");
        if host.is_empty() || !(encrypted || base.starts_with("http://") && url::is_loopback(&host)) {
            let reason = format!("the API of a forge is asked over https only, not at `{}`", shown::line(base));
            return Err(ForgeError::Impossible { reason });
        }
        let exchange = Exchange::new(token, headers, encrypted, url::is_loopback(&host), &settings)?;
        let redactor = Redactor::new(token.iter().flat_map(|token| token.forms()));
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { base, host, exchange, settings, redactor, last_write: Mutex::new(None) })
    }

    /// Reads what is at `target`.
    ///
    /// # Errors
    /// See [`ForgeError`].
    pub fn get<T: DeserializeOwned>(&self, target: &Target) -> Result<T, ForgeError> {
        Ok(self.page(target)?.items)
    }

    /// The same, and whether there is more.
    ///
    /// # Errors
    /// See [`ForgeError`].
    pub fn page<T: DeserializeOwned>(&self, target: &Target) -> Result<Page<T>, ForgeError> {
        let raw = self.send(Method::Get, target, None)?;
        let has_next = raw.headers.get("link").is_some_and(|links| links.contains("rel=\"next\""));
        Ok(Page { items: self.read(&raw, target)?, has_next })
    }

    /// Sends `body` and reads the answer.
    ///
    /// # Errors
    /// See [`ForgeError`].
    pub fn write<T: DeserializeOwned>(&self, method: Method, target: &Target, body: &Value) -> Result<T, ForgeError> {
        let raw = self.send(method, target, Some(body))?;
        self.read(&raw, target)
    }

    /// Waits, for something that the server does in the background.
    pub(super) fn pause(&self, duration: Duration) {
        self.settings.clock.sleep(duration);
    }

    fn read<T: DeserializeOwned>(&self, raw: &Raw, target: &Target) -> Result<T, ForgeError> {
        let unreadable =
            |reason: String| ForgeError::Unreadable { path: shown::line(target.path()), reason: self.line(&reason) };
        // A sign-in page or a proxy's notice: JSON errors in it would only puzzle.
        if raw.headers.get("content-type").is_some_and(|kind| kind.contains("html")) {
            return Err(unreadable("it is an HTML page, not an answer of the API".to_owned()));
        }
        let body: &[u8] = if raw.body.is_empty() { b"null" } else { &raw.body };
        serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))
    }

    /// Sends a request until it succeeds, fails for good or patience ends.
    fn send(&self, method: Method, target: &Target, body: Option<&Value>) -> Result<Raw, ForgeError> {
        let body = body.map(|body| body.to_string().into_bytes());
        let patience = self.settings.patience;
        let mut attempt = 1;
        loop {
            let error = match self.attempt(method, target, body.as_deref()) {
                Ok(raw) => return Ok(raw),
                Err(error) => error,
            };
            let wait = match &error {
                Failure::Limited(Some(asked)) if *asked > patience.longest_wait => None,
                Failure::Limited(asked) => Some(asked.unwrap_or_else(|| self.unnamed_limit(attempt))),
                Failure::Final(ForgeError::Unreachable { .. }) => Some(self.backoff(attempt)),
                Failure::Final(ForgeError::Interrupted { .. } | ForgeError::Failing { .. })
                    if method != Method::Post =>
                {
                    Some(self.backoff(attempt))
                }
                Failure::Final(_) => None,
            };
            match wait {
                Some(wait) if attempt < patience.attempts => self.settings.clock.sleep(wait),
                _ => return Err(self.error(error)),
            }
            attempt += 1;
        }
    }

    fn backoff(&self, attempt: u32) -> Duration {
        self.settings.patience.backoff(attempt, self.settings.clock.as_ref())
    }

    /// GitHub wants a minute where a limit doesn't say how long it lasts, and longer after that (docs.github.com, "Rate
    /// limits for the REST API").
    fn unnamed_limit(&self, attempt: u32) -> Duration {
        const LEAST: Duration = Duration::from_secs(60);
        (LEAST + self.backoff(attempt)).min(self.settings.patience.longest_wait)
    }

    fn error(&self, failure: Failure) -> ForgeError {
        match failure {
            Failure::Final(error) => error,
            Failure::Limited(wait) => {
                ForgeError::RateLimited { host: self.host.clone(), wait: wait.unwrap_or_else(|| self.unnamed_limit(1)) }
            }
        }
    }

    /// One attempt, with the redirects on the same server.
    fn attempt(&self, method: Method, target: &Target, body: Option<&[u8]>) -> Result<Raw, Failure> {
        let mut address = target.below(&self.base);
        for _ in 0..=MOST_REDIRECTS {
            self.pace(method);
            let raw = self.exchange.run(method, &address, body, &self.host).map_err(|error| self.cleaned(error))?;
            match raw.status {
                200..=299 => return Ok(raw),
                300..=399 => address = self.redirected(method, &address, &raw)?,
                _ => return Err(self.refused(&raw, target)),
            }
        }
        let reason = "it redirects in a circle".to_owned();
        Err(Failure::Final(ForgeError::Unreadable { path: shown::line(target.path()), reason }))
    }

    /// Where to ask instead. 301 and 302 make a GET of everything else (RFC 9110, section 15.4), so only a GET follows.
    fn redirected(&self, method: Method, address: &str, raw: &Raw) -> Result<String, Failure> {
        let location = raw.headers.get("location").unwrap_or_default();
        let keeps_method = matches!(raw.status, 307 | 308) || method == Method::Get;
        match url::same_server(address, location) {
            Ok(next) if keeps_method => Ok(next),
            Ok(_) => {
                let message = "the repository has moved".to_owned();
                Err(Failure::Final(ForgeError::Refused { status: raw.status, message }))
            }
            Err(to) => Err(Failure::Final(ForgeError::Redirected { host: self.host.clone(), to: self.line(&to) })),
        }
    }

    fn refused(&self, raw: &Raw, target: &Target) -> Failure {
        let message = self.message(raw);
        if let Some(wait) = retry::limited(raw.status, &raw.headers, &message, self.settings.clock.now()) {
            return Failure::Limited(wait);
        }
        Failure::Final(match raw.status {
            401 => ForgeError::Unauthorized { host: self.host.clone(), message },
            403 => ForgeError::Forbidden { message },
            404 | 410 => ForgeError::NotFound { path: shown::line(target.path()) },
            409 => ForgeError::Conflict { message },
            500..=599 => ForgeError::Failing { status: raw.status, message },
            status => ForgeError::Refused { status, message },
        })
    }

    /// What the server says is wrong, shortened, without the token.
    fn message(&self, raw: &Raw) -> String {
        const LONGEST: usize = 300;
        let text = serde_json::from_slice(&raw.body).map(|body| words(&body).join("; ")).unwrap_or_default();
        // Redacted before it is cut: half a token would not be recognised.
        let line = self.line(&text);
        if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST).chain(['…']).collect() }
    }

    fn line(&self, text: &str) -> String {
        self.redactor.line(text)
    }

    fn cleaned(&self, error: ForgeError) -> Failure {
        Failure::Final(match error {
            ForgeError::Unreachable { host, reason } => ForgeError::Unreachable { host, reason: self.line(&reason) },
            ForgeError::Interrupted { host, reason } => ForgeError::Interrupted { host, reason: self.line(&reason) },
            ForgeError::Tls { host, reason } => ForgeError::Tls { host, reason: self.line(&reason) },
            other => other,
        })
    }

    /// Keeps requests that change something apart.
    fn pace(&self, method: Method) {
        if method == Method::Get || self.settings.write_pause.is_zero() {
            return;
        }
        let clock = &self.settings.clock;
        let mut last = self.last_write.lock().unwrap_or_else(PoisonError::into_inner);
        let since = last.and_then(|last| clock.now().duration_since(last).ok());
        if let Some(rest) = since.and_then(|since| self.settings.write_pause.checked_sub(since)) {
            clock.sleep(rest);
        }
        *last = Some(clock.now());
    }
}

/// Why an attempt failed.
enum Failure {
    /// A rate limit, and how long the server wants to be left alone.
    Limited(Option<Duration>),
    Final(ForgeError),
}

/// The texts of an error document that speak to people, however a forge nests them: GitHub's `message` and `errors`,
/// GitLab's `message` (a text, a list or an object) and `error`, Bitbucket's `error.message` and `errors[].message`.
fn words(body: &Value) -> Vec<String> {
    match body {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(words).collect(),
        Value::Object(fields) => {
            let spoken = ["message", "error", "errors", "error_description", "detail"];
            let known: Vec<String> = spoken.iter().filter_map(|name| fields.get(*name)).flat_map(words).collect();
            if !known.is_empty() {
                return known;
            }
            let named = |(name, value): (&String, &Value)| {
                let texts = words(value);
                (!texts.is_empty()).then(|| format!("{name}: {}", texts.join(", ")))
            };
            fields.iter().filter_map(named).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unencrypted_server_gets_no_token() {
        for base in ["http://forge.example.com/api", "ftp://forge.example.com", "https://", "forge.example.com"] {
            assert!(
                matches!(Client::new(base, None, &[], Settings::default()), Err(ForgeError::Impossible { .. })),
                "{base}"
            );
        }
        assert!(Client::new("http://127.0.0.1:1/api", None, &[], Settings::default()).is_ok());
    }

    #[test]
    fn what_a_server_says_is_found_in_every_form() {
        let cases = [
            (
                json!({"message": "Validation Failed", "errors": [{"resource": "PullRequest", "message": "exists"}]}),
                "Validation Failed; exists",
            ),
            (json!({"message": ["already exists: !3"]}), "already exists: !3"),
            (json!({"message": {"title": ["is too long"]}}), "title: is too long"),
            (json!({"type": "error", "error": {"message": "no", "detail": "why"}}), "no; why"),
            (json!({"errors": [{"context": null, "message": "no", "exceptionName": "x"}]}), "no"),
            (json!({"$id": "1", "message": "TF401179: exists", "errorCode": 0}), "TF401179: exists"),
            (json!(7), ""),
        ];
        for (body, expected) in cases {
            assert_eq!(words(&body).join("; "), expected);
        }
    }
}

//! One request and its answer, through the HTTP library.

use std::io;

use ureq::{Agent, config::Config, http};

use super::{Headers, Method, Settings, tls};
use crate::forge::{ForgeError, Token};

/// The library, set up for one server.
pub(super) struct Exchange {
    agent: Agent,
    headers: Vec<(&'static str, String)>,
    largest_answer: u64,
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Raw {
    pub status: u16,
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl Exchange {
    /// Proxies come from the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), but there is none on the way to this
    /// machine. Redirects are not followed: the client decides where a token goes.
    pub(super) fn new(
        token: Option<&Token>,
        headers: &[(&'static str, &'static str)],
        encrypted: bool,
        loopback: bool,
        settings: &Settings,
    ) -> Result<Self, ForgeError> {
        let mut config = Config::builder()
            .http_status_as_error(false)
            .https_only(encrypted)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(settings.timeout))
            .user_agent(concat!("dfmigrate/", env!("CARGO_PKG_VERSION")));
        if loopback {
            config = config.proxy(None);
        }
        if encrypted {
            config = config.tls_config(tls::config(settings.authority.as_deref())?);
        }
        let own = token.map(|token| ("authorization", token.authorization()));
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(own).collect();
        Ok(Self { agent: config.build().new_agent(), headers, largest_answer: settings.largest_answer })
    }

    pub(super) fn run(
        &self,
        method: Method,
        address: &str,
        body: Option<&[u8]>,
        host: &str,
    ) -> Result<Raw, ForgeError> {
        let mut request = http::Request::builder().method(method.name()).uri(address);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let sent = match body {
            Some(body) => {
                request.header("content-type", "application/json").body(body).map(|request| self.agent.run(request))
            }
            None => request.body(()).map(|request| self.agent.run(request)),
        };
        let mut response = match sent {
            Ok(answer) => answer.map_err(|error| failure(&error, host))?,
            Err(error) => return Err(ForgeError::Impossible { reason: format!("`{host}` can't be asked: {error}") }),
        };
        let headers = response.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        let headers = Headers::new(headers);
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(self.largest_answer).read_to_vec();
        Ok(Raw { status, headers, body: body.map_err(|error| failure(&error, host))? })
    }
}

/// Sorts the library's errors by what is known about the request: whether it may have been carried out.
fn failure(error: &ureq::Error, host: &str) -> ForgeError {
    let (host, reason) = (host.to_owned(), error.to_string());
    match error {
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_) => ForgeError::Unreachable { host, reason },
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            ForgeError::Unreachable { host, reason }
        }
        ureq::Error::Io(error) if is_tls(error) => ForgeError::Tls { host, reason },
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => ForgeError::Tls { host, reason },
        ureq::Error::BodyExceedsLimit(limit) => {
            let reason = format!("it is larger than {limit} bytes");
            ForgeError::Unreadable { path: host, reason }
        }
        ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::Protocol(_) => {
            ForgeError::Interrupted { host, reason }
        }
        _ => ForgeError::Impossible { reason: format!("`{host}` can't be asked: {reason}") },
    }
}

/// Whether an error of a connection is one of the handshake, which the TLS library hands on inside of it.
fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

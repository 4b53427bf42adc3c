use std::{fmt, time::Duration};

/// Why a forge did not do what was asked.
///
/// Texts of a server in it are one line, without the token and without characters that a terminal obeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForgeError {
    /// No connection came about, so nothing was done.
    Unreachable {
        /// The host with its port, as it was asked for.
        host: String,
        /// What the network says.
        reason: String,
    },
    /// The connection ended or timed out after the request was sent: it may have been carried out.
    Interrupted {
        /// The host with its port.
        host: String,
        /// What the network says.
        reason: String,
    },
    /// The server's certificate is not trusted, or the handshake failed.
    Tls {
        /// The host with its port.
        host: String,
        /// What the TLS library says.
        reason: String,
    },
    /// 401: the token is missing, wrong or expired.
    Unauthorized {
        /// The host with its port.
        host: String,
        /// What the server says.
        message: String,
    },
    /// 403: the token may not do this.
    Forbidden {
        /// What the server says.
        message: String,
    },
    /// 404 or 410: there is no such thing, or the token may not see it.
    NotFound {
        /// The path that was asked for, without its query.
        path: String,
    },
    /// 409: it is there already, or was changed by somebody else.
    Conflict {
        /// What the server says.
        message: String,
    },
    /// 400, 422 and other refusals of what was sent.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the server says.
        message: String,
    },
    /// 429, or 403 with the marks of a rate limit, for longer than is worth waiting.
    RateLimited {
        /// The host with its port.
        host: String,
        /// How long the server wants to be left alone.
        wait: Duration,
    },
    /// 5xx, again and again.
    Failing {
        /// The HTTP status of the last answer.
        status: u16,
        /// What the server says.
        message: String,
    },
    /// The answer is not what the forge's documentation says, for example a page of a proxy.
    Unreadable {
        /// The path that was asked for, without its query.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server sends to another one. The token is not meant for that.
    Redirected {
        /// The host that was asked.
        host: String,
        /// The host that the answer names.
        to: String,
    },
    /// The request can't be made at all, for example because a token would go over an unencrypted connection.
    Impossible {
        /// One clause that says why.
        reason: String,
    },
}

impl ForgeError {
    /// Whether the request may have been carried out although it failed.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Interrupted { .. } | Self::Failing { .. } | Self::Unreadable { .. })
    }

    /// What a person can do about it: one sentence without a final period.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unauthorized { .. } => {
                "docs/pull-requests.md says where the token is read from and what it has to allow"
            }
            Self::Forbidden { .. } | Self::NotFound { .. } => {
                "the token may lack a permission: docs/pull-requests.md lists what each forge asks for"
            }
            Self::Tls { .. } => "name the certificate of your organisation's authority in `DFMIGRATE_CA_FILE`",
            Self::Redirected { .. } => "if the repository moved, set the new address with `git remote set-url`",
            Self::RateLimited { .. } => "run it again later: what is done stays done",
            _ => return None,
        })
    }
}

impl fmt::Display for ForgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { host, reason } => write!(f, "`{host}` can't be reached: {reason}"),
            Self::Interrupted { host, reason } => write!(f, "the connection to `{host}` broke: {reason}"),
            Self::Tls { host, reason } => write!(f, "no secure connection to `{host}`: {reason}"),
            Self::Unauthorized { host, message } => write!(f, "`{host}` does not accept the token{}", said(message)),
            Self::Forbidden { message } => write!(f, "the token may not do this{}", said(message)),
            Self::NotFound { path } => write!(f, "`{path}` was not found"),
            Self::Conflict { message } => write!(f, "it conflicts with what is there{}", said(message)),
            Self::Refused { status, message } => {
                write!(f, "the forge refused it with status {status}{}", said(message))
            }
            Self::RateLimited { host, wait } => {
                write!(f, "`{host}` limits requests and wants to be left alone for {} s", wait.as_secs())
            }
            Self::Failing { status, message } => write!(f, "the forge fails with status {status}{}", said(message)),
            Self::Unreadable { path, reason } => write!(f, "the answer for `{path}` can't be read: {reason}"),
            Self::Redirected { host, to } => {
                write!(f, "`{host}` redirects to `{to}`, for which the token is not meant")
            }
            Self::Impossible { reason } => f.write_str(reason),
        }
    }
}

impl std::error::Error for ForgeError {}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

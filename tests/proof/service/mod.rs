//! The private services that a proof build needs: an npm registry, a PyPI index, a git server, an apt repository and a file
//! server, on loopback, as plain HTTP and again behind TLS, and the same git repository over ssh. Every path answers 401 without
//! a credential and 404 with a wrong one; the server over ssh lets one key in.

mod apt;
mod authority;
mod git;
mod http;
mod listener;
mod npm;
mod pypi;
mod ssh;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

use crate::canary::{Canary, base64};
use crate::key::Key;
use authority::Authority;
use http::{Request, Response};
use listener::{Listener, Socket};

/// The running services; they end when this is dropped.
pub struct Service {
    plain: SocketAddr,
    encrypted: SocketAddr,
    certificate: String,
    shelf: Arc<Shelf>,
    ssh: Option<ssh::Server>,
    _listeners: [Listener; 2],
}

/// What the services give out, and to whom.
struct Shelf {
    /// The first path segment of every URL: unlike for every run, so that no step of an earlier build is found in the cache.
    nonce: String,
    base: String,
    credentials: Vec<String>,
    repository: git::Repository,
    given: Arc<AtomicUsize>,
}

impl Service {
    /// Starts services that give their content to holders of `canary` only.
    pub fn start(canary: &Canary, nonce: &str) -> Result<Self> {
        let (plain, encrypted, authority) = (Socket::bind()?, Socket::bind()?, Authority::create()?);
        let addresses = (plain.address()?, encrypted.address()?);
        let repository = git::Repository::create()?;
        let given = Arc::new(AtomicUsize::new(0));
        let gate = |key: &Key| ssh::Gate {
            key: key.public().clone(),
            path: format!("/{nonce}/private-widget.git"),
            folder: repository.folder().to_owned(),
            given: Arc::clone(&given),
        };
        let ssh = canary.key().map(|key| ssh::Server::start(gate(key))).transpose()?;
        let shelf = Arc::new(Shelf {
            nonce: nonce.to_owned(),
            base: format!("http://{}/{nonce}", addresses.0),
            credentials: credentials(canary),
            repository,
            given,
        });
        let listeners = [plain.serve(&shelf, None)?, encrypted.serve(&shelf, Some(authority.encryption))?];
        let (plain, encrypted) = addresses;
        Ok(Self { plain, encrypted, certificate: authority.certificate, shelf, ssh, _listeners: listeners })
    }

    /// Host, port and first path segment, e.g. `127.0.0.1:40123/k3j1`; below are `/npm`, `/pypi`, `/git`, `/apt` and `/files`.
    pub fn location(&self) -> String {
        format!("{}/{}", self.plain, self.shelf.nonce)
    }

    /// The same behind TLS, where git is answered in its smart form.
    pub fn encrypted_location(&self) -> String {
        format!("{}/{}", self.encrypted, self.shelf.nonce)
    }

    /// The certificate to trust there, as PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Address and first path segment of the git server over ssh, for `ssh://git@ADDRESS/PATH/private-widget.git`. It lets
    /// the key of the canary in and nobody else.
    pub fn ssh_location(&self) -> (SocketAddr, String) {
        let address = self.ssh.as_ref().map_or(self.plain, ssh::Server::address);
        (address, self.shelf.nonce.clone())
    }

    /// How many requests were answered with private content so far.
    pub fn given(&self) -> usize {
        self.shelf.given.load(Ordering::SeqCst)
    }
}

/// Every value of the `Authorization` header (or of a token header) that opens the service.
fn credentials(canary: &Canary) -> Vec<String> {
    let value = canary.value();
    let basic = |user: &str| format!("Basic {}", base64(format!("{user}:{value}").as_bytes()));
    let mut accepted = vec![format!("Bearer {value}"), format!("token {value}"), value.to_owned()];
    accepted.extend(["build", "x-access-token", "oauth2", "__token__"].map(basic));
    accepted
}

impl Shelf {
    fn response(&self, request: &Request) -> Response {
        let Some(credential) = request.credential() else { return Response::unauthorized() };
        let path = request.path.strip_prefix(&format!("/{}/", self.nonce)).filter(|_| self.opens(credential));
        let found = path.and_then(|path| self.content(path, request));
        if found.is_some() {
            self.given.fetch_add(1, Ordering::SeqCst);
        }
        found.unwrap_or_else(Response::not_found)
    }

    fn opens(&self, credential: &str) -> bool {
        self.credentials.iter().any(|accepted| accepted == credential)
    }

    fn content(&self, path: &str, request: &Request) -> Option<Response> {
        match path.split_once('/')? {
            ("npm", name) => npm::content(name, &format!("{}/npm", self.base)),
            ("pypi", name) => pypi::content(name),
            ("apt", name) => apt::content(name),
            ("git", name) => self.repository.content(name),
            ("code", name) => self.repository.converse(name, request),
            ("files", "widget.txt") => Some(Response::found("text/plain", b"private widget\n".to_vec())),
            _ => None,
        }
    }
}

//! The private services that a proof build needs: an npm registry, a PyPI index, a git server and a file server in one
//! HTTP listener on loopback, and the same git repository over ssh. Every path answers 401 without a credential and 404 with
//! a wrong one; the server over ssh lets one key in.

mod git;
mod http;
mod npm;
mod pypi;
mod ssh;

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;

use crate::canary::{Canary, base64};
use crate::key::Key;
use http::{Request, Response};

/// A client that says nothing for this long loses its connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running service; it ends when this is dropped.
pub struct Service {
    address: SocketAddr,
    shelf: Arc<Shelf>,
    ends: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
    ssh: Option<ssh::Server>,
}

/// What the service gives out, and to whom.
struct Shelf {
    /// The first path segment of every URL: unlike for every run, so that no step of an earlier build is found in the cache.
    nonce: String,
    base: String,
    credentials: Vec<String>,
    repository: git::Repository,
    given: Arc<AtomicUsize>,
}

impl Service {
    /// Starts a service that gives its content to holders of `canary` only.
    pub fn start(canary: &Canary, nonce: &str) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
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
            base: format!("http://{address}/{nonce}"),
            credentials: credentials(canary),
            repository,
            given,
        });
        let ends = Arc::new(AtomicBool::new(false));
        let (shared, ended) = (Arc::clone(&shelf), Arc::clone(&ends));
        let listener = thread::spawn(move || serve(&listener, &shared, &ended));
        Ok(Self { address, shelf, ends, listener: Some(listener), ssh })
    }

    /// Host, port and first path segment, e.g. `127.0.0.1:40123/k3j1`; the four services are `/npm`, `/pypi`, `/git` and `/files` below.
    pub fn location(&self) -> String {
        format!("{}/{}", self.address, self.shelf.nonce)
    }

    /// Address and first path segment of the git server over ssh, for `ssh://git@ADDRESS/PATH/private-widget.git`. It lets
    /// the key of the canary in and nobody else.
    pub fn ssh_location(&self) -> (SocketAddr, String) {
        let address = self.ssh.as_ref().map_or(self.address, ssh::Server::address);
        (address, self.shelf.nonce.clone())
    }

    /// How many requests were answered with private content so far.
    pub fn given(&self) -> usize {
        self.shelf.given.load(Ordering::SeqCst)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // The listener sleeps in accept(): a last connection lets it see the flag.
        let _ = TcpStream::connect(self.address).map(|stream| stream.shutdown(Shutdown::Both));
        let _ = self.listener.take().map(JoinHandle::join);
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

fn serve(listener: &TcpListener, shelf: &Arc<Shelf>, ends: &AtomicBool) {
    for stream in listener.incoming() {
        if ends.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shelf = Arc::clone(shelf);
        thread::spawn(move || answer(stream, &shelf));
    }
}

fn answer(mut stream: TcpStream, shelf: &Shelf) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.set_write_timeout(Some(PATIENCE));
    let Some(request) = Request::read(&mut stream) else { return };
    // A client that hangs up early has its reasons; the build says what went wrong.
    let _ = shelf.response(&request).write(&mut stream, request.method == "HEAD");
}

impl Shelf {
    fn response(&self, request: &Request) -> Response {
        let Some(credential) = request.credential() else { return Response::unauthorized() };
        let path = request.path.strip_prefix(&format!("/{}/", self.nonce)).filter(|_| self.opens(credential));
        let found = path.and_then(|path| self.content(path));
        if found.is_some() {
            self.given.fetch_add(1, Ordering::SeqCst);
        }
        found.unwrap_or_else(Response::not_found)
    }

    fn opens(&self, credential: &str) -> bool {
        self.credentials.iter().any(|accepted| accepted == credential)
    }

    fn content(&self, path: &str) -> Option<Response> {
        match path.split_once('/')? {
            ("npm", name) => npm::content(name, &format!("{}/npm", self.base)),
            ("pypi", name) => pypi::content(name),
            ("git", name) => self.repository.content(name),
            ("files", "widget.txt") => Some(Response::found("text/plain", b"private widget\n".to_vec())),
            _ => None,
        }
    }
}

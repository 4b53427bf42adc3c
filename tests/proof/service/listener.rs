//! A socket on loopback whose connections are answered one thread each.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::Shelf;
use super::http::Request;

/// A client that says nothing for this long loses its connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// A bound socket that nobody answers yet: its address is known before what is served there is.
pub struct Socket(TcpListener);

/// A socket with the thread that answers it; both end when this is dropped.
pub struct Listener {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Socket {
    /// A free port of loopback.
    pub fn bind() -> Result<Self> {
        Ok(Self(TcpListener::bind(("127.0.0.1", 0))?))
    }

    /// The port, with the address of loopback.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_addr()?)
    }

    /// Answers with what stands on `shelf`, through TLS where there is a configuration for it.
    pub fn serve(self, shelf: &Arc<Shelf>, encryption: Option<Arc<ServerConfig>>) -> Result<Listener> {
        let (address, ends) = (self.address()?, Arc::new(AtomicBool::new(false)));
        let (shelf, ended) = (Arc::clone(shelf), Arc::clone(&ends));
        let thread = thread::spawn(move || accept(&self.0, &shelf, encryption.as_ref(), &ended));
        Ok(Listener { address, ends, thread: Some(thread) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // The thread sleeps in accept(): a last connection lets it see the flag.
        let _ = TcpStream::connect(self.address).map(|stream| stream.shutdown(Shutdown::Both));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn accept(socket: &TcpListener, shelf: &Arc<Shelf>, encryption: Option<&Arc<ServerConfig>>, ends: &AtomicBool) {
    for stream in socket.incoming() {
        if ends.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let (shelf, encryption) = (Arc::clone(shelf), encryption.map(Arc::clone));
        thread::spawn(move || converse(stream, &shelf, encryption));
    }
}

fn converse(mut stream: TcpStream, shelf: &Shelf, encryption: Option<Arc<ServerConfig>>) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.set_write_timeout(Some(PATIENCE));
    let Some(encryption) = encryption else { return answer(&mut stream, shelf) };
    let Ok(connection) = ServerConnection::new(encryption) else { return };
    let mut stream = StreamOwned::new(connection, stream);
    answer(&mut stream, shelf);
    // Without it a client can't tell the end of the answer from an attack.
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

fn answer(stream: &mut (impl Read + Write), shelf: &Shelf) {
    let Some(request) = Request::read(stream) else { return };
    // A client that hangs up early has its reasons; the build says what went wrong.
    let _ = shelf.response(&request).write(stream, request.method == "HEAD");
}

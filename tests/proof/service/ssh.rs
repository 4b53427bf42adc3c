//! A git server over ssh with the repository of [`super::git`]: it lets one key in, and answers one command.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use russh::keys::PublicKey;
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey, run_stream};
use russh::{Channel, ChannelId};
use tokio::io::{AsyncWriteExt, copy, split};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::key::Key;

/// A running server; it ends when this is dropped.
pub struct Server {
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Who is let in, and what there is to fetch.
pub struct Gate {
    pub key: PublicKey,
    /// The path of the repository as clients name it.
    pub path: String,
    /// The bare repository.
    pub folder: PathBuf,
    /// How often it was given out.
    pub given: Arc<AtomicUsize>,
}

impl Server {
    /// Starts a server on loopback with a host key of its own.
    pub fn start(gate: Gate) -> Result<Self> {
        let keys = vec![Key::generate()?.private().clone()];
        let config = Arc::new(Config { keys, ..Config::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        let (end, ended) = oneshot::channel();
        let gate = Arc::new(gate);
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(&listener, &config, &gate) => {}
                    _ = ended => {}
                }
            });
        });
        Ok(Self { address, end: Some(end), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.end.take().map(|end| end.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn accept(listener: &TcpListener, config: &Arc<Config>, gate: &Arc<Gate>) {
    while let Ok((stream, _)) = listener.accept().await {
        let client = Client { gate: Arc::clone(gate), channels: HashMap::new() };
        let config = Arc::clone(config);
        tokio::spawn(async move {
            // A client that is refused or hangs up has its reasons; the build says what went wrong.
            if let Ok(session) = run_stream(config, stream, client).await {
                let _ = session.await;
            }
        });
    }
}

struct Client {
    gate: Arc<Gate>,
    channels: HashMap<ChannelId, Channel<Msg>>,
}

impl Handler for Client {
    type Error = anyhow::Error;

    async fn auth_publickey(&mut self, _user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth> {
        let known = key.public_key.key_data() == self.gate.key.key_data();
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<()> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(&mut self, id: ChannelId, command: &[u8], session: &mut Session) -> Result<()> {
        let wanted = format!("git-upload-pack '{}'", self.gate.path);
        let channel = self.channels.remove(&id).filter(|_| command == wanted.as_bytes());
        let Some(channel) = channel else { return Ok(session.channel_failure(id)?) };
        session.channel_success(id)?;
        let (handle, gate) = (session.handle(), Arc::clone(&self.gate));
        tokio::spawn(async move {
            let status = give_out(channel, &gate).await.unwrap_or(1);
            let _ = handle.exit_status_request(id, status).await;
            let _ = handle.eof(id).await;
            let _ = handle.close(id).await;
        });
        Ok(())
    }
}

/// Lets `git upload-pack` talk to the client. Returns its exit status.
async fn give_out(channel: Channel<Msg>, gate: &Gate) -> Result<u32> {
    let mut program = tokio::process::Command::new("git");
    program.arg("upload-pack").arg(&gate.folder).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = program.spawn().context("cannot start git")?;
    let mut input = child.stdin.take().context("git has no input")?;
    let mut output = child.stdout.take().context("git has no output")?;
    let (mut from_client, mut to_client) = split(channel.into_stream());
    let upward = tokio::spawn(async move {
        let _ = copy(&mut from_client, &mut input).await;
        let _ = input.shutdown().await;
    });
    copy(&mut output, &mut to_client).await?;
    upward.abort();
    gate.given.fetch_add(1, Ordering::SeqCst);
    Ok(child.wait().await?.code().and_then(|code| u32::try_from(code).ok()).unwrap_or(1))
}

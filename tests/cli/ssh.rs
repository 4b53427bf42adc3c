//! A git server over ssh on this machine: it lets one key in, and runs what git asks for in one directory.
#![cfg(unix)]

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    thread::{self, JoinHandle},
};

use russh::{
    Channel, ChannelId,
    keys::{PublicKey, load_secret_key},
    server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey, run_stream},
};
use tokio::{
    io::{AsyncWriteExt as _, copy, split},
    net::TcpListener,
    sync::oneshot,
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A running server; it ends with this value.
pub struct Server {
    pub port: u16,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves the bare repositories in `root` to who has the key in the file `key`, with the host key in the file `host`.
    pub fn start(root: &Path, key: &Path, host: &Path) -> Self {
        let keys = vec![load_secret_key(host, None).unwrap()];
        let config = Arc::new(Config { keys, ..Config::default() });
        let gate = Arc::new((root.to_owned(), load_secret_key(key, None).unwrap().public_key().clone()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (end, ended) = oneshot::channel();
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(&listener, &config, &gate) => {}
                    _ = ended => {}
                }
            });
        });
        Self { port, end: Some(end), thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.end.take().map(|end| end.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

type Gate = (PathBuf, PublicKey);

async fn accept(listener: &TcpListener, config: &Arc<Config>, gate: &Arc<Gate>) {
    while let Ok((stream, _)) = listener.accept().await {
        let client = Client { gate: Arc::clone(gate), channels: HashMap::new() };
        let config = Arc::clone(config);
        tokio::spawn(async move {
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
    type Error = Box<dyn std::error::Error + Send + Sync>;

    async fn auth_publickey(&mut self, _user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth> {
        let known = key.public_key.key_data() == self.gate.1.key_data();
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
        let command = String::from_utf8_lossy(command).into_owned();
        // `git-receive-pack '/path'` (gitprotocol-pack, "SSH Transport").
        let wanted =
            command.split_once(' ').map(|(service, path)| (service.to_owned(), path.trim_matches('\'').to_owned()));
        let wanted = wanted.filter(|(service, path)| {
            matches!(service.as_str(), "git-receive-pack" | "git-upload-pack")
                && Path::new(path).starts_with(&self.gate.0)
        });
        let Some((channel, (service, path))) = self.channels.remove(&id).zip(wanted) else {
            return Ok(session.channel_failure(id)?);
        };
        session.channel_success(id)?;
        let handle = session.handle();
        tokio::spawn(async move {
            let status = serve(channel, &service, &path).await.unwrap_or(1);
            let _ = handle.exit_status_request(id, status).await;
            let _ = handle.eof(id).await;
            let _ = handle.close(id).await;
        });
        Ok(())
    }
}

/// Lets git talk to the client. Returns its exit status.
async fn serve(channel: Channel<Msg>, service: &str, path: &str) -> Result<u32> {
    let mut program = tokio::process::Command::new("git");
    program.args([service.trim_start_matches("git-"), path]).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let (mut input, mut output) = (child.stdin.take().ok_or("no input")?, child.stdout.take().ok_or("no output")?);
    let (mut from_client, mut to_client) = split(channel.into_stream());
    let upward = tokio::spawn(async move {
        let _ = copy(&mut from_client, &mut input).await;
        let _ = input.shutdown().await;
    });
    copy(&mut output, &mut to_client).await?;
    upward.abort();
    Ok(child.wait().await?.code().and_then(|code| u32::try_from(code).ok()).unwrap_or(1))
}

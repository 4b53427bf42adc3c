//! The session: what the client says, in its order.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{self, Notification as _};
use lsp_types::request::{self, Request as _};
use lsp_types::{
    ClientCapabilities, CodeAction, CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability,
    Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, HoverParams,
    HoverProviderCapability, InitializeParams, LogMessageParams, MessageType, PublishDiagnosticsParams,
    ResourceOperationKind, ServerCapabilities, TextDocumentContentChangeEvent, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::answers::{Answers, FIX_ALL, Manner, path, uri};
use super::position::{Encoding, Lines};
use super::workspace::{Open, Workspace};
use super::{Options, ServeError};
use crate::repository;

/// How long at least nothing has to be typed before fixes are tried, and before the disk is read again.
const QUIET: Duration = Duration::from_millis(120);

pub(super) struct Server<'c> {
    connection: &'c Connection,
    options: Options,
    manner: Manner,
    watches: bool,
    open: BTreeMap<Utf8PathBuf, Open>,
    workspaces: Vec<Workspace>,
    /// What was told of files, by their absolute paths.
    shown: BTreeMap<String, Vec<Diagnostic>>,
    /// Whether something was typed or changed since findings were looked for.
    stale: bool,
    /// Whether something was typed or changed since their fixes were tried.
    untried: bool,
    /// Whether files changed on the disk since it was read.
    disk_changed: bool,
    /// How long it took to try the fixes the last time. As nothing is answered meanwhile, nobody is made to wait before as much
    /// time has passed without an edit.
    trying: Duration,
}

impl<'c> Server<'c> {
    /// Shakes hands.
    pub(super) fn start(connection: &'c Connection, options: Options) -> Result<Self, ServeError> {
        let (id, params) = connection.initialize_start()?;
        let params: InitializeParams = serde_json::from_value(params)?;
        let manner = manner(&params.capabilities);
        let answer = json!({
            "capabilities": abilities(manner.encoding),
            "serverInfo": { "name": "dfmigrate", "version": env!("CARGO_PKG_VERSION") },
        });
        connection.initialize_finish(id, answer)?;
        let watched = params.capabilities.workspace.as_ref().and_then(|it| it.did_change_watched_files.as_ref());
        let mut server = Self {
            connection,
            options,
            manner,
            watches: watched.and_then(|it| it.dynamic_registration).unwrap_or(false),
            open: BTreeMap::new(),
            workspaces: Vec::new(),
            shown: BTreeMap::new(),
            stale: true,
            untried: true,
            disk_changed: true,
            trying: Duration::ZERO,
        };
        for folder in folders(&params) {
            server.enter(&folder);
        }
        server.watch();
        Ok(server)
    }

    pub(super) fn run(mut self) -> Result<(), ServeError> {
        loop {
            let patience = match (self.stale, self.disk_changed, self.untried) {
                (true, false, _) => Some(Duration::ZERO),
                (true, true, _) => Some(QUIET),
                (false, _, true) => Some(QUIET.max(self.trying)),
                (false, _, false) => None,
            };
            let message = match patience {
                Some(patience) => self.connection.receiver.recv_timeout(patience).map_err(|error| error.is_timeout()),
                None => self.connection.receiver.recv().map_err(|_| false),
            };
            match message {
                Ok(Message::Request(request)) => {
                    if self.connection.handle_shutdown(&request)? {
                        return Ok(());
                    }
                    self.refresh(true);
                    let answer = self.answer(request);
                    self.send(answer);
                }
                Ok(Message::Notification(notification)) => self.take(notification),
                Ok(Message::Response(_)) => {}
                // What is found is told as soon as nothing more was typed, what became of the fixes when somebody pauses.
                Err(true) => self.refresh(!self.stale || self.disk_changed),
                // The client is gone.
                Err(false) => return Ok(()),
            }
        }
    }

    fn send(&self, message: impl Into<Message>) {
        // A client that is gone is noticed at the next message.
        let _ = self.connection.sender.send(message.into());
    }

    fn notify(&self, method: &str, params: impl Serialize) {
        let params = serde_json::to_value(params).unwrap_or(Value::Null);
        self.send(Notification { method: method.to_owned(), params });
    }

    /// Asks to be told of changes on the disk, such as a branch that is switched to.
    fn watch(&self) {
        if self.watches {
            let options = json!({ "watchers": [{ "globPattern": "**/*" }] });
            let method = notification::DidChangeWatchedFiles::METHOD;
            let params = json!({ "registrations": [{ "id": "files", "method": method, "registerOptions": options }] });
            let id = "files".to_owned().into();
            self.send(Request { id, method: request::RegisterCapability::METHOD.to_owned(), params });
        }
    }

    /// Makes the repository of a file or folder one of the workspaces.
    fn enter(&mut self, path: &Utf8Path) {
        let Ok(roots) = repository::discover(&[path.to_owned()]) else { return };
        for root in roots {
            match self.workspaces.iter_mut().find(|known| known.path() == root.path) {
                Some(known) => known.include(path),
                None => {
                    let selection = if path.is_dir() { root.selection } else { Vec::new() };
                    self.workspaces.push(Workspace::new(repository::Root { path: root.path, selection }));
                }
            }
        }
        (self.stale, self.disk_changed) = (true, true);
    }

    fn take(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            notification::DidOpenTextDocument::METHOD => self.with(params, Self::opened),
            notification::DidChangeTextDocument::METHOD => self.with(params, Self::changed),
            notification::DidCloseTextDocument::METHOD => self.with(params, Self::closed),
            notification::DidSaveTextDocument::METHOD | notification::DidChangeWatchedFiles::METHOD => {
                (self.stale, self.disk_changed) = (true, true);
            }
            _ => {}
        }
    }

    /// A notification that can't be read is told and passed over: nobody waits for an answer.
    fn with<P: DeserializeOwned>(&mut self, params: Value, act: fn(&mut Self, P)) {
        match serde_json::from_value(params) {
            Ok(params) => act(self, params),
            Err(error) => self.log(MessageType::ERROR, format!("a notification can't be understood: {error}")),
        }
    }

    fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        if let Some(path) = canonical(&document.uri) {
            self.enter(&path);
            self.open.insert(path, Open { version: document.version, text: document.text });
        }
    }

    fn changed(&mut self, params: DidChangeTextDocumentParams) {
        let encoding = self.manner.encoding;
        let Some(path) = canonical(&params.text_document.uri) else { return };
        let Some(open) = self.open.get_mut(&path) else { return };
        open.version = params.text_document.version;
        params.content_changes.into_iter().for_each(|change| edit(&mut open.text, change, encoding));
        self.stale = true;
    }

    fn closed(&mut self, params: DidCloseTextDocumentParams) {
        if let Some(path) = canonical(&params.text_document.uri) {
            self.open.remove(&path);
        }
        self.stale = true;
    }

    /// Looks again if something changed, and publishes what differs. Only a `careful` look tries the fixes.
    fn refresh(&mut self, careful: bool) {
        let due = std::mem::take(&mut self.stale) || (careful && self.untried);
        if !due {
            return;
        }
        self.untried = !careful;
        let read = std::mem::take(&mut self.disk_changed);
        let start = Instant::now();
        for workspace in &mut self.workspaces {
            if read {
                workspace.read(&self.options);
            }
            workspace.look(&self.open, &self.options, careful);
        }
        for error in self.workspaces.iter().filter(|_| read).filter_map(|workspace| workspace.error.as_ref()) {
            self.log(MessageType::WARNING, error.to_string());
        }
        if careful && !read {
            self.trying = start.elapsed();
        }
        self.publish(careful);
    }

    /// Tells what differs from what was told: of all files after a `careful` look, otherwise of the open ones.
    fn publish(&mut self, careful: bool) {
        let is_told = |path: &String| careful || self.open.contains_key(Utf8Path::new(path));
        let mut now: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        for workspace in &self.workspaces {
            now.extend(self.answers(workspace).diagnostics());
        }
        now.retain(|path, _| is_told(path));
        let gone = self.shown.keys().filter(|path| is_told(path) && !now.contains_key(*path));
        let gone = gone.map(|path| (path.clone(), Vec::new()));
        let fresh = now.iter().filter(|(path, list)| self.shown.get(*path) != Some(*list));
        let changed: Vec<_> = gone.chain(fresh.map(|(path, list)| (path.clone(), list.clone()))).collect();
        for (path, diagnostics) in changed {
            self.shown.remove(&path);
            let path = Utf8Path::new(&path);
            let Some(uri) = uri(path) else { continue };
            let version = self.open.get(path).map(|open| open.version);
            let params = PublishDiagnosticsParams { uri, diagnostics, version };
            self.notify(notification::PublishDiagnostics::METHOD, params);
        }
        self.shown.extend(now);
    }

    fn answers<'s>(&'s self, workspace: &'s Workspace) -> Answers<'s> {
        Answers::new(workspace, &self.open, self.manner)
    }

    fn answer(&self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let result = match method.as_str() {
            request::CodeActionRequest::METHOD => asked(params, |params: CodeActionParams| {
                let Some(path) = canonical(&params.text_document.uri) else { return json!([]) };
                serde_json::to_value(self.actions(&path, &params)).unwrap_or_default()
            }),
            request::HoverRequest::METHOD => asked(params, |params: HoverParams| {
                let at = params.text_document_position_params;
                let Some(path) = canonical(&at.text_document.uri) else { return Value::Null };
                let page = self.workspaces.iter().find_map(|it| self.answers(it).page(&path, at.position));
                serde_json::to_value(page).unwrap_or_default()
            }),
            _ => {
                let message = format!("there is no `{method}` here");
                return Response::new_err(id, ErrorCode::MethodNotFound as i32, message);
            }
        };
        match result {
            Ok(value) => Response::new_ok(id, value),
            Err(error) => Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()),
        }
    }

    /// The actions of the kinds that are asked for. Without kinds those for a place are: editors have the others in a menu or
    /// make them when a file is saved, and then they ask for them.
    fn actions(&self, path: &Utf8Path, params: &CodeActionParams) -> Vec<CodeAction> {
        let only = params.context.only.as_deref();
        let wants = |kind: &CodeActionKind| {
            let within =
                |wanted: &CodeActionKind| format!("{}.", kind.as_str()).starts_with(&format!("{}.", wanted.as_str()));
            only.is_some_and(|only| only.iter().any(within))
        };
        let mut actions = Vec::new();
        for workspace in &self.workspaces {
            let answers = self.answers(workspace);
            if only.is_none() || wants(&CodeActionKind::QUICKFIX) {
                actions.extend(answers.actions(path, params.range));
            }
            if wants(&FIX_ALL) {
                actions.extend(answers.all_safe(path));
            }
        }
        actions
    }

    fn log(&self, kind: MessageType, message: String) {
        let message = crate::report::shown::line(&message);
        self.notify(notification::LogMessage::METHOD, LogMessageParams { typ: kind, message });
    }
}

fn asked<P: DeserializeOwned>(params: Value, answer: impl FnOnce(P) -> Value) -> serde_json::Result<Value> {
    serde_json::from_value(params).map(answer)
}

/// The file at an address without symbolic links, as roots are. One that is not on the disk is where its folder is.
fn canonical(uri: &lsp_types::Uri) -> Option<Utf8PathBuf> {
    let path = path(uri)?;
    let folder = || Some(path.parent()?.canonicalize_utf8().ok()?.join(path.file_name()?));
    path.canonicalize_utf8().ok().or_else(folder)
}

fn edit(text: &mut String, change: TextDocumentContentChangeEvent, encoding: Encoding) {
    match change.range {
        None => *text = change.text,
        Some(range) => {
            let lines = Lines::new(text, encoding);
            let (start, end) = (lines.offset(range.start), lines.offset(range.end));
            text.replace_range(start..end.max(start), &change.text);
        }
    }
}

fn folders(params: &InitializeParams) -> Vec<Utf8PathBuf> {
    let named = params.workspace_folders.iter().flatten().filter_map(|folder| path(&folder.uri));
    let named: Vec<_> = named.collect();
    #[expect(deprecated, reason = "what clients without workspace folders send")]
    let root = params.root_uri.as_ref().and_then(path);
    if named.is_empty() { root.into_iter().collect() } else { named }
}

fn manner(client: &ClientCapabilities) -> Manner {
    let edit = client.workspace.as_ref().and_then(|workspace| workspace.workspace_edit.as_ref());
    let operations = edit.and_then(|edit| edit.resource_operations.as_ref());
    Manner {
        encoding: Encoding::of(client),
        versions: edit.and_then(|edit| edit.document_changes).unwrap_or(false),
        makes_files: operations.is_some_and(|kinds| kinds.contains(&ResourceOperationKind::Create)),
    }
}

fn abilities(encoding: Encoding) -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        save: Some(TextDocumentSyncSaveOptions::Supported(true)),
        ..TextDocumentSyncOptions::default()
    };
    let kinds = vec![CodeActionKind::QUICKFIX, FIX_ALL];
    let actions = CodeActionOptions { code_action_kinds: Some(kinds), ..Default::default() };
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        code_action_provider: Some(CodeActionProviderCapability::Options(actions)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        ..ServerCapabilities::default()
    }
}

//! A language client that speaks to the built program over its pipes.

use std::{
    io::{BufReader, BufWriter},
    process::{Child, ChildStdin, Stdio},
    sync::mpsc,
    time::Duration,
};

use lsp_server::{Message, Notification, Request};
use serde_json::{Value, json};

use crate::scratch::Scratch;

/// How long an answer may take on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Client<'s> {
    pub scratch: &'s Scratch,
    server: Child,
    input: BufWriter<ChildStdin>,
    messages: mpsc::Receiver<Message>,
    last: i32,
    /// What the server said of itself.
    pub abilities: Value,
}

impl<'s> Client<'s> {
    /// Starts a session in the folder of `scratch`.
    pub fn start(scratch: &'s Scratch, capabilities: Value) -> Self {
        let mut command = scratch.command(&["lsp"]);
        let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = BufWriter::new(server.stdin.take().unwrap());
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let (sender, messages) = mpsc::channel();
        std::thread::spawn(move || {
            while let Ok(Some(message)) = Message::read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut client = Self { scratch, server, input, messages, last: 0, abilities: Value::Null };
        let folders = json!([{ "uri": client.uri(""), "name": "scratch" }]);
        let params =
            json!({ "processId": null, "rootUri": null, "capabilities": capabilities, "workspaceFolders": folders });
        let answer = client.ask("initialize", params);
        client.abilities = answer["capabilities"].clone();
        client.tell("initialized", json!({}));
        client
    }

    /// The address of a file.
    pub fn uri(&self, path: &str) -> String {
        let root = self.scratch.root().canonicalize().unwrap();
        let path = if path.is_empty() { root } else { root.join(path) };
        url::Url::from_file_path(path).unwrap().to_string()
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        Message::from(Notification { method: method.to_owned(), params }).write(&mut self.input).unwrap();
    }

    /// Asks, and gives the result. Notifications that come before it are passed over.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let request = Request { id: self.last.into(), method: method.to_owned(), params };
        Message::from(request).write(&mut self.input).unwrap();
        loop {
            if let Message::Response(response) = self.next() {
                assert_eq!(response.id, self.last.into());
                return response.response_result.unwrap_or_else(|error| panic!("{error:?}"));
            }
        }
    }

    fn next(&self) -> Message {
        self.messages.recv_timeout(PATIENCE).unwrap()
    }

    /// The next diagnostics of a file.
    pub fn diagnostics(&self, path: &str) -> Vec<Value> {
        let uri = self.uri(path);
        loop {
            match self.next() {
                Message::Notification(Notification { method, params })
                    if method == "textDocument/publishDiagnostics" && params["uri"] == uri.as_str() =>
                {
                    return params["diagnostics"].as_array().unwrap().clone();
                }
                _ => {}
            }
        }
    }

    pub fn open(&mut self, path: &str, version: i32, text: &str) {
        let document = json!({ "uri": self.uri(path), "languageId": "", "version": version, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Types `text` at a place, which is from line and character to line and character.
    pub fn edit(&mut self, path: &str, version: i32, [line, from, to_line, to]: [u32; 4], text: &str) {
        let range =
            json!({ "start": { "line": line, "character": from }, "end": { "line": to_line, "character": to } });
        let document = json!({ "uri": self.uri(path), "version": version });
        let changes = json!([{ "range": range, "text": text }]);
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// The code actions at a place.
    pub fn actions(&mut self, path: &str, line: u32, character: u32) -> Vec<Value> {
        let at = json!({ "line": line, "character": character });
        let document = json!({ "uri": self.uri(path) });
        let range = json!({ "start": at, "end": at });
        let params = json!({ "textDocument": document, "range": range, "context": { "diagnostics": [] } });
        self.ask("textDocument/codeAction", params).as_array().unwrap().clone()
    }

    /// The code actions of one kind for a whole file.
    pub fn actions_of(&mut self, path: &str, kind: &str) -> Vec<Value> {
        let document = json!({ "uri": self.uri(path) });
        let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9999, "character": 0 } });
        let context = json!({ "diagnostics": [], "only": [kind] });
        let params = json!({ "textDocument": document, "range": range, "context": context });
        self.ask("textDocument/codeAction", params).as_array().unwrap().clone()
    }

    /// Ends the session as the protocol has it, and gives the exit status.
    pub fn end(mut self) -> i32 {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.server.wait().unwrap().code().unwrap()
    }
}

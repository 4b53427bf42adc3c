//! Sessions of a language client with the built program.

use serde_json::{Value, json};

use crate::client::Client;
use crate::scratch::{DOCKERFILE, SCRIPT, Scratch};

fn modern() -> Value {
    json!({ "workspace": { "workspaceEdit": { "documentChanges": true, "resourceOperations": ["create"] } } })
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|one| one["code"].as_str().unwrap_or("none")).collect()
}

/// The text of a file after the edits of a code action, with UTF-16 positions.
fn edited(text: &str, edits: &[Value]) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let offset = |position: &Value| {
        let (line, character) = (position["line"].as_u64().unwrap(), position["character"].as_u64().unwrap());
        let before: usize = lines.iter().take(line as usize).map(|line| line.len()).sum();
        let units: Vec<u16> = lines.get(line as usize).copied().unwrap_or_default().encode_utf16().collect();
        before + String::from_utf16(&units[..character as usize]).unwrap().len()
    };
    let mut all: Vec<(usize, usize, &str)> = edits
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().unwrap())
        })
        .collect();
    all.sort_by_key(|edit| std::cmp::Reverse((edit.0, edit.1)));
    let mut text = text.to_owned();
    all.into_iter().for_each(|(start, end, new)| text.replace_range(start..end, new));
    text
}

#[test]
fn findings_are_there_from_the_beginning_and_their_fix_is_an_edit_of_all_files() {
    let scratch = Scratch::with_secret();
    let mut client = Client::start(&scratch, modern());
    assert_eq!(client.abilities["positionEncoding"], "utf-16");
    let found = client.diagnostics("Dockerfile");
    assert_eq!(codes(&found), ["arg-secret"]);
    assert_eq!(
        found[0]["range"],
        json!({ "start": { "line": 3, "character": 4 }, "end": { "line": 3, "character": 13 } })
    );
    let script = client.uri("build.sh");
    let related = found[0]["relatedInformation"].as_array().unwrap();
    assert!(related.iter().any(|place| place["location"]["uri"] == script.as_str()), "{related:?}");

    let actions = client.actions("Dockerfile", 3, 6);
    let fix = &actions[0];
    assert_eq!((&fix["kind"], &fix["isPreferred"]), (&json!("quickfix"), &json!(true)));
    let changes = fix["edit"]["documentChanges"].as_array().unwrap();
    let after = |path: &str, text: &str| {
        let uri = client.uri(path);
        let change = changes.iter().find(|change| change["textDocument"]["uri"] == uri.as_str()).unwrap();
        edited(text, change["edits"].as_array().unwrap())
    };
    let fixed = (after("Dockerfile", DOCKERFILE), after("build.sh", SCRIPT));
    assert_eq!(client.end(), 0);
    scratch.run(&["--fix"]).status(0);
    assert_eq!(fixed, (scratch.read("Dockerfile"), scratch.read("build.sh")));
}

#[test]
fn all_safe_fixes_of_a_file_are_one_action_for_those_who_ask_for_it() {
    let scratch = Scratch::with_secret();
    let dockerfile = DOCKERFILE.replace("ARG NPM_TOKEN\n", "ARG NPM_TOKEN\nARG API_TOKEN\n")
        + "RUN curl -H \"X-Token: $API_TOKEN\" https://api.example.com\n";
    let script = SCRIPT.replace("NPM_TOKEN -t", "NPM_TOKEN --build-arg API_TOKEN=$API_TOKEN -t");
    scratch.write("Dockerfile", &dockerfile);
    scratch.write("build.sh", &script);
    scratch.commit();
    let mut client = Client::start(&scratch, modern());
    assert_eq!(client.diagnostics("Dockerfile").len(), 2);
    assert_eq!(client.actions_of("Dockerfile", "refactor").len(), 0);
    assert!(client.actions_of("Dockerfile", "quickfix").iter().all(|action| action["kind"] == "quickfix"));
    for kind in ["source", "source.fixAll", "source.fixAll.dfmigrate"] {
        let actions = client.actions_of("build.sh", kind);
        assert_eq!((actions.len(), &actions[0]["kind"]), (1, &json!("source.fixAll.dfmigrate")));
        let changes = actions[0]["edit"]["documentChanges"].as_array().unwrap().clone();
        let after = |path: &str, text: &str| {
            let uri = client.uri(path);
            let change = changes.iter().find(|change| change["textDocument"]["uri"] == uri.as_str()).unwrap();
            edited(text, change["edits"].as_array().unwrap())
        };
        scratch.run(&["--fix"]).status(0);
        assert_eq!(after("Dockerfile", &dockerfile), scratch.read("Dockerfile"), "{kind}");
        assert_eq!(after("build.sh", &script), scratch.read("build.sh"), "{kind}");
        scratch.git(&["checkout", "-q", "."]);
    }
    assert_eq!(client.actions_of("package.json", "source.fixAll").len(), 0);
    assert_eq!(client.end(), 0);
}

#[test]
fn what_is_typed_counts_before_the_disk() {
    let scratch = Scratch::with_secret();
    let mut client = Client::start(&scratch, modern());
    assert_eq!(client.diagnostics("Dockerfile").len(), 1);
    client.open("Dockerfile", 1, DOCKERFILE);
    client.edit("Dockerfile", 2, [3, 4, 3, 13], "REGION");
    assert_eq!(client.diagnostics("Dockerfile").len(), 0);
    client.edit("Dockerfile", 3, [3, 0, 4, 0], "# \u{1F600}\nARG A=\"\u{1F600}\" NPM_TOKEN\n");
    let found = client.diagnostics("Dockerfile");
    assert_eq!(codes(&found), ["arg-secret"]);
    assert_eq!(found[0]["range"]["start"], json!({ "line": 4, "character": 11 }));
    let actions = client.actions("Dockerfile", 4, 12);
    let changes = actions[0]["edit"]["documentChanges"].as_array().unwrap();
    let uri = client.uri("Dockerfile");
    let own = changes.iter().find(|change| change["textDocument"]["uri"] == uri.as_str()).unwrap();
    assert_eq!(own["textDocument"]["version"], 3);
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(client.diagnostics("Dockerfile")[0]["range"]["start"]["line"], 3);
    assert_eq!(scratch.read("Dockerfile"), DOCKERFILE);
    assert_eq!(client.end(), 0);
}

#[test]
fn a_caller_that_is_typed_becomes_part_of_the_fix() {
    let scratch = Scratch::with_secret();
    let mut client = Client::start(&scratch, modern());
    client.diagnostics("Dockerfile");
    client.open("build.sh", 1, SCRIPT);
    let typed = format!("{SCRIPT}docker build --build-arg NPM_TOKEN -t other .\n");
    let changes = json!([{ "text": typed }]);
    let document = json!({ "uri": client.uri("build.sh"), "version": 2 });
    client.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    client.diagnostics("Dockerfile");
    let actions = client.actions("build.sh", 4, 30);
    let changes = actions[0]["edit"]["documentChanges"].as_array().unwrap();
    let uri = client.uri("build.sh");
    let own = changes.iter().find(|change| change["textDocument"]["uri"] == uri.as_str()).unwrap();
    let after = edited(&typed, own["edits"].as_array().unwrap());
    assert_eq!(after.matches("--secret id=npm_token,env=NPM_TOKEN").count(), 2, "{after}");
    assert_eq!(client.end(), 0);
}

#[test]
fn bytes_are_counted_where_that_was_agreed_and_old_clients_get_plain_changes() {
    let dockerfile = DOCKERFILE.replace("ARG ", "ARG A=\u{1F600} ");
    let scratch = Scratch::with_secret();
    scratch.write("Dockerfile", &dockerfile);
    let mut client = Client::start(&scratch, json!({ "general": { "positionEncodings": ["utf-8", "utf-16"] } }));
    assert_eq!(client.abilities["positionEncoding"], "utf-8");
    let found = client.diagnostics("Dockerfile");
    assert_eq!(found[0]["range"]["start"]["character"], 11);
    let edit = client.actions("Dockerfile", 3, 12)[0]["edit"].clone();
    assert!(edit["documentChanges"].is_null());
    assert_eq!(edit["changes"].as_object().unwrap().len(), 2, "{edit}");
    assert_eq!(client.end(), 0);
}

#[test]
fn a_comment_can_ignore_a_finding_and_a_mistake_in_one_is_shown() {
    let scratch = Scratch::with_secret();
    let mut client = Client::start(&scratch, modern());
    client.diagnostics("Dockerfile");
    let actions = client.actions("Dockerfile", 3, 6);
    let edits = &actions.last().unwrap()["edit"]["documentChanges"][0]["edits"];
    let ignored = edited(DOCKERFILE, edits.as_array().unwrap());
    client.open("Dockerfile", 1, &ignored);
    assert_eq!(client.diagnostics("Dockerfile").len(), 0);
    let line = ignored.lines().position(|line| line.contains("ignore[")).unwrap() as u32;
    let at = "# dfmigrate: ignore[".len() as u32;
    client.edit("Dockerfile", 2, [line, at, line, at + 3], "agr");
    let found = client.diagnostics("Dockerfile");
    let told = |one: &Value| one["message"].as_str().unwrap().contains("`arg-secret` was probably meant");
    assert!(found.iter().any(told), "{found:?}");
    assert_eq!(client.end(), 0);
}

#[test]
fn the_page_of_the_codemod_is_shown_where_it_found_something() {
    let scratch = Scratch::with_secret();
    let mut client = Client::start(&scratch, modern());
    let mut page = |line: u32| {
        let document = json!({ "uri": client.uri("Dockerfile") });
        client.ask(
            "textDocument/hover",
            json!({ "textDocument": document, "position": { "line": line, "character": 6 } }),
        )
    };
    assert!(page(3)["contents"]["value"].as_str().unwrap().starts_with("# arg-secret\n"));
    assert_eq!(page(2), Value::Null);
    assert_eq!(client.end(), 0);
}

#[test]
fn the_disk_is_read_again_when_something_was_saved() {
    let scratch = Scratch::with_secret();
    let mut client = Client::start(&scratch, modern());
    client.diagnostics("Dockerfile");
    scratch.run(&["--fix"]).status(0);
    client.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    assert_eq!(client.diagnostics("Dockerfile").len(), 0);
    scratch.write("dfmigrate.toml", "muont = \"file\"\n");
    let document = json!({ "uri": client.uri("dfmigrate.toml") });
    client.tell("textDocument/didSave", json!({ "textDocument": document }));
    client.open("dfmigrate.toml", 1, "muont = \"file\"\n");
    let found = client.diagnostics("dfmigrate.toml");
    assert!(found[0]["message"].as_str().unwrap().contains("`mount` was probably meant"), "{found:?}");
    assert_eq!(client.end(), 0);
}

#[test]
fn what_nobody_understands_ends_no_session() {
    let scratch = Scratch::with_secret();
    let mut client = Client::start(&scratch, modern());
    client.tell("textDocument/didOpen", json!({ "nothing": 1 }));
    client.tell("$/unknown", json!({}));
    client.open("no/such/folder/Dockerfile", 1, "FROM a\n");
    assert_eq!(client.diagnostics("Dockerfile").len(), 1);
    assert_eq!(client.end(), 0);
}

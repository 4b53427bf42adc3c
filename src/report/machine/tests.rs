use camino::Utf8Path;
use serde_json::Value;

use super::{Document, Part, github, gitlab, json, markdown, pretty, sarif};
use crate::{codemods, plan, report::Redactor, repository::Repository, source::Source};

const DOCKERFILE: &str = "FROM node:22 AS b\nARG U=üü NPM_TOKEN\nCOPY .npmrc ./\nRUN npm ci\nFROM node:22\nENV DB_PASSWORD=kn0ck-kn0ck-77\nCMD echo $DB_PASSWORD\n";
const SCRIPT: &str = "docker build --build-arg NPM_TOKEN .\n";
const NPMRC: &str = "//npm.example.com/:_authToken=${NPM_TOKEN}\n";

/// Calls `test` with what is found in a little repository: a safe fix, and a value that the container reads.
fn with_document(test: impl FnOnce(&Document)) {
    let sources = [("Dockerfile", DOCKERFILE), ("build.sh", SCRIPT), (".npmrc", NPMRC)];
    let sources = sources.map(|(path, text)| Source::new(path, text.into()));
    let repository = Repository::new([], sources.clone(), vec!["Dockerfile".into()]);
    let plan = plan::make(&repository, &plan::Policy::default(), codemods::ALL);
    let redactor = Redactor::of(&sources, [], []);
    let root = Utf8Path::new("/repository");
    test(&Document::of(&[Part { root, repository: &repository, plan: &plan, redactor: &redactor }]));
}

/// Checks `text` against a schema, and gives it back read.
fn checked(text: &str, schema: &Value) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("schema.json", schema.clone()).unwrap();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(&value, index) {
        panic!("{error:#}");
    }
    value
}

#[test]
fn the_schema_of_the_report_is_the_published_one() {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Document)).unwrap() + "\n";
    let path = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/report.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), schema, "UPDATE=1 writes it");
    with_document(|document| {
        let value = checked(&json(document).unwrap(), &serde_json::from_str(&schema).unwrap());
        assert_eq!(value["count"]["findings"], 2);
    });
}

#[test]
fn edits_are_exact_and_places_count_characters() {
    with_document(|document| {
        let finding = document.findings.iter().find(|finding| finding.codemod == "arg-secret").unwrap();
        assert_eq!((finding.place.span.start.line, finding.place.span.start.column), (2, 10));
        let mut files =
            std::collections::BTreeMap::from([("Dockerfile", DOCKERFILE.to_owned()), ("build.sh", SCRIPT.to_owned())]);
        let mut changes: Vec<_> = finding.remedy.changes.iter().collect();
        changes.sort_by_key(|change| std::cmp::Reverse(change.span.start.offset));
        for change in changes {
            let text = files.get_mut(change.file.as_str()).unwrap();
            let [start, end] =
                [change.span.start.offset, change.span.end.offset].map(|at| usize::try_from(at).unwrap());
            text.replace_range(start..end, &change.text);
        }
        assert!(
            files["Dockerfile"].contains("RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci\n"),
            "{files:?}"
        );
        assert_eq!(files["build.sh"], "docker build --secret id=npm_token,env=NPM_TOKEN .\n");
    });
}

#[test]
fn no_form_holds_a_secret() {
    with_document(|document| {
        let forms = [
            json(document).unwrap(),
            sarif(document, codemods::ALL).unwrap(),
            github(document),
            gitlab(document).unwrap(),
            markdown(document),
        ];
        for form in forms {
            assert!(form.contains("DB_PASSWORD") && !form.contains("kn0ck"), "{form}");
        }
    });
}

#[test]
fn a_fingerprint_stays_when_lines_move() {
    let print = |text: &str| {
        let repository = Repository::new([], [Source::new("Dockerfile", text.into())], vec!["Dockerfile".into()]);
        let plan = plan::make(&repository, &plan::Policy::default(), codemods::ALL);
        let redactor = Redactor::default();
        let part = Part { root: Utf8Path::new("/"), repository: &repository, plan: &plan, redactor: &redactor };
        Document::of(&[part]).findings.iter().map(|finding| finding.fingerprint.clone()).collect::<Vec<_>>()
    };
    let text = "FROM node:22\nARG NPM_TOKEN\nRUN npm ci\n";
    assert_eq!(print(text).len(), 1);
    assert_eq!(print(text), print(&text.replace("ARG", "# why\n\nARG")));
    assert_ne!(print(text), print(&text.replace("NPM_TOKEN", "NODE_AUTH_TOKEN")));
}

#[test]
fn a_text_can_not_leave_its_annotation_or_cell() {
    with_document(|document| {
        let mut document = document.clone();
        document.findings.truncate(1);
        document.findings[0].title = "a|b\n::stop-commands::x @team <img> 100%".to_owned();
        document.findings[0].place.file = "a,b:c`.sh".into();
        let lines = github(&document);
        assert_eq!(lines.lines().count(), 1, "{lines}");
        assert!(lines.contains(" file=a%2Cb%3Ac`.sh,line=") && lines.contains("100%25"), "{lines}");
        let page = markdown(&document);
        assert!(
            page.contains("``a,b:c`.sh:2``")
                && page.contains("a\\|b")
                && !page.contains("<img>")
                && !page.contains("@team"),
            "{page}"
        );
    });
}

#[test]
fn code_quality_has_what_gitlab_asks_for() {
    with_document(|document| {
        let value: Value = serde_json::from_str(&gitlab(document).unwrap()).unwrap();
        let issues = value.as_array().unwrap();
        assert_eq!(issues.len(), 2);
        for issue in issues {
            assert!(["info", "minor", "major", "critical", "blocker"].contains(&issue["severity"].as_str().unwrap()));
            assert!(issue["location"]["path"].is_string() && issue["location"]["lines"]["begin"].is_u64());
            assert_eq!(issue["fingerprint"].as_str().unwrap().len(), 32);
        }
    });
}

#[test]
fn sarif_is_valid_by_its_schema() {
    let path = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schema/sarif-2.1.0.json");
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    // The published pattern is no regular expression of ECMA-262, which the draft asks for; no report has the property.
    for place in ["run", "toolComponent"].map(|name| format!("/definitions/{name}/properties/language")) {
        schema.pointer_mut(&place).unwrap().as_object_mut().unwrap().remove("pattern");
    }
    with_document(|document| {
        let value = checked(&sarif(document, codemods::ALL).unwrap(), &schema);
        let run = &value["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), 2);
        let fixed = run["results"].as_array().unwrap().iter().find(|result| result["ruleId"] == "arg-secret").unwrap();
        let changes = fixed["fixes"][0]["artifactChanges"].as_array().unwrap();
        assert_eq!(changes.len(), 2, "the Dockerfile and the script that builds it");
        let rule = &run["tool"]["driver"]["rules"][0];
        assert_eq!((&rule["id"], &rule["name"]), (&"arg-secret".into(), &"ArgSecret".into()));
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[text]["text"].as_str().is_some_and(|text| !text.is_empty()), "code scanning needs it: {rule}");
        }
        assert!(rule["helpUri"].as_str().unwrap().ends_with("/docs/codemods/arg-secret.md"), "{rule}");
    });
}

#[test]
fn json_has_an_escape_for_what_a_terminal_obeys() {
    let text = "a\nb\u{7f}\u{9b}31m\u{202e}\u{10ff9b}é";
    let json = pretty(&text).unwrap();
    assert_eq!(json, "\"a\\nb\\u007f\\u009b31m\\u202e\\udbff\\udf9bé\"\n");
    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
}

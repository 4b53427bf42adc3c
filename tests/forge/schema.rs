//! The descriptions of the forges' APIs, and what of a request they don't allow.
//!
//! A type is `"string"`, `"integer"`, `"boolean"`, `"object"` or `"any"`, `[type]` for a list, `{"enum": […]}`,
//! `{"any": [types]}`, or `{"required": […], "fields": {name: type}}`, which has no other fields.

use dfmigrate::forge::Kind;
use serde_json::Value;

use super::server::Request;

pub struct Schema {
    operations: Vec<Value>,
}

impl Schema {
    pub fn of(kind: Kind) -> Self {
        let text = match kind {
            Kind::GitHub => include_str!("schema/github.json"),
            Kind::GitLab => include_str!("schema/gitlab.json"),
            Kind::Gitea => include_str!("schema/gitea.json"),
            Kind::Bitbucket => include_str!("schema/bitbucket.json"),
            Kind::BitbucketServer => include_str!("schema/bitbucket-server.json"),
            Kind::Azure => include_str!("schema/azure.json"),
        };
        let document: Value = serde_json::from_str(text).unwrap();
        Self { operations: document["operations"].as_array().unwrap().clone() }
    }

    /// What is wrong with a request to an API below `base`; nothing if it is as described.
    pub fn violations(&self, request: &Request, base: &str) -> Vec<String> {
        let segments = request.segments(base);
        let name = format!("{} {}", request.method, request.path);
        let fits = |operation: &&Value| operation["method"] == request.method && matches(&operation["path"], &segments);
        let Some(operation) = self.operations.iter().find(fits) else {
            return vec![format!("{name} is not described")];
        };
        let mut found = Vec::new();
        for (parameter, value) in &request.query {
            match operation["query"].get(parameter) {
                None => found.push(format!("{name}: no parameter {parameter}")),
                Some(kind) => check(kind, &typed(kind, value), &format!("{name} ?{parameter}"), &mut found),
            }
        }
        for required in operation["query_required"].as_array().into_iter().flatten() {
            if request.query(required.as_str().unwrap()).is_none() {
                found.push(format!("{name}: {required} is missing"));
            }
        }
        match (operation.get("body"), request.body.is_empty()) {
            (Some(kind), false) => check(kind, &request.json(), &name, &mut found),
            (Some(kind), true) if kind.get("required").is_some() => found.push(format!("{name}: no body")),
            (None, false) => found.push(format!("{name}: a body")),
            _ => {}
        }
        if !request.body.is_empty() && request.header("content-type") != Some("application/json") {
            found.push(format!("{name}: the body is no JSON"));
        }
        found
    }
}

fn matches(path: &Value, segments: &[String]) -> bool {
    let parts: Vec<&str> = path.as_str().unwrap().split('/').filter(|part| !part.is_empty()).collect();
    parts.len() == segments.len() && parts.iter().zip(segments).all(|(part, own)| part.starts_with('{') || part == own)
}

/// A parameter's text as the value that it stands for.
fn typed(kind: &Value, text: &str) -> Value {
    match kind.as_str() {
        Some("integer" | "boolean") => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        _ => text.into(),
    }
}

fn check(kind: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let wrong = match (kind, value) {
        (Value::String(name), value) => match name.as_str() {
            "string" => !value.is_string(),
            "integer" => !value.is_i64() && !value.is_u64(),
            "boolean" => !value.is_boolean(),
            "object" => !value.is_object(),
            "any" => false,
            _ => true,
        },
        (Value::Array(of), Value::Array(items)) => {
            items.iter().for_each(|item| check(&of[0], item, &format!("{at}[]"), found));
            false
        }
        (Value::Object(description), value) if description.contains_key("enum") => {
            !description["enum"].as_array().unwrap().contains(value)
        }
        (Value::Object(description), value) if description.contains_key("any") => {
            let fits = |kind: &&Value| {
                let mut problems = Vec::new();
                check(kind, value, at, &mut problems);
                problems.is_empty()
            };
            !description["any"].as_array().unwrap().iter().any(|kind| fits(&kind))
        }
        (Value::Object(description), Value::Object(fields)) => {
            let missing = |name: &&Value| !fields.contains_key(name.as_str().unwrap());
            let required = description.get("required").and_then(Value::as_array).into_iter().flatten();
            found.extend(required.filter(missing).map(|name| format!("{at}: {name} is missing")));
            for (name, field) in fields {
                match description["fields"].get(name) {
                    Some(kind) => check(kind, field, &format!("{at}.{name}"), found),
                    None => found.push(format!("{at}: no field {name}")),
                }
            }
            false
        }
        _ => true,
    };
    if wrong {
        found.push(format!("{at}: {value} is no {kind}"));
    }
}

#[test]
fn what_is_not_described_is_found() {
    let schema = Schema::of(Kind::GitHub);
    let request = |method: &str, path: &str, query: &[(&str, &str)], body: &str| Request {
        method: method.into(),
        path: path.into(),
        query: query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.into(),
    };
    let count = |request| schema.violations(&request, "").len();
    assert_eq!(count(request("GET", "/repos/a/b/pulls", &[("state", "all")], "")), 0);
    assert_eq!(count(request("GET", "/repos/a/b/pulls", &[("state", "none"), ("foo", "1")], "")), 2);
    assert_eq!(count(request("GET", "/repos/a/b/c", &[], "")), 1);
    assert_eq!(count(request("POST", "/repos/a/b/pulls", &[], r#"{"head":"x","base":"y","draft":"no"}"#)), 1);
    assert_eq!(count(request("POST", "/repos/a/b/pulls", &[], r#"{"head":"x"}"#)), 1);
    assert_eq!(count(request("PATCH", "/repos/a/b/pulls/1", &[], r#"{"label":"x"}"#)), 1);
}

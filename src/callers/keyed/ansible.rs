//! Ansible (docs.ansible.com, community.docker): the module `docker_image_build` passes secrets since 3.10.0, `docker_image`
//! uses the classic build API, which has none.

use camino::Utf8Path;

use super::{Described, Tool};
use crate::callers::yaml::{Cursor, Document};
use crate::callers::{
    ArgumentValue, Build, Builder, Dockerfiles, Format, PassedSecret, SecretSource, SecretValue, Surroundings,
};
use crate::knowledge::engines::{Engine, Release};
use crate::source::Source;

/// Where the playbooks and tasks of Ansible lie, by the habit of its users (docs.ansible.com, "Sample Ansible setup").
const FOLDERS: [&str; 7] = ["tasks", "handlers", "playbooks", "roles", "ansible", "group_vars", "plays"];

/// See above.
pub(super) struct Ansible;

impl Tool for Ansible {
    fn format(&self) -> Format {
        Format::Ansible
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        let stem = path.file_stem().unwrap_or("");
        let inside = |part: &Utf8Path| part.file_name().is_some_and(|name| FOLDERS.contains(&name));
        path.ancestors().skip(1).any(inside) || stem == "site" || stem.contains("playbook") || stem.contains("ansible")
    }

    fn words(&self) -> &'static [&'static str] {
        &["docker_image"]
    }

    fn builds<'d>(&self, document: &'d Document, source: &Source, around: &dyn Surroundings) -> Vec<Described<'d>> {
        let mut found = Vec::new();
        tasks(Cursor::root(document), &mut |task| found.extend(described(task, source, around)));
        found.sort_by_key(|one| one.build.range.start());
        found
    }

    fn value(&self, text: &str) -> ArgumentValue {
        match text {
            "" => ArgumentValue::Empty,
            text if text.contains("{{") => ArgumentValue::Expression(text.to_owned()),
            text => ArgumentValue::Literal(SecretValue::new(text)),
        }
    }

    fn member(&self, id: &str, name: &str, value: &ArgumentValue, text: Option<&str>) -> Result<String, String> {
        let expression = match (value, text) {
            // `type: env` reads another key than it should (docker_image_build.py of 5.2.2).
            (ArgumentValue::Inherited, _) => format!("{{{{ lookup('env', '{name}') }}}}"),
            (ArgumentValue::Expression(text), _) => text.clone(),
            (other, _) => return Err(super::not_one_variable(name, other)),
        };
        let quoted = serde_json::to_string(&expression).unwrap_or_default();
        Ok(format!("{{id: {id}, type: value, value: {quoted}}}"))
    }

    fn passed(&self, member: Cursor<'_>) -> Option<PassedSecret> {
        let text = |key: &str| member.get(key).and_then(Cursor::text).map(str::to_owned);
        let source = text("value").map(SecretSource::Expression).or_else(|| text("src").map(SecretSource::File));
        let source = source.unwrap_or(SecretSource::Unknown);
        Some(PassedSecret { id: text("id")?, source, range: member.node().range })
    }
}

/// Calls `take` for every mapping of a list, however deep: plays, blocks, tasks.
fn tasks<'d>(node: Cursor<'d>, take: &mut dyn FnMut(Cursor<'d>)) {
    for item in node.items() {
        if item.node().as_mapping().is_some() {
            take(item);
        }
        for (_, value) in item.entries() {
            tasks(value, take);
        }
    }
}

fn described<'d>(task: Cursor<'d>, source: &Source, around: &dyn Surroundings) -> Option<Described<'d>> {
    let module = |names: [&str; 2]| names.into_iter().find_map(|name| task.get(name));
    let by_buildx = module(["community.docker.docker_image_build", "docker_image_build"]);
    let by_api = module(["community.docker.docker_image", "docker_image"]);
    let (body, builder) = match (by_buildx, by_api) {
        (Some(body), _) => (body, Builder::BuildKit),
        (None, Some(body)) => {
            let sentence = Release::of(Engine::DockerSdk).without_secrets().unwrap_or_default();
            let sentence =
                format!("the module `docker_image` can't pass a secret, `docker_image_build` can: {sentence}");
            (body.get("build")?, Builder::WithoutSecrets(sentence))
        }
        (None, None) => return None,
    };
    let text = |key: &str| body.get(key).and_then(Cursor::text);
    let path = text("path").unwrap_or(".");
    let written = text("dockerfile").unwrap_or("Dockerfile");
    let known = path.rsplit("}}").next().unwrap_or(path).trim_start_matches('/');
    let title = format!("task {}", task.get("name").and_then(Cursor::text).unwrap_or("docker_image"));
    Some(Described {
        build: Build {
            dockerfiles: dockerfiles(known, written, source.path(), around),
            target: text("target").map(str::to_owned),
            builder,
            ..Build::at(Format::Ansible, source.path(), task.node().range, title)
        },
        body,
        keys: ("args", "secrets"),
        assumptions: vec!["the collection community.docker is 3.10.0 or later".to_owned()],
        lacking: Vec::new(),
    })
}

/// The path is one of the machine that builds; where it ends like one of the repository, it may be that.
fn dockerfiles(path: &str, written: &str, file: &Utf8Path, around: &dyn Surroundings) -> Dockerfiles {
    let folders = crate::callers::location::upwards(file.parent().unwrap_or(Utf8Path::new("")));
    let places =
        folders.iter().filter_map(|folder| crate::callers::location::resolve(folder, &format!("{path}/{written}")));
    match places.into_iter().find(|place| around.is_file(place)) {
        Some(place) => Dockerfiles::One(place),
        None => Dockerfiles::Unknown(format!("{path}/{written}")),
    }
}

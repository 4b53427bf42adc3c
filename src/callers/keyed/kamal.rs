//! Kamal (kamal-deploy.org, "Builders"; lib/kamal/commands/builder/base.rb): `builder` with `args` and `secrets`. A secret is
//! a name of `.kamal/secrets`, which is its id and its variable at once.

use camino::{Utf8Path, Utf8PathBuf};

use super::{Described, Tool};
use crate::callers::location::resolve;
use crate::callers::yaml::{Cursor, Document};
use crate::callers::{
    ArgumentValue, Build, Dockerfiles, Format, PassedSecret, SecretSource, SecretValue, Surroundings,
};
use crate::source::Source;

/// See above.
pub(super) struct Kamal;

impl Tool for Kamal {
    fn format(&self) -> Format {
        Format::Kamal
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        let folder = path.parent().and_then(Utf8Path::file_name);
        folder == Some("config") && path.file_name().is_some_and(|name| name.starts_with("deploy"))
    }

    fn words(&self) -> &'static [&'static str] {
        &["builder:"]
    }

    fn builds<'d>(&self, document: &'d Document, source: &Source, around: &dyn Surroundings) -> Vec<Described<'d>> {
        let root = Cursor::root(document);
        // `service` and `image` are what every configuration has.
        let Some(body) = root.get("builder").filter(|_| root.get("service").is_some() || root.get("image").is_some())
        else {
            return Vec::new();
        };
        let home = source.path().parent().and_then(Utf8Path::parent).unwrap_or(Utf8Path::new(""));
        let text = |key: &str| body.get(key).and_then(Cursor::text);
        let context = resolve(home, text("context").unwrap_or("."));
        let written = text("dockerfile").unwrap_or("Dockerfile");
        let path = resolve(home, written).filter(|path| around.is_file(path));
        let build = Build {
            dockerfiles: path.map_or_else(|| Dockerfiles::Unknown(written.to_owned()), Dockerfiles::One),
            context,
            target: text("target").map(str::to_owned),
            ssh: text("ssh").is_some(),
            ..Build::at(Format::Kamal, source.path(), body.node().range, "builder of Kamal".to_owned())
        };
        let (assumptions, lacking) = unset(body, source.path(), home, around);
        vec![Described { build, body, keys: ("args", "secrets"), assumptions, lacking }]
    }

    /// Ruby between `<%=` and `%>`: `ENV["NAME"]`, `ENV.fetch("NAME")`.
    fn value(&self, text: &str) -> ArgumentValue {
        let inside = text.trim().strip_prefix("<%=").and_then(|rest| rest.strip_suffix("%>")).map(str::trim);
        let Some(inside) = inside else {
            return match text {
                "" => ArgumentValue::Empty,
                text if text.contains("<%") => ArgumentValue::Composite,
                text => ArgumentValue::Literal(SecretValue::new(text)),
            };
        };
        let call = inside.strip_prefix("ENV[").and_then(|rest| rest.strip_suffix(']'));
        let call = call.or_else(|| inside.strip_prefix("ENV.fetch(").and_then(|rest| rest.strip_suffix(')')));
        let name = call.map(|name| name.trim().trim_matches(['"', '\'']));
        let is_name = |name: &&str| name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        name.filter(is_name).map_or(ArgumentValue::Composite, |name| ArgumentValue::Variable(name.to_owned()))
    }

    fn member(&self, id: &str, name: &str, value: &ArgumentValue, text: Option<&str>) -> Result<String, String> {
        match value {
            ArgumentValue::Inherited => Ok(id.to_owned()),
            ArgumentValue::Variable(variable) if variable == id => Ok(id.to_owned()),
            ArgumentValue::Variable(variable) => Err(format!(
                "Kamal has one name for a secret and its value: `.kamal/secrets` would have to give `{id}` the value of `{variable}`"
            )),
            other => {
                let file = text.and_then(|text| text.split_once("File.read(")?.1.split(')').next());
                let value =
                    file.map_or("…".to_owned(), |path| format!("$(cat {})", path.trim().trim_matches(['"', '\''])));
                let reason = super::not_one_variable(name, other);
                Err(format!("{reason}: `.kamal/secrets` has to give it (`{id}={value}`)"))
            }
        }
    }

    fn passed(&self, member: Cursor<'_>) -> Option<PassedSecret> {
        let id = member.text()?.to_owned();
        Some(PassedSecret { source: SecretSource::Variable(id.clone()), id, range: member.node().range })
    }
}

/// Kamal reads the values of secrets from `.kamal/secrets` and `.kamal/secrets-common`, for a destination from
/// `.kamal/secrets.NAME` instead of the first (before version 2 from `.env`): what is assumed of them where they are not
/// here, and the lines that they lack where they are.
fn unset(
    body: Cursor<'_>,
    file: &Utf8Path,
    home: &Utf8Path,
    around: &dyn Surroundings,
) -> (Vec<String>, Vec<(String, Utf8PathBuf, String)>) {
    let destination = file.file_stem().and_then(|stem| stem.strip_prefix("deploy.")).map(|name| format!(".{name}"));
    let written = format!(".kamal/secrets{}", destination.unwrap_or_default());
    let path = home.join(&written);
    let texts: Vec<&str> = [path.as_path(), &home.join(".kamal/secrets-common")]
        .into_iter()
        .filter_map(|path| around.text(path))
        .collect();
    let defines = |name: &str| {
        let mut lines = texts.iter().flat_map(|text| text.lines());
        lines.any(|line| line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
    };
    let names = super::written(body, "args").into_iter().map(|argument| argument.name.to_owned());
    let names = names.filter(|name| !defines(name) && crate::knowledge::names::classify_name(name).kind().is_some());
    match around.text(&path) {
        Some(_) => (Vec::new(), names.map(|name| (name.clone(), path.clone(), format!("{name}=${name}"))).collect()),
        None => {
            (names.map(|name| format!("`{written}` gives `{name}` its value (`{name}=${name}`)")).collect(), Vec::new())
        }
    }
}

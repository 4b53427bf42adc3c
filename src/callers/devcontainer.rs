//! `devcontainer.json` (containers.dev, "Dev Container metadata reference"): `build` with `args`, and with `options` of the
//! command line of docker, which can pass a secret.

use camino::Utf8Path;
use jsonc_parser::ast::{Array, Object, ObjectProp};

use super::json::{leaves, place, with_root};
use super::location::resolve;
use super::{
    Argument, ArgumentValue, Build, Caller, Dockerfiles, Format, Offer, PassedSecret, Receipt, Refusal, Request,
    Rewrite, SecretSource, SecretValue, Surroundings,
};
use crate::source::{Edit, Source, TextRange, apply_edits, range, size};

/// The caller for development containers.
#[derive(Debug, Clone, Copy)]
pub struct Devcontainer;

impl Caller for Devcontainer {
    fn format(&self) -> Format {
        Format::Devcontainer
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        matches!(path.file_name(), Some("devcontainer.json" | ".devcontainer.json"))
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        with_root(source.text(), |root| build(root, source, around)).flatten().into_iter().collect()
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        let mut options = Vec::new();
        let mut gone = Vec::new();
        for request in requests {
            for argument in build.arguments.iter().filter(|argument| argument.name == request.argument) {
                gone.push(argument.range);
                options.extend(option(build, argument, request)?);
            }
        }
        if gone.is_empty() {
            return Ok(Rewrite::default());
        }
        let unclear = || refusal(build.range, "the file is laid out in a way that can't be edited safely");
        let edits =
            with_root(source.text(), |root| Layout { source }.edits(root.get_object("build")?, &gone, &options));
        let edits = edits.flatten().ok_or_else(unclear)?;
        let text = apply_edits(source.text(), &edits).map_err(|_| unclear())?;
        let after = self.builds(&source.with_text(text.clone()), around);
        let honoured = after.first().is_some_and(|after| {
            let gone = |name: &str| requests.iter().any(|request| request.argument == name);
            let kept = build.arguments.iter().filter(|argument| !gone(&argument.name)).count();
            let passed = options
                .iter()
                .all(|option| after.secrets.iter().any(|secret| option.contains(&format!("id={},", secret.id))));
            after.arguments.len() == kept && passed && after.secrets.len() == build.secrets.len() + options.len()
        });
        (honoured && same_elsewhere(source.text(), &text))
            .then_some(Rewrite { edits, ..Rewrite::default() })
            .ok_or_else(unclear)
    }

    fn offer(
        &self,
        _source: &Source,
        _around: &dyn Surroundings,
        build: &Build,
        _offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        Err(refusal(build.range, "a devcontainer.json is not made to hand over a file yet"))
    }
}

fn build(root: &Object<'_>, source: &Source, around: &dyn Surroundings) -> Option<Build> {
    let build = root.get_object("build")?;
    let text = |key: &str| build.get_string(key).map(|text| text.value.to_string());
    let written = text("dockerfile").or_else(|| root.get_string("dockerFile").map(|text| text.value.to_string()))?;
    let folder = source.path().parent().unwrap_or(Utf8Path::new(""));
    let path = resolve(folder, &written).filter(|path| around.is_file(path));
    let options = build.get_array("options");
    Some(Build {
        dockerfiles: path.map_or_else(|| Dockerfiles::Unknown(written), Dockerfiles::One),
        context: resolve(folder, &text("context").unwrap_or_else(|| ".".to_owned())),
        target: text("target"),
        arguments: build.get_object("args").map(arguments).unwrap_or_default(),
        secrets: options.map(secrets).unwrap_or_default(),
        ssh: options.is_some_and(|options| strings(options).any(|(text, _)| text.starts_with("--ssh"))),
        ..Build::at(Format::Devcontainer, source.path(), place(build), "the development container".to_owned())
    })
}

fn arguments(args: &Object<'_>) -> Vec<Argument> {
    let argument = |property: &ObjectProp<'_>| Argument {
        name: property.name.as_str().to_owned(),
        value: property.value.as_string_lit().map_or(ArgumentValue::Composite, |text| value(&text.value)),
        range: place(property),
        shared: false,
    };
    args.properties.iter().map(argument).collect()
}

/// `${localEnv:NAME}` is a variable of the machine on which the container is built.
fn value(text: &str) -> ArgumentValue {
    let name = text.strip_prefix("${localEnv:").and_then(|rest| rest.strip_suffix('}'));
    match name {
        Some(name) if name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()) => {
            ArgumentValue::Variable(name.to_owned())
        }
        None if text.is_empty() => ArgumentValue::Empty,
        None if !text.contains("${") => ArgumentValue::Literal(SecretValue::new(text)),
        _ => ArgumentValue::Composite,
    }
}

fn strings<'a>(options: &'a Array<'_>) -> impl Iterator<Item = (&'a str, TextRange)> {
    options.elements.iter().filter_map(|element| Some((element.as_string_lit()?.value.as_ref(), place(element))))
}

/// `--secret=id=…` and `--secret`, `id=…`.
fn secrets(options: &Array<'_>) -> Vec<PassedSecret> {
    let operands = strings(options).map(|(text, at)| (text.strip_prefix("--secret=").unwrap_or(text), at));
    let secret = |(text, range): (&str, TextRange)| {
        let field = |key: &str| text.split(',').find_map(|field| field.strip_prefix(key)).map(str::to_owned);
        let source = field("env=").map(SecretSource::Variable).or_else(|| field("src=").map(SecretSource::File));
        Some(PassedSecret { id: field("id=")?, source: source.unwrap_or(SecretSource::Unknown), range })
    };
    operands.filter_map(secret).collect()
}

fn option(build: &Build, argument: &Argument, request: &Request) -> Result<Option<String>, Refusal> {
    let name = &argument.name;
    let Some(secret) = request.secret.as_ref().filter(|_| argument.value != ArgumentValue::Empty) else {
        return Ok(None);
    };
    let written = |variable: &str| format!("\"--secret=id={},env={variable}\"", secret.id);
    let instead = || Some(format!("\"options\": [{}]", written(name)));
    match &argument.value {
        _ if secret.receipt == Receipt::Agent => {
            Err(refusal(argument.range, &format!("`{name}` is not the content of one file here")))
        }
        _ if build.secrets.iter().any(|passed| passed.id == secret.id) => Ok(None),
        ArgumentValue::Variable(variable) => Ok(Some(written(variable))),
        ArgumentValue::Literal(_) => {
            let reason = format!(
                "the value of `{name}` is written in the file: it has to come from the environment, and to be replaced"
            );
            Err(Refusal { instead: instead(), ..refusal(argument.range, &reason) })
        }
        _ => {
            let reason = format!(
                "`{name}` is put together from several parts or has a default, and a secret takes one variable"
            );
            Err(Refusal { instead: instead(), ..refusal(argument.range, &reason) })
        }
    }
}

/// Everything but the arguments and the options says the same.
fn same_elsewhere(before: &str, after: &str) -> bool {
    let rest = |text: &str| -> Vec<(String, String)> {
        let outside = |way: &str| !way.starts_with("/build/args/") && !way.starts_with("/build/options/");
        leaves(text).into_iter().filter(|leaf| outside(&leaf.way)).map(|leaf| (leaf.way, leaf.text)).collect()
    };
    rest(before) == rest(after)
}

/// Edits of an object, in whole lines where its properties have lines of their own.
struct Layout<'s> {
    source: &'s Source,
}

impl Layout<'_> {
    /// Takes the properties at `gone` out of `args`, and puts `options` behind the others.
    fn edits(&self, build: &Object<'_>, gone: &[TextRange], options: &[String]) -> Option<Vec<Edit>> {
        let args = build.get("args")?;
        let all: Vec<TextRange> = args.value.as_object()?.properties.iter().map(place).collect();
        let list = build.get_array("options");
        let mut edits = Vec::new();
        match (all.len() > gone.len(), list) {
            (true, _) => edits.extend(self.without(&all, gone)?),
            (false, None) if !options.is_empty() => {
                edits.push(Edit::replace(place(args), format!("\"options\": [{}]", options.join(", "))));
                return Some(edits);
            }
            (false, _) => {
                let properties: Vec<TextRange> = build.properties.iter().map(place).collect();
                edits.extend(self.without(&properties, &[place(args)])?);
            }
        }
        match list.map(|list| (list, list.elements.last())) {
            _ if options.is_empty() => {}
            Some((_, Some(last))) => {
                let text =
                    options.iter().map(|option| format!("{}{option}", self.between(place(last)))).collect::<String>();
                edits.push(Edit::insert(place(last).end(), text));
            }
            Some((list, None)) => edits.push(Edit::replace(place(list), format!("[{}]", options.join(", ")))),
            None => {
                let text = format!("{}\"options\": [{}]", self.between(place(args)), options.join(", "));
                edits.push(Edit::insert(place(args).end(), text));
            }
        }
        Some(edits)
    }

    /// A comma, and a line of its own where `node` has one.
    fn between(&self, node: TextRange) -> String {
        let text = self.source.text();
        let line = text[..usize::from(node.start())].rfind('\n').map_or(0, |at| at + 1);
        let before = &text[line..usize::from(node.start())];
        match before.trim().is_empty() {
            true => format!(",{}{before}", self.source.style().newline.as_str()),
            false => ", ".to_owned(),
        }
    }

    /// Each goes with the comma behind it, the last ones with the comma in front of them. `None` where a comment would go too.
    fn without(&self, all: &[TextRange], gone: &[TextRange]) -> Option<Vec<Edit>> {
        let text = self.source.text();
        let last_kept = all.iter().rposition(|one| !gone.contains(one))?;
        let mut edits = Vec::new();
        for (index, one) in all.iter().enumerate().filter(|(_, one)| gone.contains(one)) {
            let at = if index < last_kept {
                range(usize::from(one.start()), usize::from(all.get(index + 1)?.start()))
            } else {
                range(usize::from(all.get(index - 1)?.end()), usize::from(one.end()))
            };
            let outside = text.get(usize::from(at.start())..usize::from(at.end()))?;
            let own = text.get(usize::from(one.start())..usize::from(one.end()))?;
            let between = outside.replacen(own, "", 1);
            between.chars().all(|char| char == ',' || char.is_whitespace()).then_some(())?;
            edits.push(Edit::delete(TextRange::new(size(at.start().into()), at.end())));
        }
        Some(edits)
    }
}

fn refusal(range: TextRange, reason: &str) -> Refusal {
    Refusal { reason: reason.to_owned(), range, instead: None }
}

#[cfg(test)]
mod tests {
    use super::super::shell::tests::{Files, request};
    use super::*;

    fn passed(text: &str) -> Result<String, String> {
        let source = Source::new(".devcontainer/devcontainer.json", text.into());
        let around = Files::new(&[".devcontainer/Dockerfile"]);
        let build = Devcontainer.builds(&source, &around).remove(0);
        let rewrite = Devcontainer.pass_secrets(&source, &around, &build, &[request("T")]);
        rewrite.map(|rewrite| apply_edits(text, &rewrite.edits).unwrap()).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn options_take_the_place_of_arguments() {
        for (before, after) in [
            ("\"args\": { \"T\": \"${localEnv:T}\" }", "\"options\": [\"--secret=id=t,env=T\"]"),
            (
                "\"args\": {\n      \"A\": \"1\",\n      \"T\": \"${localEnv:X}\"\n    }",
                "\"args\": {\n      \"A\": \"1\"\n    },\n    \"options\": [\"--secret=id=t,env=X\"]",
            ),
            (
                "\"args\": {\n      \"T\": \"${localEnv:T}\",\n      \"A\": \"1\"\n    },\n    \"options\": [\n      \"--pull\"\n    ]",
                "\"args\": {\n      \"A\": \"1\"\n    },\n    \"options\": [\n      \"--pull\",\n      \"--secret=id=t,env=T\"\n    ]",
            ),
            ("\"args\": {\"T\": \"${localEnv:T}\"},\n    \"options\": []", "\"options\": [\"--secret=id=t,env=T\"]"),
        ] {
            let whole = |inner: &str| {
                format!(
                    "// What it is.\n{{\n  \"build\": {{\n    \"dockerfile\": \"Dockerfile\",\n    {inner}\n  }}, // end\n}}\n"
                )
            };
            for newline in ["\n", "\r\n"] {
                let (before, after) = (whole(before).replace('\n', newline), whole(after).replace('\n', newline));
                assert_eq!(passed(&before).as_deref(), Ok(after.as_str()));
            }
        }
    }

    #[test]
    fn other_values_and_comments_in_the_way_are_left_alone() {
        let whole = |args: &str| format!("{{\"build\": {{\"dockerfile\": \"Dockerfile\", \"args\": {{{args}}}}}}}");
        assert!(passed(&whole("\"T\": \"abc\"")).unwrap_err().contains("is written in the file"));
        assert!(passed(&whole("\"T\": \"${localEnv:T:none}\"")).unwrap_err().contains("default"));
        assert!(passed(&whole("\"T\": \"${localEnv:T}\", // why\n \"A\": \"1\"")).unwrap_err().contains("laid out"));
    }
}

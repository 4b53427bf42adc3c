//! From a build line to the values it is run with.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{BuildLine, values::Values};
use crate::{
    callers::{ArgumentValue, SecretSource},
    knowledge::{
        names::NameVerdict,
        values::{ValueVerdict, classify_value},
    },
    model::{Content, Dockerfile, Entry, Model, Shape},
    source::slice,
    syntax::dockerfile::Keyword,
};

/// What stands for a value that can't be told and that nothing says to be a secret.
const PLACEHOLDER: &str = "none";

/// What a build is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Inputs {
    /// The build arguments.
    pub arguments: Vec<(String, Input)>,
    /// The secrets by id.
    pub secrets: Vec<(String, Hidden)>,
    /// What was made up for the want of something better, one sentence each without a final period.
    pub remarks: Vec<String>,
}

/// The value of a build argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// One that no command line should show.
    Secret(Hidden),
    /// Any other.
    Plain(String),
}

/// Bytes that are not shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Hidden(pub Vec<u8>);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// What the values of a line depend on.
pub(super) struct Scene<'s> {
    /// The repository as it is built.
    pub model: &'s Model,
    /// The variables of whoever runs this.
    pub variable: &'s dyn Fn(&str) -> Option<String>,
    /// The files of the copy that is built.
    pub file: &'s dyn Fn(&Utf8Path) -> Option<Vec<u8>>,
}

impl Scene<'_> {
    /// The values for `line`, a build of `dockerfile`.
    pub(super) fn inputs(&self, line: &BuildLine, dockerfile: &Dockerfile, values: &mut Values) -> Inputs {
        let mut inputs = Inputs::default();
        for (name, value) in &line.arguments {
            let input = if self.is_secret(dockerfile, name, value) {
                Some(self.secret_argument(line, name, value, values))
            } else {
                self.plain_argument(dockerfile, name, value, &mut inputs.remarks)
            };
            inputs.arguments.extend(input.map(|input| (name.clone(), input)));
        }
        for (id, source) in &line.secrets {
            let text = self.secret(line, id, source, values);
            inputs.secrets.push((id.clone(), Hidden(text)));
        }
        inputs
    }

    fn is_secret(&self, dockerfile: &Dockerfile, name: &str, value: &ArgumentValue) -> bool {
        let secrets = self.model.secrets(dockerfile);
        let settings = self.model.settings(dockerfile);
        let is_named = |name: &str| matches!(settings.classify_name(name), NameVerdict::Secret(_));
        let by_source = match value {
            ArgumentValue::Variable(variable) => is_named(variable),
            ArgumentValue::Expression(expression) => expression.starts_with("secrets."),
            ArgumentValue::File(_) => true,
            _ => false,
        };
        by_source || secrets.iter().any(|secret| secret.entry == Entry::Argument && secret.flow.name == name)
    }

    fn plain_argument(
        &self,
        dockerfile: &Dockerfile,
        name: &str,
        value: &ArgumentValue,
        remarks: &mut Vec<String>,
    ) -> Option<Input> {
        let variable = match value {
            ArgumentValue::Literal(text) => return Some(Input::Plain(text.reveal().to_owned())),
            ArgumentValue::Empty => return Some(Input::Plain(String::new())),
            ArgumentValue::Variable(variable) => variable,
            ArgumentValue::Inherited => name,
            ArgumentValue::Expression(_) | ArgumentValue::File(_) | ArgumentValue::Composite => name,
        };
        if let Some(text) = (self.variable)(variable) {
            return Some(Input::Plain(text));
        }
        if has_default(dockerfile, name) {
            remarks
                .push(format!("the build argument `{name}` is left to its default, because its value can't be told"));
            return None;
        }
        remarks.push(format!("the build argument `{name}` is `{PLACEHOLDER}`, because its value can't be told"));
        Some(Input::Plain(PLACEHOLDER.to_owned()))
    }

    fn secret_argument(&self, line: &BuildLine, name: &str, value: &ArgumentValue, values: &mut Values) -> Input {
        let text = match value {
            ArgumentValue::Empty => return Input::Plain(String::new()),
            ArgumentValue::Literal(text) => {
                values.literal(name, text.reveal());
                text.reveal().as_bytes().to_vec()
            }
            ArgumentValue::Variable(variable) => values.text(&[name, variable]),
            ArgumentValue::Expression(expression) => values.text(&[name, last_part(expression)]),
            ArgumentValue::File(path) => {
                let file = file_name(path);
                if let Some(content) = self.inside(line, path) {
                    values.literal(file, &String::from_utf8_lossy(&content));
                }
                values.text(&[name, file])
            }
            ArgumentValue::Inherited | ArgumentValue::Composite => values.text(&[name]),
        };
        Input::Secret(Hidden(text))
    }

    fn secret(&self, line: &BuildLine, id: &str, source: &SecretSource, values: &mut Values) -> Vec<u8> {
        match source {
            SecretSource::Variable(variable) => values.text(&[id, variable]),
            SecretSource::Expression(expression) => values.text(&[id, last_part(expression)]),
            SecretSource::Unknown => values.text(&[id]),
            SecretSource::File(path) => {
                let name = file_name(path);
                match self.inside(line, path) {
                    Some(content) => {
                        values.literal(name, &String::from_utf8_lossy(&content));
                        content
                    }
                    None => values.file(&[id, name], Utf8Path::new(path)),
                }
            }
        }
    }

    /// The content of a file that a caller names, if the copy has it: seen from the caller, the root or the context.
    fn inside(&self, line: &BuildLine, path: &str) -> Option<Vec<u8>> {
        if path.starts_with(['/', '~', '$']) {
            return None;
        }
        let path = path.trim_start_matches("./");
        let own = line.origin.as_ref().and_then(|origin| origin.file.parent());
        let folders = [own.unwrap_or(Utf8Path::new("")), Utf8Path::new(""), &line.context];
        folders.iter().find_map(|folder| (self.file)(&folder.join(path)))
    }
}

fn file_name(path: &str) -> &str {
    Utf8Path::new(path).file_name().unwrap_or(path)
}

/// The name in an expression such as `secrets.NPM_TOKEN`.
fn last_part(expression: &str) -> &str {
    expression.rsplit('.').next().unwrap_or(expression)
}

fn has_default(dockerfile: &Dockerfile, name: &str) -> bool {
    let arguments = dockerfile.steps.iter().filter(|step| step.keyword == Keyword::Arg);
    arguments.flat_map(|step| &step.pairs).any(|pair| pair.key == name && pair.value.is_some())
}

/// Makes the texts that an `ENV` of `dockerfile` gives a secret known by its name: the build that is migrated gets them from
/// outside.
pub(super) fn literals(model: &Model, dockerfile: &Dockerfile, values: &mut Values) {
    for secret in model.secrets(dockerfile).iter().filter(|secret| secret.entry == Entry::Variable) {
        for place in &secret.flow.literals {
            let pair = dockerfile.steps.get(place.step).and_then(|step| step.pairs.get(place.pair));
            let word = pair.and_then(|pair| pair.value.as_ref()).filter(|word| word.variables.is_empty());
            let Some(word) = word else { continue };
            if !matches!(
                classify_value(&word.value),
                ValueVerdict::Placeholder | ValueVerdict::Empty | ValueVerdict::Public
            ) {
                values.literal(&secret.flow.name, &word.value);
            }
        }
    }
}

/// The credential files that `dockerfile` copies and the repository does not have, with a content: whoever builds has them.
/// Those that the repository has become known as secrets.
pub(super) fn missing_files(
    scene: &Scene<'_>,
    dockerfile: &Dockerfile,
    lines: &[BuildLine],
    values: &mut Values,
) -> BTreeMap<Utf8PathBuf, Vec<u8>> {
    let contexts: BTreeSet<&Utf8Path> = lines.iter().map(|line| line.context.as_path()).collect();
    let mut files = BTreeMap::new();
    for copied in scene.model.copied_files(dockerfile).iter() {
        let name = copied.path.file_name().unwrap_or_default();
        for context in &contexts {
            let path = context.join(&copied.path);
            match (copied.content, (scene.file)(&path)) {
                (Content::Credential, Some(text)) => values.literal(name, &String::from_utf8_lossy(&text)),
                (Content::Unseen, None) if copied.shape == Shape::File => {
                    let path = if path.as_str().ends_with(".ssh") { path.join("id_rsa") } else { path };
                    let name = path.file_name().unwrap_or_default().to_owned();
                    files.insert(path.clone(), values.file(&[&name], &path));
                }
                _ => {}
            }
        }
    }
    files.extend(missing_sources(scene, lines, values));
    files
}

/// The files that callers read a secret from, and that lie beside them.
fn missing_sources(scene: &Scene<'_>, lines: &[BuildLine], values: &mut Values) -> BTreeMap<Utf8PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for line in lines {
        let arguments = line.arguments.iter().filter_map(|(name, value)| match value {
            ArgumentValue::File(path) => Some((name, path)),
            _ => None,
        });
        for (name, path) in arguments.filter(|(_, path)| !path.starts_with(['/', '~', '$'])) {
            if scene.inside(line, path).is_some() {
                continue;
            }
            let folder = line.origin.as_ref().and_then(|origin| origin.file.parent()).unwrap_or(Utf8Path::new(""));
            let path = folder.join(path.trim_start_matches("./"));
            let file = path.file_name().unwrap_or_default().to_owned();
            // `$(cat …)` takes the line feed away.
            files.insert(path.clone(), values.file(&[name, &file], &path));
        }
    }
    files
}

/// The variables of `dockerfile` that hold a secret, under every name that the Dockerfile gives them.
pub(super) fn secret_variables(model: &Model, dockerfile: &Dockerfile) -> BTreeSet<String> {
    let secrets = model.secrets(dockerfile);
    let names = secrets.iter().flat_map(|secret| {
        let relays = secret.flow.relays.iter().map(|relay| relay.name.clone());
        relays.chain([secret.flow.name.clone()])
    });
    names.collect()
}

/// The images that `dockerfile` starts from or copies from, as written.
pub(super) fn base_images(dockerfile: &Dockerfile) -> BTreeSet<String> {
    let from = dockerfile.stages.iter().filter_map(|stage| match &stage.base {
        crate::model::Base::Image(image) => Some(image.clone()),
        crate::model::Base::Stage(_) => None,
    });
    let flags = dockerfile.steps.iter().flat_map(|step| step.instruction.flags());
    let copied =
        flags.filter(|flag| flag.name == "from").map(|flag| slice(dockerfile.source.text(), flag.range).to_owned());
    let copied = copied.filter_map(|flag| flag.split_once('=').map(|(_, image)| image.to_owned()));
    from.chain(copied).collect()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::{repository::Repository, source::Source};

    const DOCKERFILE: &str = "FROM x\nARG NPM_TOKEN\nARG VERSION=1\nARG REVISION\nARG PIN\nCOPY .npmrc .\nRUN npm ci\n";

    fn model(script: &str) -> Model {
        let sources = [("Dockerfile", DOCKERFILE), ("build.sh", script)];
        let sources = sources.map(|(path, text)| Source::new(path, text.as_bytes().to_vec()));
        Model::new(Rc::new(Repository::new([], sources, vec!["Dockerfile".into()])), |_| true)
    }

    fn inputs(script: &str, values: &mut Values) -> Inputs {
        let model = model(script);
        let variable = |name: &str| (name == "PIN").then(|| "7".to_owned());
        let scene = Scene { model: &model, variable: &variable, file: &|_| None };
        let dockerfile = &model.dockerfiles[0];
        let lines = BuildLine::of_callers(&model, dockerfile);
        scene.inputs(&lines[0], dockerfile, values)
    }

    #[test]
    fn secrets_get_one_value_before_and_after_and_the_rest_what_can_be_told() {
        let mut values = Values::default();
        let before = inputs(
            "#!/bin/sh\ndocker build --build-arg NPM_TOKEN=$t --build-arg VERSION=$V --build-arg REVISION=$(git log) \
             --build-arg PIN --build-arg X=1 .\n",
            &mut values,
        );
        let text = values.text(&["NPM_TOKEN"]);
        let plain = |text: &str| Input::Plain(text.to_owned());
        assert_eq!(
            before.arguments,
            [
                ("NPM_TOKEN".to_owned(), Input::Secret(Hidden(text.clone()))),
                ("REVISION".to_owned(), plain("none")),
                ("PIN".to_owned(), plain("7")),
                ("X".to_owned(), plain("1")),
            ]
        );
        assert_eq!(before.remarks.len(), 2, "{:?}", before.remarks);
        let after = inputs("#!/bin/sh\nNPM_TOKEN=$t docker build --secret id=npm_token,env=NPM_TOKEN .\n", &mut values);
        assert_eq!(after.secrets, [("npm_token".to_owned(), Hidden(text))]);
    }

    #[test]
    fn files_that_git_ignores_are_made_up() {
        let model = model("#!/bin/sh\ndocker build --build-arg NPM_TOKEN=\"$(cat ci/token.txt)\" .\n");
        let scene = Scene { model: &model, variable: &|_| None, file: &|_| None };
        let mut values = Values::default();
        let dockerfile = &model.dockerfiles[0];
        let lines = BuildLine::of_callers(&model, dockerfile);
        let files = missing_files(&scene, dockerfile, &lines, &mut values);
        let paths: Vec<&str> = files.keys().map(|path| path.as_str()).collect();
        assert_eq!(paths, [".npmrc", "ci/token.txt"]);
        let token = values.text(&["NPM_TOKEN"]);
        assert_eq!(files[Utf8Path::new("ci/token.txt")], [token, b"\n".to_vec()].concat());
    }
}

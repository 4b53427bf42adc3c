//! The tasks Docker@0, @1 and @2 (microsoft/azure-pipelines-tasks `Tasks/DockerV2/task.json`).

use camino::Utf8Path;

use super::all_dockerfiles;
use super::paths::{expanded, resolve};
use super::step::Step;
use crate::callers::yaml::Cursor;
use crate::callers::{Build, Builder, Dockerfiles, Format, Surroundings};
use crate::source::range;

/// A task that builds.
pub(super) struct Task<'d> {
    /// Its options for `docker build`, where it honours them.
    pub options: Option<Cursor<'d>>,
    step: &'d Step<'d>,
    /// Why it can't pass a secret.
    without: Option<String>,
}

/// Whether `text` has one of the tasks.
pub(super) fn is_mentioned(text: &str) -> bool {
    text.contains("Docker@")
}

/// A build of a task without options.
pub(super) fn without_options(file: &Utf8Path) -> Build {
    Build::at(Format::Azure, file, range(0, 0), String::new())
}

impl<'d> Task<'d> {
    /// The task of `step`, if it builds. Without `command` Docker@2 builds and pushes, which passes over the options: "The
    /// arguments input is not supported when the command is buildAndPush. Ignoring the input."
    pub(super) fn of(step: &'d Step<'d>) -> Option<Self> {
        let (name, version) = step.text("task")?.split_once('@')?;
        if !name.eq_ignore_ascii_case("docker") {
            return None;
        }
        let command = step.input_text("command").unwrap_or("buildAndPush");
        let options = step.input("arguments").filter(|options| !options.node().is_null());
        let passes = options.is_some_and(|options| options.text().is_some_and(|text| text.contains("build-arg")));
        let old = version.starts_with(['0', '1']);
        let mut task = Self { options: None, step, without: None };
        match command.to_lowercase().as_str() {
            "buildandpush" if passes => {
                let split = "split it into `build`, with `--secret`, and `push`";
                task.without = Some(format!("`Docker@2` passes over `arguments` in `buildAndPush`: {split}"));
            }
            "buildandpush" => {}
            "build" => task.options = options,
            "build an image" if old => task.options = options,
            _ => return None,
        }
        if old && step.input("buildArguments").is_some_and(|list| !list.node().is_null()) {
            task.without = Some(format!("`Docker@{version}` takes build arguments as a list, and no secrets with it"));
        }
        Some(task)
    }

    /// Says what the inputs say: what is built, and whether it can be given a secret.
    pub(super) fn describe(&self, build: &mut Build, around: &dyn Surroundings) {
        let text = |key: &str| self.step.input_text(key).map(str::trim);
        if build.title.is_empty() {
            build.title = format!("task `{}`", self.step.text("task").unwrap_or("Docker@2"));
        }
        let dockerfile = text("Dockerfile").unwrap_or("**/Dockerfile");
        build.dockerfiles = if dockerfile == "**/Dockerfile" {
            all_dockerfiles(around)
        } else {
            match resolve(dockerfile, self.step) {
                Some(path) if around.is_file(&path) => Dockerfiles::One(path),
                _ => Dockerfiles::Unknown(expanded(dockerfile, self.step).unwrap_or_else(|| dockerfile.to_owned())),
            }
        };
        build.context = match text("buildContext").filter(|context| *context != "**") {
            Some(context) => resolve(context, self.step),
            None => match &build.dockerfiles {
                Dockerfiles::One(path) => path.parent().map(Utf8Path::to_owned),
                _ => None,
            },
        };
        if let Some(sentence) = &self.without {
            build.builder = Builder::WithoutSecrets(sentence.clone());
        }
    }
}

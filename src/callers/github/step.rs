use camino::{Utf8Path, Utf8PathBuf};

use super::expression::substitute;
use super::matrix::{self, Row};
use crate::callers::location::resolve;
use crate::callers::shell::release_of_image;
use crate::callers::yaml::{Cursor, Document, Path, Step as PathStep};
use crate::callers::{ArgumentValue, Folder, Whereabouts};
use crate::knowledge::engines::Release;

/// How often a variable whose value names another variable is looked up.
const MAXIMUM_LOOKUPS: usize = 4;

/// A step of a workflow's job or of a composite action, with what surrounds it.
#[derive(Clone)]
pub(super) struct Step<'d> {
    /// The step itself.
    pub body: Cursor<'d>,
    /// The way to it.
    pub path: Path,
    /// The job; `None` in a composite action.
    pub job: Option<Cursor<'d>>,
    /// The root of the file.
    pub root: Cursor<'d>,
    /// The steps before it.
    pub earlier: Vec<Cursor<'d>>,
}

/// All steps of `document`, in the order of the text.
pub(super) fn steps(document: &Document) -> Vec<Step<'_>> {
    let root = Cursor::root(document);
    let start = || vec![PathStep::Index(0)];
    let key = |key: &str| PathStep::Key(key.to_owned());
    let mut steps = Vec::new();
    for (name, job) in root.get("jobs").map(Cursor::entries).unwrap_or_default() {
        let path = [start(), vec![key("jobs"), key(name), key("steps")]].concat();
        collect(root, Some(job), job.get("steps"), &path, &mut steps);
    }
    let path = [start(), vec![key("runs"), key("steps")]].concat();
    collect(root, None, root.get("runs").and_then(|runs| runs.get("steps")), &path, &mut steps);
    steps
}

fn collect<'d>(
    root: Cursor<'d>,
    job: Option<Cursor<'d>>,
    list: Option<Cursor<'d>>,
    path: &Path,
    steps: &mut Vec<Step<'d>>,
) {
    let bodies = list.map(Cursor::items).unwrap_or_default();
    for (index, body) in bodies.iter().copied().enumerate() {
        let path = [path.as_slice(), &[PathStep::Index(index)]].concat();
        let earlier = bodies.get(..index).unwrap_or_default().to_vec();
        steps.push(Step { body, path, job, root, earlier });
    }
}

impl<'d> Step<'d> {
    /// The text of one input of the action that the step uses.
    pub(super) fn input(&self, key: &str) -> Option<Cursor<'d>> {
        self.body.get("with")?.get(key)
    }

    /// The builder that an earlier step has set up, where it says the version: `driver-opts: image=moby/buildkit:v0.9.3`
    /// (docker/setup-buildx-action, "Customizing").
    pub(super) fn release(&self) -> Option<Release> {
        self.earlier.iter().rev().find_map(|step| {
            step.get("uses")?.text()?.starts_with("docker/setup-buildx-action").then_some(())?;
            let options = step.get("with")?.get("driver-opts")?.text()?;
            options.split([',', '\n']).find_map(|option| release_of_image(option.trim().strip_prefix("image=")?))
        })
    }

    /// How it is shown to a person.
    pub(super) fn title(&self) -> String {
        let text = |key: &str| self.body.get(key).and_then(Cursor::text);
        match (text("name"), text("id"), text("uses")) {
            (Some(name), ..) => format!("step \"{name}\""),
            (None, Some(id), _) => format!("step `{id}`"),
            (None, None, Some(uses)) => format!("step `{}`", uses.split('@').next().unwrap_or(uses)),
            (None, None, None) => "`run` step".to_owned(),
        }
    }

    /// The value of an environment variable as written, from the step, its job or the workflow, in this order.
    pub(super) fn environment(&self, name: &str) -> Option<Cursor<'d>> {
        let scopes = [Some(self.body), self.job, Some(self.root)];
        scopes.into_iter().flatten().find_map(|scope| scope.get("env")?.get(name))
    }

    /// All environment variables, the nearest scope first where a name is in several.
    pub(super) fn all_environment(&self) -> Vec<(&'d str, Cursor<'d>)> {
        let mut all: Vec<(&str, Cursor<'_>)> = Vec::new();
        for scope in [Some(self.body), self.job, Some(self.root)].into_iter().flatten() {
            for (name, value) in scope.get("env").map(Cursor::entries).unwrap_or_default() {
                if all.iter().all(|(known, _)| *known != name) {
                    all.push((name, value));
                }
            }
        }
        all
    }

    /// Whether the workflow also runs for pull requests from forks, which get no secrets.
    pub(super) fn runs_for_forks(&self) -> bool {
        let Some(events) = self.root.get("on") else { return false };
        let named = |event: Option<&str>| event == Some("pull_request");
        named(events.text())
            || events.get("pull_request").is_some()
            || events.items().iter().any(|item| named(item.text()))
    }

    /// Whether `value` is a secret of the repository here, by itself or through `env`; `name` is what is passed without one.
    pub(super) fn is_secret(&self, name: &str, value: &ArgumentValue) -> bool {
        let of_environment = |name: &str| {
            let text = self.environment(name).and_then(Cursor::text);
            text.is_some_and(|text| text.contains("secrets."))
        };
        match value {
            ArgumentValue::Inherited => of_environment(name),
            ArgumentValue::Variable(variable) => of_environment(variable),
            ArgumentValue::Expression(text) => {
                text.contains("secrets.") || text.trim().strip_prefix("env.").is_some_and(of_environment)
            }
            _ => false,
        }
    }

    /// Whether workflows of other repositories may run it: a reusable workflow, a composite action.
    pub(super) fn is_run_by_others(&self) -> bool {
        let Some(events) = self.root.get("on") else { return self.job.is_none() };
        let named = |event: Option<&str>| event == Some("workflow_call");
        named(events.text())
            || events.get("workflow_call").is_some()
            || events.items().iter().any(|item| named(item.text()))
    }

    /// A setting of `run` steps (`working-directory`, `shell`) from the step or the defaults of its job or workflow.
    pub(super) fn run_setting(&self, key: &str) -> Option<&'d str> {
        let default = |scope: Cursor<'d>| scope.get("defaults")?.get("run")?.get(key);
        let setting = self.body.get(key).or_else(|| self.job.and_then(default)).or_else(|| default(self.root));
        setting.and_then(Cursor::text)
    }

    /// The combinations of its job's matrix; `None` where they are computed at run time.
    pub(super) fn rows(&self) -> Option<Vec<Row>> {
        self.job.map_or_else(|| Some(vec![Row::new()]), matrix::rows)
    }

    /// `text` with its expressions replaced, for one combination of the matrix and a file at `file`.
    pub(super) fn expand(&self, text: &str, row: &Row, file: &Utf8Path) -> Option<String> {
        self.expand_within(text, row, file, MAXIMUM_LOOKUPS)
    }

    fn expand_within(&self, text: &str, row: &Row, file: &Utf8Path, lookups: usize) -> Option<String> {
        let lookups = lookups.checked_sub(1)?;
        substitute(text, &|expression| match expression.split_once('.')? {
            ("matrix", path) => self.expand_within(row.get(path)?, row, file, lookups),
            ("env", name) => self.expand_within(self.environment(name)?.text()?, row, file, lookups),
            ("github", "workspace") => Some(".".to_owned()),
            ("github", "action_path") => Some(format!("./{}", file.strip_prefix(project(file)).ok()?.parent()?)),
            _ => None,
        })
    }

    /// A path of the workspace as a path from the repository's root, for a workflow or action at `file`.
    pub(super) fn in_repository(&self, file: &Utf8Path, path: &str) -> Place {
        match self.in_workspace(path) {
            Place::Inside(path) => Place::Inside(project(file).join(path)),
            other => other,
        }
    }

    /// The folders into which steps before this one check other repositories out, for a workflow or action at `file`.
    pub(super) fn folders(&self, file: &Utf8Path) -> Vec<Folder> {
        let checkouts = self.checkouts().filter_map(|checkout| {
            let repository = checkout.repository?;
            Some(Folder::at(&project(file).join(checkout.folder), repository, checkout.reference))
        });
        checkouts.collect()
    }

    /// What earlier steps check out, in their order.
    fn checkouts(&self) -> impl Iterator<Item = Checkout> {
        let uses = |step: &Cursor<'_>| step.get("uses").and_then(Cursor::text).unwrap_or("").to_owned();
        let checkouts = self.earlier.iter().filter(move |step| uses(step).starts_with("actions/checkout@"));
        checkouts.filter_map(|step| step.get("with")).filter_map(Checkout::of)
    }

    fn in_workspace(&self, path: &str) -> Place {
        let Some(resolved) = resolve(Utf8Path::new(""), path) else { return Place::Elsewhere };
        let holds = |checkout: &Checkout| resolved.starts_with(&checkout.folder);
        // The deepest folder that holds it, and what was put there last.
        let checkout = self.checkouts().filter(holds).max_by_key(|checkout| checkout.folder.components().count());
        match checkout {
            Some(checkout) if checkout.repository.is_some() => Place::Foreign(resolved),
            Some(checkout) => {
                let inside = resolved.strip_prefix(&checkout.folder).map(Utf8Path::to_owned);
                Place::Inside(inside.unwrap_or(resolved))
            }
            None => Place::Inside(resolved),
        }
    }
}

/// What a step with `actions/checkout` puts where (its README, "Usage").
struct Checkout {
    /// The folder in the workspace.
    folder: Utf8PathBuf,
    /// The repository; `None` for the one that the workflow runs in.
    repository: Option<Whereabouts>,
    /// The branch, tag or commit, where it is a fixed one.
    reference: Option<String>,
}

impl Checkout {
    fn of(with: Cursor<'_>) -> Option<Self> {
        let text = |key: &str| with.get(key).and_then(Cursor::text).map(str::trim).filter(|text| !text.is_empty());
        let folder = resolve(Utf8Path::new(""), text("path").unwrap_or("."))?;
        let named = text("repository").map(|name| name.replace(' ', ""));
        let named = named.filter(|name| name != "${{github.repository}}");
        let repository = named.map(|name| {
            let name = name.strip_prefix("${{github.repository_owner}}/").unwrap_or(&name);
            Whereabouts::Forge(name.to_owned())
        });
        let reference = text("ref").map(str::to_owned);
        Some(Self { folder, repository, reference })
    }
}

/// The folder that a workflow or action at `file` takes for the root of its repository: the one that holds its `.github`,
/// which may be a project inside of this repository (an example, a template), else the root.
pub(super) fn project(file: &Utf8Path) -> &Utf8Path {
    let holder = file.ancestors().find(|folder| folder.file_name() == Some(".github")).and_then(Utf8Path::parent);
    holder.unwrap_or(Utf8Path::new(""))
}

/// Where a path of the workspace leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// To this path from the repository's root.
    Inside(Utf8PathBuf),
    /// To this path of the workspace, where another repository was checked out.
    Foreign(Utf8PathBuf),
    /// Out of the workspace.
    Elsewhere,
}

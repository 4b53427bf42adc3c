use super::Dockerfile;
use crate::source::TextRange;
use crate::syntax::dockerfile::Keyword;

/// The folder that BuildKit mounts secrets in unless a `target=` says otherwise.
pub const SECRETS: &str = "/run/secrets/";

/// A `--mount=type=secret` of a RUN, with BuildKit's defaults filled in
/// (`frontend/dockerfile/dockerfile2llb/convert_secrets.go`; docs.docker.com/reference/dockerfile, `RUN --mount=type=secret`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretMount {
    /// The id that a build has to pass: `id=` or `source=`, else the last part of the target.
    pub id: String,
    /// The file; `None` where there is an `env=` and no `target=`.
    pub path: Option<String>,
    /// The variable, where there is an `env=`.
    pub variable: Option<String>,
    /// Whether the build stops where no secret of this id is passed.
    pub required: bool,
    /// The flag in the file.
    pub range: TextRange,
    /// The flag without quotes and escapes, to be written elsewhere.
    pub flag: String,
}

impl Dockerfile {
    /// The secret mounts of the step at `index`, in order.
    #[must_use]
    pub fn secret_mounts(&self, index: usize) -> Vec<SecretMount> {
        let Some(step) = self.steps.get(index).filter(|step| step.keyword == Keyword::Run) else { return Vec::new() };
        let flags = step.instruction.flags();
        flags.iter().filter_map(|flag| self.secret_mount(index, flag)).collect()
    }

    fn secret_mount(&self, index: usize, flag: &crate::syntax::dockerfile::Flag) -> Option<SecretMount> {
        let mount = flag.mount().filter(|mount| mount.kind == "secret")?;
        let target = mount.get("target").map(|target| self.absolute(index, target));
        let named = mount.get("id").or_else(|| mount.get("source")).map(str::to_owned);
        let id = named.or_else(|| target.as_deref().map(|target| file_name(target).to_owned()))?;
        let variable = mount.get("env").map(str::to_owned);
        let path = match (target, &variable) {
            (Some(target), _) => Some(target),
            (None, Some(_)) => None,
            (None, None) => Some(format!("{SECRETS}{}", file_name(&id))),
        };
        let required = mount.get("required").is_some_and(|value| matches!(value, "" | "true" | "True" | "TRUE" | "1"));
        let text = format!("--mount={}", flag.value.as_deref().unwrap_or_default());
        Some(SecretMount { id, path, variable, required, range: flag.range, flag: text })
    }

    /// A path as the step at `index` sees it: a relative one is below the working directory, where that is known.
    #[must_use]
    pub fn absolute(&self, index: usize, path: &str) -> String {
        if path.starts_with(['/', '~', '$']) {
            return path.to_owned();
        }
        let mut folder = String::new();
        for step in self.steps_before(index).filter(|step| step.keyword == Keyword::Workdir) {
            let word = step.instruction.words().first().map(|word| word.value.clone()).unwrap_or_default();
            folder = if word.starts_with('/') { word } else { format!("{}/{word}", folder.trim_end_matches('/')) };
        }
        let path = path.trim_start_matches("./");
        if folder.is_empty() { path.to_owned() } else { format!("{}/{path}", folder.trim_end_matches('/')) }
    }
}

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

//! The actions that build images, from their own `action.yml` files.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// How an action's input lists build arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListForm {
    /// One `NAME=value` a line, read as CSV.
    Lines,
    /// `NAME=value` or `NAME`, with commas between them.
    Commas,
    /// Flags of a command line, `--build-arg` among them.
    Flags,
}

/// What an action passes secrets with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    /// BuildKit, with the inputs `secrets`, `secret-envs` and `secret-files` of docker/build-push-action.
    BuildKit,
    /// Buildah, with flags in `extra-args` only.
    Buildah,
    /// Nothing.
    None,
}

/// An action that builds images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Action {
    /// What stands before the `@` of `uses`, in lower case.
    pub name: &'static str,
    /// What it passes secrets with.
    pub engine: Engine,
    /// Its input for build arguments.
    pub arguments: &'static str,
    /// The form of that input.
    pub form: ListForm,
    /// Its input for the Dockerfile, relative to the workspace.
    pub dockerfile: &'static str,
    /// Its input for the build context.
    pub context: &'static str,
}

const fn buildkit(name: &'static str) -> Action {
    let (arguments, dockerfile, context) = ("build-args", "file", "context");
    Action { name, engine: Engine::BuildKit, arguments, form: ListForm::Lines, dockerfile, context }
}

const fn plain(name: &'static str, arguments: &'static str, form: ListForm, dockerfile: &'static str) -> Action {
    Action { name, engine: Engine::None, arguments, form, dockerfile, context: "context" }
}

const ACTIONS: [Action; 12] = [
    buildkit("docker/build-push-action"),
    buildkit("depot/build-push-action"),
    buildkit("useblacksmith/build-push-action"),
    Action { engine: Engine::Buildah, dockerfile: "containerfiles", ..buildkit("redhat-actions/buildah-build") },
    Action { context: "path", ..plain("aevea/action-kaniko", "extra_args", ListForm::Flags, "build_file") },
    plain("elgohr/publish-docker-github-action", "buildargs", ListForm::Commas, "dockerfile"),
    Action {
        context: "directory",
        ..plain("mr-smithers-excellent/docker-build-push", "buildArgs", ListForm::Commas, "dockerfile")
    },
    plain("whoan/docker-build-with-cache-action", "build_extra_args", ListForm::Flags, "dockerfile"),
    plain("macbre/push-to-ghcr", "build_args", ListForm::Commas, "dockerfile"),
    plain("akhileshns/heroku-deploy", "docker_build_args", ListForm::Lines, "dockerfile_name"),
    plain("superfly/flyctl-actions", "args", ListForm::Flags, "dockerfile"),
    plain("docker://gcr.io/kaniko-project/executor", "args", ListForm::Flags, "dockerfile"),
];

/// The action that `uses` names, if it is one that builds images.
pub(super) fn find(uses: &str) -> Option<&'static Action> {
    let name = uses.split('@').next().unwrap_or(uses).to_lowercase();
    // An image is followed by `:tag`, an action by nothing.
    ACTIONS.iter().find(|action| {
        name.strip_prefix(action.name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']) && name.starts_with("docker://"))
    })
}

static NAMES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let names = ACTIONS.iter().map(|action| action.name).chain([super::bake::ACTION]);
    AhoCorasick::builder().ascii_case_insensitive(true).build(names).ok()
});

/// Whether `text` has the name of one of the actions.
pub(super) fn is_mentioned(text: &str) -> bool {
    NAMES.as_ref().is_none_or(|names| names.is_match(text))
}

/// The version behind the `@` of `uses` as far as it is written: `v5` is `(5, None)`, a commit or branch is `None`.
pub(super) fn version(uses: &str) -> Option<(u32, Option<u32>)> {
    let version = uses.split_once('@')?.1;
    let mut parts = version.strip_prefix('v').unwrap_or(version).split('.');
    let major = parts.next().filter(|major| major.len() <= 3)?.parse().ok()?;
    Some((major, parts.next().and_then(|minor| minor.parse().ok())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_known_by_name_and_version() {
        assert_eq!(find("docker/build-push-action@v6").map(|action| action.engine), Some(Engine::BuildKit));
        assert_eq!(find("elgohr/Publish-Docker-Github-Action@v5").map(|action| action.engine), Some(Engine::None));
        assert!(find("docker://gcr.io/kaniko-project/executor:v1").is_some());
        assert!(find("docker/login-action@v3").is_none());
        assert!(is_mentioned("uses: elgohr/Publish-Docker-Github-Action@v5"));
        assert_eq!(version("a/b@v5.1.0"), Some((5, Some(1))));
        assert_eq!(version("a/b@v2"), Some((2, None)));
        assert_eq!(version("a/b@0565240e2d4ab88bba5387d719585280857ece09"), None);
    }
}

//! What builds a Dockerfile, as far as it decides how a RUN can get a secret.

use camino::Utf8PathBuf;

use crate::knowledge::engines::{Engine, Release, SecretMounts, Version};
use crate::source::TextRange;

use super::{Dockerfile, Model};

impl Model {
    /// The engines that build `dockerfile`: those of its builds that have secrets, and those that somebody named. A version
    /// that was named counts for the builds that say none.
    #[must_use]
    pub fn engines(&self, dockerfile: &Dockerfile) -> Vec<Release> {
        let settings = self.settings(dockerfile);
        let named = &settings.engines;
        let builds = self.bound_builds(dockerfile).into_iter().filter_map(|bound| bound.build.builder.release());
        let mut engines: Vec<Release> = builds
            .filter(|release| release.version.is_some() || !named.iter().any(|other| is_of_one_sort(*release, *other)))
            .chain(named.iter().copied())
            .collect();
        engines.sort_unstable();
        engines.dedup();
        engines
    }

    /// What all engines that build `dockerfile` can give a RUN; a Dockerfile that nothing here builds is for Docker. An
    /// engine without any secrets does not count: nothing helps where it builds.
    #[must_use]
    pub fn secret_mounts(&self, dockerfile: &Dockerfile) -> SecretMounts {
        let all = self.engines(dockerfile).into_iter().map(Release::secret_mounts);
        all.filter(|mounts| *mounts != SecretMounts::None).min().unwrap_or(SecretMounts::VariableWithHeader)
    }

    /// Where a file of the repository installs a buildx that takes no secret from the environment, and its version.
    #[must_use]
    pub fn old_buildx(&self) -> Option<&(Utf8PathBuf, TextRange, Version)> {
        self.index.old_buildx()
    }

    /// Whether some engine that builds `dockerfile` gives a RUN a secret as a file only.
    #[must_use]
    pub fn has_only_files(&self, dockerfile: &Dockerfile) -> bool {
        self.secret_mounts(dockerfile) == SecretMounts::File
    }
}

/// Whether one may be said to be the other: what is called Podman in a script is Buildah's code.
fn is_of_one_sort(one: Release, other: Release) -> bool {
    let sort = |engine: Engine| match engine {
        Engine::Podman => Engine::Buildah,
        Engine::BuildKit => Engine::Docker,
        engine => engine,
    };
    sort(one.engine) == sort(other.engine)
}

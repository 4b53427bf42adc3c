//! Where the commands of a job run: whose docker builds there.

use camino::Utf8Path;

use crate::callers::shell::release_of_image;
use crate::callers::yaml::Cursor;
use crate::callers::{Format, Surroundings};
use crate::knowledge::engines::{Engine, Release};

/// What a file may be called that describes projects of CodeBuild: templates of CloudFormation, Terraform, programs of the CDK.
const TEMPLATES: [&str; 8] = ["yml", "yaml", "json", "template", "tf", "ts", "py", "js"];

/// The images that CodeBuild brings.
const CODE_BUILD_IMAGES: &str = "aws/codebuild/";

/// What a place begins with of which only the runtime is known that CodeBuild is asked for.
const RUNTIME: &str = "runtime-versions/docker:";

/// The docker that a job calls, and the engine behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Host {
    /// Where the commands run, as [`release_of_image`] knows it.
    pub place: Option<String>,
    /// The engine that a service of the job brings, where it says its version.
    pub service: Option<Release>,
}

impl Host {
    /// That of commands in the innermost of `scopes`.
    pub(super) fn of(format: Format, scopes: &[Cursor<'_>], text: &str) -> Self {
        let place = match format {
            Format::Travis => distribution(scopes, text),
            Format::CodeBuild => batch_image(scopes).or_else(|| runtime(scopes)),
            _ => image(scopes).map(str::to_owned),
        };
        Self { place, service: service(format, scopes) }
    }

    /// Runs the commands in `image`, where nothing but a runtime is said of the place.
    pub(super) fn run_in(&mut self, image: Option<&str>) {
        if self.place.as_deref().is_none_or(|place| place.starts_with(RUNTIME)) {
            self.place = image.map(str::to_owned).or(self.place.take());
        }
    }

    /// The engine that builds, where its version is known.
    pub(super) fn release(&self) -> Option<Release> {
        self.service.or_else(|| release_of_image(self.place.as_deref()?))
    }
}

/// The image of the innermost scope that has one.
fn image<'d>(scopes: &[Cursor<'d>]) -> Option<&'d str> {
    scopes.iter().rev().find_map(|scope| named(scope.get("image")?))
}

/// An image, which is a text or has a name.
fn named(image: Cursor<'_>) -> Option<&str> {
    image.get("name").unwrap_or(image).text()
}

/// The Docker among the services of a job (docs.gitlab.com, "Use Docker-in-Docker"; docs.drone.io, "Services"; the service
/// `docker` of Bitbucket is defined for the whole file).
fn service(format: Format, scopes: &[Cursor<'_>]) -> Option<Release> {
    let docker = |image: Cursor<'_>| {
        let image = image.get("image").unwrap_or(image);
        release_of_image(named(image)?).filter(|release| release.engine == Engine::Docker)
    };
    if format == Format::Bitbucket {
        return docker(scopes.first()?.get("definitions")?.get("services")?.get("docker")?);
    }
    let services = scopes.iter().rev().find_map(|scope| scope.get("services"))?;
    let all = services.items().into_iter().chain(services.entries().into_iter().map(|(_, service)| service));
    all.filter_map(docker).min()
}

/// The distribution of Travis's machine with the oldest Docker on which the commands may run. It says nothing where the file
/// installs another Docker (docs.travis-ci.com, "Using Docker in Builds").
fn distribution(scopes: &[Cursor<'_>], text: &str) -> Option<String> {
    if ["docker-ce", "get.docker.com", "docker.io"].iter().any(|installed| text.contains(installed)) {
        return None;
    }
    let own = scopes.iter().rev().find_map(|scope| scope.get("dist"));
    let matrix = ["jobs", "matrix"].iter().filter_map(|key| scopes.first()?.get(key)?.get("include"));
    let rows = matrix.flat_map(Cursor::items).filter_map(|job| job.get("dist")).filter(|_| scopes.len() == 1);
    oldest(own.into_iter().chain(rows).filter_map(Cursor::text).map(|name| format!("dist: {name}")))
}

/// The image of a build of a batch (docs.aws.amazon.com/codebuild, "Batch build buildspec reference").
fn batch_image(scopes: &[Cursor<'_>]) -> Option<String> {
    let batch = scopes.first()?.get("batch")?;
    let builds = ["build-list", "build-graph"].iter().filter_map(|key| batch.get(key)).flat_map(Cursor::items);
    let images = builds.chain([batch]).filter_map(|build| build.get("env")?.get("image")?.text().map(str::to_owned));
    oldest(images)
}

/// The runtime that an older image has for Docker.
fn runtime(scopes: &[Cursor<'_>]) -> Option<String> {
    let versions = scopes.first()?.get("phases")?.get("install")?.get("runtime-versions")?;
    versions.get("docker")?.text().map(|version| format!("{RUNTIME}{version}"))
}

/// The image of CodeBuild with the oldest Docker that a template of the repository names: which project has which
/// specification, only the account knows.
pub(super) fn project_image(around: &dyn Surroundings) -> Option<String> {
    let mut found: Option<String> = None;
    loop {
        let older = |path: &Utf8Path, text: &str| older_image(path, text, found.as_deref()).is_some();
        let Some(image) = around.find(&older).and_then(|path| older_image(path, around.text(path)?, found.as_deref()))
        else {
            return found;
        };
        found = Some(image);
    }
}

/// An image that `text` names and whose Docker is older than that of `than`.
fn older_image(path: &Utf8Path, text: &str, than: Option<&str>) -> Option<String> {
    if !path.extension().is_some_and(|extension| TEMPLATES.contains(&extension)) {
        return None;
    }
    let known = than.and_then(release_of_image);
    let is_part = |char: char| char.is_ascii_alphanumeric() || "/:._-".contains(char);
    let images = text.match_indices(CODE_BUILD_IMAGES).map(|(at, _)| {
        let rest = &text[at..];
        rest.get(..rest.find(|char| !is_part(char)).unwrap_or(rest.len())).unwrap_or("")
    });
    let older = |image: &&str| release_of_image(image).is_some_and(|one| known.is_none_or(|known| one < known));
    images.filter(older).map(str::to_owned).next()
}

/// The place with the oldest Docker; one of which nothing is known counts as new.
fn oldest(places: impl Iterator<Item = String>) -> Option<String> {
    let known = places.filter_map(|place| Some((release_of_image(&place)?, place)));
    known.min_by_key(|(release, _)| *release).map(|(_, place)| place)
}

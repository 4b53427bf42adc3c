//! How the paths of a command line may be read.

use camino::{Utf8Path, Utf8PathBuf};

use super::super::bake;
use super::super::command::{BuildCommand, Family, Operand, UNKNOWN};
use super::super::location::{Place, Reading, absolute, choose, inside, is_around, is_remote, join};
use super::super::outside::{Folder, of_address};
use super::super::{Format, Surroundings};
use super::{Site, clones};

/// Where a command is started, and what it is given.
pub(super) struct Start<'a> {
    /// The text that holds it.
    pub site: &'a Site<'a>,
    /// The directories in which it may run, as [`join`] writes them.
    pub directories: &'a [String],
    /// The folders in which other repositories lie by then.
    pub folders: &'a [Folder],
    /// The file that is redirected to its standard input.
    pub input: Option<&'a Operand>,
    /// What a person is told where nothing fits.
    pub telling: &'a str,
}

impl Start<'_> {
    /// What `command` builds.
    pub(super) fn resolve(&self, command: &BuildCommand, around: &dyn Surroundings) -> Place {
        let context = command.context.as_ref();
        let from_input = |operand: Option<&Operand>| operand.and_then(Operand::text) == Some("-");
        if let Some(address) = context.and_then(Self::address) {
            let file = command.file.as_ref().map(|file| file.text().unwrap_or("\u{f8ff}"));
            return Place::elsewhere(of_address(address, file));
        }
        let file = match (from_input(context) || from_input(command.file.as_ref()), self.input) {
            (true, None) => return Place::elsewhere(None),
            (true, Some(input)) => Some(input),
            (false, _) => command.file.as_ref(),
        };
        if command.program.family == Family::Bake {
            return self.baked(command, around);
        }
        if context.is_none() && file.is_none() && (!command.opaque.is_empty() || !command.program.family.has_context())
        {
            return Place::unknown(self.telling);
        }
        let readings = self.readings(command.program.family, context, file, around);
        // The first directory is the deepest: the folder of the file, or the one that a step is started in.
        let home = self.site.directories.first().map_or(Utf8Path::new(""), Utf8PathBuf::as_path);
        let is_absolute = |reading: &Reading| inside(&reading.dockerfile).is_none() && !reading.around;
        let more = if readings.iter().all(is_absolute) { clones::anywhere(self.site.text) } else { Vec::new() };
        choose(&readings, &[self.folders, &more].concat(), home, self.telling, around)
    }

    /// The address that a context is, where it is one; parts of it may be unknown, such as a password.
    fn address(context: &Operand) -> Option<&str> {
        let [text] = context.texts.as_slice() else { return None };
        is_remote(text).then_some(text)
    }

    /// What the targets of a bake file build for which the command sets something.
    fn baked(&self, command: &BuildCommand, around: &dyn Surroundings) -> Place {
        let unknown = || Place::unknown(self.telling);
        let texts = |operands: &[Operand]| -> Option<Vec<String>> {
            operands.iter().map(|operand| operand.text().map(str::to_owned)).collect()
        };
        let (Some(files), Some(targets)) = (texts(&command.bake.files), texts(&command.bake.targets)) else {
            return unknown();
        };
        let patterns: Vec<&str> = command.bake.patterns.iter().map(String::as_str).collect();
        let found = self.directories.iter().find_map(|directory| {
            let paths: Option<Vec<Utf8PathBuf>> = files.iter().map(|file| inside(&join(directory, file))).collect();
            bake::dockerfiles(&inside(directory)?, &paths?, &targets, &patterns, around)
        });
        found.map_or_else(unknown, |dockerfiles| Place { dockerfiles, context: None, outside: None })
    }

    fn readings(
        &self,
        family: Family,
        context: Option<&Operand>,
        file: Option<&Operand>,
        around: &dyn Surroundings,
    ) -> Vec<Reading> {
        let here = [".".to_owned()];
        let mut readings: Vec<Reading> = Vec::new();
        for directory in self.directories {
            for context in context.map_or(&here[..], |context| &context.texts) {
                let context = self.site.join(directory, &self.context(family, context));
                let local = inside(&context).filter(|path| !path.as_str().contains(UNKNOWN));
                let mut push = |dockerfile: String| {
                    let written = self.written(&dockerfile);
                    let reading = Reading { dockerfile, written, context: local.clone(), around: is_around(&context) };
                    if !readings.contains(&reading) {
                        readings.push(reading);
                    }
                };
                match file {
                    // Kaniko and buildctl look for the file in the context, docker from where it is called.
                    Some(file) => file.texts.iter().for_each(|file| {
                        let in_context = matches!(family, Family::Kaniko | Family::Buildctl);
                        push(self.site.join(if in_context { &context } else { directory }, file));
                    }),
                    None => push(join(&context, default_name(family, &context, around))),
                }
            }
        }
        readings
    }

    /// A context as a path. Kaniko writes `dir://` in front of one, and its `/workspace` is where build systems check the
    /// repository out (kaniko README, "Kaniko Build Contexts"; Cloud Build, "Build configuration").
    fn context(&self, family: Family, written: &str) -> String {
        let path = written.strip_prefix("dir://").unwrap_or(written);
        match path.strip_prefix("/workspace") {
            Some(rest) if family == Family::Kaniko && (rest.is_empty() || rest.starts_with('/')) => {
                format!("{}{rest}", absolute(&self.site.checkout))
            }
            _ => path.to_owned(),
        }
    }

    /// `path` without the longest directory in which the text may have been started.
    fn written(&self, path: &str) -> String {
        let starts = self.site.directories.iter().map(|directory| absolute(directory));
        let rests = starts.filter_map(|start| path.strip_prefix(start.as_str()).filter(|rest| rest.starts_with('/')));
        rests.min_by_key(|rest| rest.len()).unwrap_or(path).to_owned()
    }
}

impl Site<'_> {
    /// `path` seen from `directory`; where the host puts its checkout lies this repository.
    pub(super) fn join(&self, directory: &str, path: &str) -> String {
        let joined = join(directory, path);
        let place = match self.format {
            // The default of a job (circleci.com/docs, "Configuration reference", `working_directory`).
            Format::CircleCi => self.environment.get("CIRCLE_WORKING_DIRECTORY").map_or("~/project", String::as_str),
            // Google Cloud, "Build configuration file schema", `dir`.
            Format::CloudBuild => "/workspace",
            _ => return joined,
        };
        let place = place.trim_end_matches('/');
        let rest = match place.strip_prefix('~') {
            // The homes of the users that CircleCI's images run as.
            Some(way) => {
                ["~", "/home/circleci", "/root"].iter().find_map(|home| joined.strip_prefix(home)?.strip_prefix(way))
            }
            None => joined.strip_prefix(place),
        };
        match rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
            Some(rest) => format!("{}{rest}", absolute(&self.checkout)),
            None => joined,
        }
    }
}

/// Podman and Buildah prefer a `Containerfile` (`buildah/imagebuildah/build.go`).
fn default_name(family: Family, context: &str, around: &dyn Surroundings) -> &'static str {
    let containerfile =
        family == Family::Buildah && inside(&join(context, "Containerfile")).is_some_and(|path| around.is_file(&path));
    if containerfile { "Containerfile" } else { "Dockerfile" }
}

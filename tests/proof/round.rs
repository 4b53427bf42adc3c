//! One round of proof: build, look, migrate, build again, look again, migrate again, clean up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::canary::{Canary, unique_digits};
use crate::case::{Case, Expectation, Manifest, Step};
use crate::command::{self, Ended, last_lines};
use crate::engine::Engine;
use crate::scan::{Leak, Place, Searcher, Stored, leaks_in_text, summary};
use crate::service::Service;
use crate::workflow;
use crate::workspace::{self, Addresses, PLAIN_SERVICES};

/// Who changes the repository between the two builds.
pub enum Migration {
    /// The program that is tested.
    Tool,
    /// A person: the files of this folder are laid over the repository. Proves the proof.
    ByHand(PathBuf),
}

/// What a round found.
pub struct Outcome {
    pub before: Vec<Leak>,
    /// `None` for a case that is not migrated.
    pub after: Option<Vec<Leak>>,
    pub elapsed: Duration,
}

/// Proves one case. An error says which step did not go as expected.
pub fn prove(case: &Case, engine: &Engine, migration: &Migration) -> Result<Outcome> {
    let start = Instant::now();
    let round = Round::prepare(case, engine)?;
    let result = round.run(migration);
    let cleaned = round.clean();
    let (before, after) = result.with_context(|| case.manifest.about.clone())?;
    cleaned?;
    Ok(Outcome { before, after, elapsed: start.elapsed() })
}

struct Round<'a> {
    case: &'a Case,
    engine: &'a Engine,
    searcher: Searcher,
    nonce: String,
    addresses: Addresses,
    service: Service,
    folder: TempDir,
}

/// What one build left behind apart from its images.
struct Built {
    log: String,
    provenance: String,
}

impl<'a> Round<'a> {
    fn prepare(case: &'a Case, engine: &'a Engine) -> Result<Self> {
        let canary = Canary::with_key()?;
        let nonce = format!("run{}", unique_digits(8));
        let service = Service::start(&canary, &nonce)?;
        let base = engine.base_for(&case.folder)?;
        let addresses = Addresses::of(&service, &canary, &nonce, base);
        let folder = TempDir::with_prefix("dfmigrate-proof-")?;
        let searcher = Searcher::new(&canary)?;
        Ok(Self { case, engine, searcher, nonce, addresses, service, folder })
    }

    fn run(&self, migration: &Migration) -> Result<(Vec<Leak>, Option<Vec<Leak>>)> {
        let (before, after) = (self.folder.path().join("before"), self.folder.path().join("after"));
        self.addresses.copy(&self.case.repository, &before)?;
        workspace::duplicate(&before, &after)?;
        if let Expectation::Fails(words) = &self.case.manifest.expect {
            let ended = self.start_builds(&before, "before")?;
            ensure!(ended.status != 0, "the build was to fail");
            ensure!(ended.output.contains(words), "the build fails otherwise:\n{}", last_lines(&ended.output, 40));
            return Ok((Vec::new(), None));
        }
        if matches!(self.case.manifest.expect, Expectation::Repaired) {
            let ended = self.start_builds(&before, "before")?;
            ensure!(ended.status != 0, "the build was to fail before the repair");
            return self.repaired(&after, migration);
        }
        let first = self.build(&before, "before").context("the original")?;
        if !matches!(self.case.manifest.expect, Expectation::Migrates) {
            let leaks = self.leaks(&first, &self.store(&["before"])?, "before")?;
            self.check_before(&leaks)?;
            self.check_refusal(&after)?;
            return Ok((leaks, None));
        }
        self.migrate(&after, migration)?;
        let buildable = self.folder.path().join("buildable");
        workspace::duplicate(&after, &buildable)?;
        let second = self.build(&buildable, "after").context("after the migration")?;
        self.migrate_again(&after, migration)?;
        let stored = self.store(&["before", "after"])?;
        let leaks = self.leaks(&first, &stored, "before")?;
        self.check_before(&leaks)?;
        let rest = self.leaks(&second, &stored, "after")?;
        let is_clean = rest.iter().all(|leak| self.case.manifest.allows.contains(&leak.place));
        ensure!(is_clean, "after the migration the value still rests in:\n{}", lines(&rest));
        Ok((leaks, Some(rest)))
    }

    /// Repairs a repository whose build fails.
    fn repaired(&self, after: &Path, migration: &Migration) -> Result<(Vec<Leak>, Option<Vec<Leak>>)> {
        self.migrate(after, migration)?;
        let buildable = self.folder.path().join("buildable");
        workspace::duplicate(after, &buildable)?;
        let built = self.build(&buildable, "after").context("after the repair")?;
        self.migrate_again(after, migration)?;
        let rest = self.leaks(&built, &self.store(&["after"])?, "after")?;
        ensure!(rest.is_empty(), "after the repair the value rests in:\n{}", lines(&rest));
        Ok((Vec::new(), Some(rest)))
    }

    /// Builds the repository in `folder` by its own steps, and looks whether its images hold what they should.
    fn build(&self, folder: &Path, phase: &str) -> Result<Built> {
        workspace::drop_syntax_directives(folder)?;
        let given = self.service.given();
        let log = self.start_builds(folder, phase)?.success("the build")?;
        let needs_service = workspace::read(&self.case.repository)?.values().any(|content| names_a_service(content));
        ensure!(!needs_service || self.service.given() > given, "the build fetched nothing private:\n{log}");
        let provenance = self.engine.provenance(&self.buildx(folder))?;
        self.engine.forget(&self.addresses.images)?;
        self.look_inside(phase)?;
        Ok(Built { log, provenance })
    }

    /// Runs the build steps up to the first that fails, and keeps the images of each under the name of the phase.
    fn start_builds(&self, folder: &Path, phase: &str) -> Result<Ended> {
        let manifest = &self.case.manifest;
        let value = self.addresses.fill_in(&manifest.value);
        for (path, content) in &manifest.files {
            fs::write(folder.join(path), self.addresses.fill_in(content))?;
        }
        let mut whole = Ended { status: 0, output: String::new() };
        for step in &manifest.build {
            let mut commands = match step {
                Step::Run { run } => vec![bash(&self.addresses.fill_in(run), &manifest.secret, &value)],
                Step::Workflow { workflow } => {
                    let text = fs::read_to_string(folder.join(workflow))?;
                    workflow::commands(&text, &manifest.secret, &value, self.folder.path())?
                }
            };
            for command in &mut commands {
                let ended = command::run(self.environment(command, folder))?;
                whole.output.push_str(&ended.output);
                whole.status = ended.status;
                if whole.status != 0 {
                    return Ok(whole);
                }
                self.engine.keep(&self.addresses.images, &self.phase(phase))?;
            }
        }
        Ok(whole)
    }

    fn environment<'c>(&self, command: &'c mut Command, folder: &Path) -> &'c mut Command {
        for inherited in ["DOCKER_BUILDKIT", "BUILDX_BUILDER", "COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "MAKEFLAGS"] {
            command.env_remove(inherited);
        }
        command.current_dir(folder).env("BUILDKIT_PROGRESS", "plain").env("BUILDX_CONFIG", self.buildx(folder))
    }

    /// The buildx configuration of one phase: it remembers the phase's builds and no others.
    fn buildx(&self, folder: &Path) -> PathBuf {
        folder.with_extension("buildx")
    }

    fn phase(&self, phase: &str) -> String {
        format!("{}-{phase}", self.addresses.images)
    }

    fn look_inside(&self, phase: &str) -> Result<()> {
        let name = format!("{}/{}:", self.phase(phase), self.case.manifest.image);
        let Manifest { holds, lacks, .. } = &self.case.manifest;
        let commands: Vec<String> =
            holds.iter().cloned().chain(lacks.iter().map(|command| format!("! {{ {command}; }}"))).collect();
        for image in self.engine.images(&self.phase(phase))?.iter().filter(|image| image.starts_with(&name)) {
            if !commands.is_empty() {
                self.engine.run_in(image, &commands)?.success("what holds in the image")?;
            }
        }
        Ok(())
    }

    fn migrate(&self, folder: &Path, migration: &Migration) -> Result<()> {
        let original = workspace::read(folder)?;
        match migration {
            Migration::Tool => self.run_tool(folder)?,
            Migration::ByHand(overlay) => self.addresses.copy(overlay, folder)?,
        }
        ensure!(workspace::read(folder)? != original, "dfmigrate --fix changed nothing");
        Ok(())
    }

    /// The second migration of the same files must leave them as they are.
    fn migrate_again(&self, folder: &Path, migration: &Migration) -> Result<()> {
        let migrated = workspace::read(folder)?;
        if matches!(migration, Migration::Tool) {
            self.run_tool(folder)?;
        }
        ensure!(workspace::read(folder)? == migrated, "a second dfmigrate --fix changes the files again");
        Ok(())
    }

    fn run_tool(&self, folder: &Path) -> Result<()> {
        let mut tool = Command::new(env!("CARGO_BIN_EXE_dfmigrate"));
        tool.args(["--fix", "--allow-no-vcs"]).args(&self.case.manifest.fix).arg(".").current_dir(folder);
        let ended = command::run(tool.env("NO_COLOR", "1"))?;
        let expected = self.case.manifest.exit;
        ensure!(
            ended.status == expected,
            "dfmigrate --fix ended with {}, not {expected}:\n{}",
            ended.status,
            ended.output
        );
        ensure!(self.searcher.find(ended.output.as_bytes()).is_none(), "dfmigrate --fix prints the value");
        Ok(())
    }

    fn store(&self, phases: &[&str]) -> Result<Stored> {
        let mut images = Vec::new();
        for phase in phases {
            images.extend(self.engine.images(&self.phase(phase))?);
        }
        self.engine.save(&images)
    }

    /// Every resting place of the value after the build of one phase.
    fn leaks(&self, built: &Built, stored: &Stored, phase: &str) -> Result<Vec<Leak>> {
        let images = self.engine.images(&self.phase(phase))?;
        ensure!(!images.is_empty(), "the build left no image below images.example.com");
        let mut leaks = leaks_in_text(&self.searcher, Place::Log, &built.log);
        leaks.extend(leaks_in_text(&self.searcher, Place::Provenance, &built.provenance));
        for image in &images {
            leaks.extend(stored.leaks(image, &self.searcher)?);
            let history = leaks_in_text(&self.searcher, Place::History, &self.engine.history(image)?);
            if !leaks.iter().any(|leak| leak.place == Place::History) {
                leaks.extend(history);
            }
        }
        Ok(leaks)
    }

    /// Whether the build as it stands leaks where the case says, or nowhere if it says so.
    fn check_before(&self, leaks: &[Leak]) -> Result<()> {
        if matches!(self.case.manifest.expect, Expectation::Clean) {
            ensure!(leaks.is_empty(), "the value rests in:\n{}", lines(leaks));
            return Ok(());
        }
        let rests = [Place::Layer, Place::Config, Place::History, Place::Provenance];
        // The log counts where the case is about it: a name of a step in it is a leak of the argument, and said as such.
        let counts = |leak: &Leak| rests.contains(&leak.place) || self.case.manifest.leaks.contains(&leak.place);
        ensure!(leaks.iter().any(counts), "the original leaks nothing");
        for place in &self.case.manifest.leaks {
            let found = leaks.iter().any(|leak| leak.place == *place);
            ensure!(found, "the original leaks nothing in: {place}; but: {}", summary(leaks));
        }
        for part in &self.case.manifest.rests {
            ensure!(leaks.iter().any(|leak| leak.at.contains(part)), "no leak in {part}, but in:\n{}", lines(leaks));
        }
        Ok(())
    }

    /// Whether `dfmigrate --fix` leaves every file as it is, if the case says so.
    fn check_refusal(&self, folder: &Path) -> Result<()> {
        if matches!(self.case.manifest.expect, Expectation::Refused) {
            let original = workspace::read(folder)?;
            self.run_tool(folder)?;
            ensure!(workspace::read(folder)? == original, "dfmigrate --fix changes what it was to leave alone");
        }
        Ok(())
    }

    fn clean(&self) -> Result<()> {
        let prefixes = [self.addresses.images.clone(), self.phase("before"), self.phase("after")];
        self.engine.clean(&prefixes, &self.nonce)
    }
}

fn bash(script: &str, variable: &str, value: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-e", "-o", "pipefail", "-c", script]);
    if !variable.is_empty() {
        command.env(variable, value);
    }
    command
}

fn names_a_service(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    PLAIN_SERVICES.iter().chain(&["code", "ssh"]).any(|service| text.contains(&format!("{service}.example.com")))
}

fn lines(leaks: &[Leak]) -> String {
    leaks.iter().map(|leak| format!("  {leak}\n")).collect()
}

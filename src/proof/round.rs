//! One proof from the first copy to the last comparison.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs, io,
    rc::Rc,
};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::{
    BuildLine, Comparison, Interruption, Options, Origin, Proof, ProofError, Ran, Row, SecretText, Verdict,
    attempt::{Attempt, Built, Stand, Yard},
    compare::{self, Expected},
    engine::Engine,
    inputs::{self, Inputs, Scene},
    subject::{self, Way},
    values::Values,
    workspace,
};
use crate::{
    apply::{self, Place},
    image::{Searcher, content_digest},
    model::{Dockerfile, Model},
    plan::{Plan, Status},
    repository::Repository,
};

/// Frontends that the engine's own one can stand in for: those of docker itself.
const OFFICIAL: &str = "docker/dockerfile";

/// Builds every Dockerfile of `repository`, which lies at `root`, that has to do with secrets, applies `plan` to a copy,
/// builds that as well, and compares. `progress` is told what is being done.
///
/// # Errors
/// There is no engine, a copy can't be made, a given value is too short to be looked for, or somebody interrupts.
pub fn prove(
    root: &Utf8Path,
    repository: &Repository,
    plan: &Plan,
    options: &Options,
    interruption: &Interruption,
    progress: &mut dyn FnMut(&str),
) -> Result<Proof, ProofError> {
    let before = Model::new(Rc::new(repository.clone()), |_| true);
    let migrated = repository.with_sources(plan.files.values().map(|change| change.after.clone()));
    let after = Model::new(Rc::new(migrated), |_| true);
    let subjects = subject::of_interest(&before, repository, plan);
    let without_secrets = before.dockerfiles.iter().filter(|one| repository.is_selected(one.path())).count()
        - subjects.iter().filter(|one| repository.is_selected(one.path())).count();
    let mut proof = Proof { without_secrets, ..Proof::default() };
    if subjects.is_empty() {
        return Ok(proof);
    }
    let engine = Engine::find(interruption.clone())?;
    let copies = Copies::make(root, plan)?;
    let mut values = Values::given(options.secrets.iter().map(|(id, SecretText(text))| (id.clone(), text.clone())));
    let jobs = jobs(&before, &after, &subjects, plan, &copies, &mut values)?;
    proof.remarks = copies.leave_out_frontends(&engine, &subjects, &after)?;
    let searcher = Searcher::new(values.secrets()?)?;
    let yard = Yard { engine: &engine, options, searcher: &searcher, scratch: &copies.scratch };
    let mut round = Round { yard, copies: &copies, plan, stands: [Vec::new(), Vec::new()], progress };
    for job in &jobs {
        proof.rows.push(round.row(job)?);
    }
    Ok(proof)
}

/// The folders of a run; they go with it.
struct Copies {
    before: Utf8PathBuf,
    after: Utf8PathBuf,
    scratch: Utf8PathBuf,
    _folder: TempDir,
}

/// A build that is run twice.
struct Job<'m> {
    dockerfile: &'m Dockerfile,
    callers: Vec<Origin>,
    way: Way,
    inputs: [Inputs; 2],
    /// Whether the migration changes it.
    is_changed: bool,
    /// Variables that hold a secret.
    variables: BTreeSet<String>,
}

impl Copies {
    fn make(root: &Utf8Path, plan: &Plan) -> Result<Self, ProofError> {
        let folder = TempDir::with_prefix("dfmigrate-verify-")?;
        let path = Utf8PathBuf::from_path_buf(folder.path().canonicalize()?);
        let path = path.map_err(|_| io::Error::other("the path of the folder for temporary files is not UTF-8"))?;
        let copies = Self {
            before: path.join("before"),
            after: path.join("after"),
            scratch: path.join("scratch"),
            _folder: folder,
        };
        fs::create_dir_all(&copies.scratch)?;
        let files = workspace::files(root)?;
        for copy in [&copies.before, &copies.after] {
            fs::create_dir_all(copy)?;
            workspace::copy(root, copy, &files)?;
        }
        apply::write(&Place::without_git(&copies.after), &plan.files)?;
        Ok(copies)
    }

    /// Takes the `# syntax=` lines out whose frontend can't be had here, and says so. Those of others than docker stay:
    /// nothing could stand in for them.
    fn leave_out_frontends(
        &self,
        engine: &Engine,
        subjects: &[&Dockerfile],
        after: &Model,
    ) -> Result<Vec<String>, ProofError> {
        let migrated = subjects.iter().filter_map(|one| after.dockerfile(one.path()));
        let named = subjects.iter().copied().chain(migrated).filter_map(Dockerfile::frontend);
        let official = named.filter(|frontend| frontend.contains(OFFICIAL));
        let mut remarks = Vec::new();
        for frontend in official.collect::<BTreeSet<String>>() {
            let image = frontend.split_whitespace().next().unwrap_or_default();
            if engine.has_frontend(image, &self.scratch.join("frontend"))? {
                continue;
            }
            for (copy, one) in
                [&self.before, &self.after].into_iter().flat_map(|copy| subjects.iter().map(move |one| (copy, one)))
            {
                let path = copy.join(one.path());
                let text = fs::read_to_string(&path).ok();
                if let Some(text) = text.and_then(|text| workspace::without_frontend(&text, &frontend)) {
                    fs::write(&path, text)?;
                }
            }
            remarks.push(format!(
                "the image `{image}` can't be pulled here, so the builds run without their `# syntax=` line, with the \
                 engine's own frontend"
            ));
        }
        Ok(remarks)
    }

    /// What the migration and this run change in files that a build may copy.
    fn expected(&self, plan: &Plan, job: &Job<'_>) -> Result<Expected, ProofError> {
        let mut expected = Expected { variables: job.variables.clone(), ..Expected::default() };
        let digest = |path: Utf8PathBuf| -> io::Result<Option<u64>> {
            path.is_file().then(|| content_digest(&mut fs::File::open(&path)?)).transpose()
        };
        for path in plan.files.keys().chain([&job.way.before.dockerfile]) {
            match (digest(self.before.join(path))?, digest(self.after.join(path))?) {
                (Some(before), Some(after)) => drop(expected.changed.insert((before, after))),
                (None, Some(after)) => drop(expected.created.insert(after)),
                _ => {}
            }
        }
        Ok(expected)
    }
}

/// What is built: one job for all callers that come to the same. Also puts the files into the copies that a person has
/// beside those of the repository.
fn jobs<'m>(
    before: &Model,
    after: &Model,
    subjects: &[&'m Dockerfile],
    plan: &Plan,
    copies: &Copies,
    values: &mut Values,
) -> Result<Vec<Job<'m>>, ProofError> {
    let variable = |name: &str| env::var(name).ok();
    let read = |copy: &Utf8Path, path: &Utf8Path| fs::read(copy.join(path)).ok();
    let (first, second) = (|path: &Utf8Path| read(&copies.before, path), |path: &Utf8Path| read(&copies.after, path));
    let original = Scene { model: before, variable: &variable, file: &first };
    let migrated = Scene { model: after, variable: &variable, file: &second };
    let ways: Vec<(&Dockerfile, Vec<Way>)> =
        subjects.iter().map(|one| (*one, subject::ways(before, after, one))).collect();
    // Values that are fixed come first, then what two builds share.
    let mut beside = BTreeMap::new();
    for (dockerfile, ways) in &ways {
        inputs::literals(before, dockerfile, values);
        let lines: Vec<BuildLine> = ways.iter().map(|way| way.before.clone()).collect();
        beside.extend(inputs::missing_files(&original, dockerfile, &lines, values));
    }
    for copy in [&copies.before, &copies.after] {
        workspace::add(copy, &beside)?;
    }
    let mut jobs: Vec<Job<'m>> = Vec::new();
    for (dockerfile, ways) in ways {
        for way in ways {
            let own = original.inputs(&way.before, dockerfile, values);
            let other = after.dockerfile(dockerfile.path()).zip(way.after.as_ref());
            let other = other.map(|(dockerfile, line)| migrated.inputs(line, dockerfile, values)).unwrap_or_default();
            let job = Job {
                dockerfile,
                callers: way.caller.iter().cloned().collect(),
                is_changed: way.is_changed(plan),
                way,
                inputs: [own, other],
                variables: inputs::secret_variables(before, dockerfile),
            };
            match jobs.iter_mut().find(|known| known.runs_as(&job)) {
                Some(known) => known.join(job),
                None => jobs.push(job),
            }
        }
    }
    Ok(jobs)
}

impl Job<'_> {
    /// Whether two jobs give docker the same words and values, before and after.
    fn runs_as(&self, other: &Self) -> bool {
        let place =
            |line: &BuildLine| (line.dockerfile.clone(), line.context.clone(), line.target.clone(), line.ssh.clone());
        let places = |job: &Self| (place(&job.way.before), job.way.after.as_ref().map(place));
        let given = |inputs: &Inputs| (inputs.arguments.clone(), inputs.secrets.clone());
        places(self) == places(other) && self.inputs.each_ref().map(given) == other.inputs.each_ref().map(given)
    }

    fn join(&mut self, other: Self) {
        self.callers.extend(other.callers);
        self.is_changed |= other.is_changed;
        self.way.before.tags.extend(other.way.before.tags);
        for remark in other.way.before.remarks {
            if !self.way.before.remarks.contains(&remark) {
                self.way.before.remarks.push(remark);
            }
        }
    }

    /// What is said of it while it runs.
    fn title(&self) -> String {
        let callers: Vec<String> = self.callers.iter().map(ToString::to_string).collect();
        let by = if callers.is_empty() { String::new() } else { format!(" as {} does", callers.join(", ")) };
        format!("{}{by}", self.way.before.dockerfile)
    }
}

struct Round<'y, 'p> {
    yard: Yard<'y>,
    copies: &'y Copies,
    plan: &'y Plan,
    /// The images of this run that others start from, before and after.
    stands: [Vec<Stand>; 2],
    progress: &'p mut dyn FnMut(&str),
}

/// Which of the two builds.
#[derive(Clone, Copy)]
enum Phase {
    Before,
    After,
}

impl Round<'_, '_> {
    fn row(&mut self, job: &Job<'_>) -> Result<Row, ProofError> {
        (self.progress)(&format!("building {} as it is", job.title()));
        let first = self.attempt(job, Phase::Before, "")?;
        let mut row = Row::unproven(job.way.before.dockerfile.clone(), &job.callers, ran(&first));
        row.remarks.extend(job.way.before.remarks.iter().chain(&job.inputs[0].remarks).cloned());
        let Attempt::Built(first) = first else { return Ok(row) };
        if !first.has_record {
            row.remarks.push("the builder gives no provenance, so that was not looked at".to_owned());
        }
        self.keep(job, Phase::Before, &first);
        if job.is_changed || self.has_changed_base(job) {
            (self.progress)(&format!("building {} migrated", job.title()));
            let second = match &job.way.after {
                Some(_) => self.attempt(job, Phase::After, "")?,
                None => Attempt::Failed("the migrated caller can no longer be read".to_owned()),
            };
            row.after = Some(ran(&second));
            if let Attempt::Built(second) = second {
                self.keep(job, Phase::After, &second);
                row.comparison = Some(self.compare(job, &first, &second)?);
            }
        } else {
            self.keep(job, Phase::After, &first);
        }
        row.verdict = Verdict::of(&row.before, row.after.as_ref(), row.comparison.as_ref());
        if row.verdict == Verdict::Leaks {
            row.remarks.extend(self.left_alone(job));
        }
        Ok(row)
    }

    /// Why findings of the Dockerfile are not fixed.
    fn left_alone(&self, job: &Job<'_>) -> Vec<String> {
        let findings = self.plan.findings.iter();
        let own = findings.filter(|planned| planned.finding.dockerfile == job.way.before.dockerfile);
        own.filter_map(|planned| {
            let why = match &planned.status {
                Status::Applied => return None,
                Status::Unsafe => "its fix rests on assumptions, and is proven with `--unsafe-fixes`",
                Status::NotChosen => "its fix was not chosen",
                Status::Manual => {
                    planned.finding.fix.obstacles.first().map_or("there is no fix", |first| &first.reason)
                }
                Status::HeldBack(reason) => reason,
            };
            let subject = &planned.finding.subject;
            Some(
                self.yard
                    .searcher
                    .redact(&format!("`{subject}` is left as it is ({}): {why}", planned.finding.codemod)),
            )
        })
        .collect()
    }

    /// Whether it starts from an image that is another one after the migration.
    fn has_changed_base(&self, job: &Job<'_>) -> bool {
        let bases = inputs::base_images(job.dockerfile);
        let of = |phase: Phase| self.stands[phase as usize].iter().filter(|stand| bases.contains(&stand.image));
        !of(Phase::Before).eq(of(Phase::After))
    }

    fn attempt(&self, job: &Job<'_>, phase: Phase, suffix: &str) -> Result<Attempt, ProofError> {
        let (line, folder, name) = match phase {
            Phase::Before => (Some(&job.way.before), &self.copies.before, "before"),
            Phase::After => (job.way.after.as_ref(), &self.copies.after, "after"),
        };
        let line = line.unwrap_or(&job.way.before);
        let number = job.callers.first().map_or(0, |origin| origin.index);
        let place = job.callers.first().map_or(&job.way.before.dockerfile, |origin| &origin.file);
        let tag: String = format!("{name}{suffix}-{number}-{}-{place}", job.way.before.dockerfile)
            .chars()
            .map(|char| if char.is_ascii_alphanumeric() { char } else { '-' })
            .take(100)
            .collect();
        let given = self.yard.options.bases.iter();
        let given = given.map(|(image, local)| Stand { image: image.clone(), local: local.clone() });
        let stands: Vec<Stand> = given.chain(self.stands[phase as usize].clone()).collect();
        let old = self.old_layers(job, &stands)?;
        self.yard.build(line, &job.inputs[phase as usize], folder, &stands, &tag, &old)
    }

    /// The layers of the images that it starts from, as far as those are there and not of this run.
    fn old_layers(&self, job: &Job<'_>, stands: &[Stand]) -> Result<Vec<String>, ProofError> {
        let mut layers = Vec::new();
        for base in inputs::base_images(job.dockerfile) {
            let local = stands.iter().find(|stand| stand.image == base).map_or(&base, |stand| &stand.local);
            if !local.starts_with(&self.yard.engine.repository) {
                let known = self.yard.engine.inspect(local)?;
                layers.extend(known.into_iter().flat_map(|image| image.layers().to_vec()));
            }
        }
        Ok(layers)
    }

    /// Lets the image stand under the names that its callers give it, for Dockerfiles that start from it.
    fn keep(&mut self, job: &Job<'_>, phase: Phase, built: &Built) {
        for tag in &job.way.before.tags {
            let names = [tag.clone(), tag.trim_end_matches(":latest").to_owned()];
            let stands = names.into_iter().map(|image| Stand { image, local: built.image.clone() });
            self.stands[phase as usize].extend(stands);
        }
    }

    fn compare(&mut self, job: &Job<'_>, first: &Built, second: &Built) -> Result<Comparison, ProofError> {
        if first.inspected.id == second.inspected.id {
            return Ok(Comparison::default());
        }
        let mut expected = self.copies.expected(self.plan, job)?;
        let leaks = first.leaks.iter().chain(&second.leaks);
        expected.leaking.extend(leaks.filter_map(|leak| leak.path.clone()));
        let config = compare::configs(&first.inspected.config, &second.inspected.config, &expected, self.yard.searcher);
        let mut comparison = Comparison { config, ..Comparison::default() };
        // Most images add the same to the same layers; only for the others it matters what lies below.
        if !self.adds_the_same(job, first, second, &expected)? {
            self.compare_files(job, first, second, &expected, &mut comparison)?;
        }
        Ok(comparison)
    }

    fn adds_the_same(
        &self,
        job: &Job<'_>,
        first: &Built,
        second: &Built,
        expected: &Expected,
    ) -> Result<bool, ProofError> {
        let given = self.yard.options.bases.iter();
        let given: Vec<Stand> =
            given.map(|(image, local)| Stand { image: image.clone(), local: local.clone() }).collect();
        let old = self.old_layers(job, &given)?;
        let below = |built: &Built| {
            built.inspected.layers().iter().take_while(|layer| old.contains(layer)).cloned().collect::<Vec<_>>()
        };
        let is_same_base = below(first) == below(second);
        Ok(is_same_base && compare::files(&first.added, &second.added, expected).is_empty())
    }

    fn compare_files(
        &mut self,
        job: &Job<'_>,
        first: &Built,
        second: &Built,
        expected: &Expected,
        comparison: &mut Comparison,
    ) -> Result<(), ProofError> {
        let engine = self.yard.engine;
        let (old, new) = (engine.files(&first.image)?, engine.files(&second.image)?);
        comparison.files = compare::files(&old, &new, expected);
        if !comparison.files.is_empty() {
            // What differs between two builds of one text says nothing of the other text.
            (self.progress)(&format!("building {} as it is once more, for comparison", job.title()));
            if let Attempt::Built(control) = self.attempt(job, Phase::Before, "-again")? {
                let unsteady = compare::files(&old, &engine.files(&control.image)?, expected);
                comparison.unsteady = unsteady.into_keys().filter(|path| comparison.files.contains_key(path)).collect();
                comparison.files.retain(|path, _| !comparison.unsteady.contains(path));
            }
        }
        Ok(())
    }
}

fn ran(attempt: &Attempt) -> Ran {
    match attempt {
        Attempt::Built(built) => Ran::Built { leaks: built.leaks.clone() },
        Attempt::Failed(why) => Ran::Failed { why: why.clone() },
        Attempt::NotRun(why) => Ran::NotRun { why: why.clone() },
    }
}

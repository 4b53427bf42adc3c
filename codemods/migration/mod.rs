//! Moving one secret of a Dockerfile to mounts: what `arg-secret`, `env-secret` and `unused-secret` have in common.
//!
//! The three differ in where the value rests; the repair is the same: the declaration goes, every RUN that reads the
//! value gets a mount, every build passes a secret.

mod checks;
mod compatibility;
mod fetched;
mod labels;
mod npm_settings;
mod opaque;
mod questions;
mod relays;
mod repair;
mod scripts;
mod unread;

pub use fetched::{FetchWay, Fetched};
pub use questions::{Question, questions};

use std::collections::BTreeSet;

use crate::callers::{ArgumentValue, Offer, Receipt, RequestedSecret, SecretSource};
use crate::config::MountForm;
use crate::knowledge::engines::{Answer, Feature, frontend_supports};
use crate::knowledge::files::{FileVerdict, classify_file};
use crate::knowledge::names::{SecretKind, buildkit_flags};
use crate::knowledge::values::{ValueVerdict, classify_value};
use crate::model::{
    Binding, BoundBuild, Dockerfile, Entry, Evidence, Flow, Form, Model, Mounted, OutsideUse, PairPlace, Relay, Rest,
    RestKind, Run, Secret, Use, effective_words, rests, rests_in_place,
};
use crate::plan::{BUILDKIT_RULE, suppression};
use crate::plan::{Change, Finding, FollowUp, Mount, Severity};
use crate::syntax::dockerfile::Keyword;

/// One secret on its way to mounts.
#[derive(Debug)]
pub struct Migration<'m> {
    model: &'m Model,
    dockerfile: &'m Dockerfile,
    secret: Secret,
    bound: Vec<BoundBuild<'m>>,
    shipped: Vec<usize>,
    /// The mount that the value comes by already, where it does.
    mounted: Option<Mounted>,
    /// What uses it outside of RUNs, and will not.
    fetched: Vec<Fetched>,
    /// The RUNs that would read it if a build passed it, of an argument that was left over when the secret became a mount.
    idle: Vec<usize>,
}

/// How the RUNs get the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Variable,
    File,
}

impl<'m> Migration<'m> {
    /// A migration of `secret`, one of the secrets of `dockerfile`.
    #[must_use]
    pub fn new(model: &'m Model, dockerfile: &'m Dockerfile, secret: Secret) -> Self {
        let mut bound = model.bound_builds(dockerfile);
        let declared = secret.flow.args.iter().map(|place| place.step);
        if declared.chain(secret.uses.iter().map(|used| used.step)).any(|step| dockerfile.steps[step].onbuild) {
            // What ONBUILD declares is passed by the builds that start from this image.
            bound.extend(model.children(dockerfile).into_iter().flat_map(|child| model.bound_builds(child)));
        }
        let shipped = dockerfile.shipped_stages(&model.targets(dockerfile));
        let mut migration =
            Self { model, dockerfile, secret, bound, shipped, mounted: None, fetched: Vec::new(), idle: Vec::new() };
        if migration.is_never_passed() {
            migration.idle = migration.secret.uses.drain(..).map(|used| used.step).collect();
        }
        migration
    }

    /// Whether the argument was left over when the secret became a mount: builds pass the secret, none passes the argument,
    /// and no RUN names it. With a mount, RUNs would get a value that they never had.
    fn is_never_passed(&self) -> bool {
        let name = self.name();
        let mounts = self.dockerfile.steps.iter().flat_map(|step| step.instruction.flags());
        let mut mounts = mounts.filter_map(|flag| flag.mount()).filter(|mount| mount.kind == "secret");
        let is = |value: Option<&str>| value.is_some_and(|value| value.eq_ignore_ascii_case(name));
        let mut secrets = self.bound.iter().flat_map(|bound| &bound.build.secrets);
        self.secret.entry == Entry::Argument
            && self.secret.flow.relays.is_empty()
            && self.defaults().is_empty()
            && mounts.any(|mount| is(mount.get("id")) || is(mount.get("env")))
            && secrets.any(|secret| is(Some(&secret.id)))
            && self.passed_values().next().is_none()
            && self.secret.uses.iter().all(|used| used.evidence != Evidence::Named)
    }

    /// Whether nothing reads it because no build passes it, and it is mounted as a secret as well.
    #[must_use]
    pub fn is_left_over(&self) -> bool {
        !self.idle.is_empty()
    }

    /// The repair of RUNs that have the secret from a mount already, and write it down.
    #[must_use]
    pub fn of_mount(model: &'m Model, dockerfile: &'m Dockerfile, mounted: Mounted) -> Self {
        let named = |step: &usize| Use { step: *step, name: mounted.name.clone(), evidence: Evidence::Named };
        let uses = mounted.steps.iter().map(named).collect();
        let flow = Flow { name: mounted.name.clone(), ..Flow::default() };
        let why = "it is mounted as a secret".to_owned();
        let secret = Secret { entry: Entry::Mount, kind: SecretKind::Fetch, why, flow, uses, doubtful: Vec::new() };
        Self { mounted: Some(mounted), ..Self::new(model, dockerfile, secret) }
    }

    /// What `run` does with the value that it has under `name`.
    fn rests_of(&self, run: &Run, name: &str) -> Vec<Rest> {
        match self.file_in_place() {
            Some(path) => rests_in_place(run, path),
            None => rests(run, name),
        }
    }

    fn file_in_place(&self) -> Option<&str> {
        self.mounted.as_ref()?.path.as_deref()
    }

    /// The variable that the value enters by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.secret.flow.name
    }

    /// Whether an ENV copies the value.
    #[must_use]
    pub fn is_relayed(&self) -> bool {
        !self.secret.flow.relays.is_empty()
    }

    /// The id of the codemod that speaks for it: what writes the value down matters more than how it enters.
    #[must_use]
    pub fn codemod(&self) -> &'static str {
        if self.is_ssh_key() {
            return "ssh-key";
        }
        let adds = |outside: &OutsideUse| self.dockerfile.steps[outside.step].keyword == Keyword::Add;
        if self.secret.entry == Entry::Argument && self.secret.flow.outside.iter().any(adds) {
            return "add-credentials";
        }
        let mut id = match self.is_relayed() || self.secret.entry == Entry::Variable {
            true => "env-secret",
            false => "arg-secret",
        };
        for used in &self.secret.uses {
            for rest in self.run(used.step).map(|run| self.rests_of(run, &used.name)).unwrap_or_default() {
                match rest.kind {
                    RestKind::Tool { codemod: "persisted-credential", .. } => return "persisted-credential",
                    RestKind::File(_) | RestKind::Tool { .. } => id = "written-credential",
                    RestKind::Hashed(_) | RestKind::Log | RestKind::NotUnderstood(_) => {}
                }
            }
        }
        id
    }

    /// Whether the value is a private SSH key that came as a build argument: by its name, or by the file it is written to.
    fn is_ssh_key(&self) -> bool {
        let key_file = |path: &str| matches!(classify_file(path), FileVerdict::BuildInput(input) if input.ssh);
        let becomes_one = || {
            let runs = self.secret.uses.iter().filter_map(|used| Some((self.run(used.step)?, used.name.as_str())));
            let mut rests = runs.flat_map(|(run, name)| rests(run, name));
            rests.any(|rest| matches!(&rest.kind, RestKind::File(path) if key_file(path)))
        };
        self.secret.entry == Entry::Argument && (self.secret.kind == SecretKind::SshKey || becomes_one())
    }

    /// Whether an ENV with the value is part of an image that somebody runs.
    #[must_use]
    pub fn reaches_the_image(&self) -> bool {
        let flow = &self.secret.flow;
        let literals = flow.literals.iter().map(|place| place.step);
        flow.relays.iter().map(|relay| relay.place.step).chain(literals).any(|step| self.is_shipped(step))
    }

    /// Whether nothing can read the value: no RUN, no other instruction, no running container.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        let dead_end = self.secret.uses.is_empty() && self.secret.flow.outside.is_empty();
        dead_end && !self.reaches_the_image()
    }

    /// The finding with its repair. `title` is its sentence, `primary` what to say at the first place.
    #[must_use]
    pub fn finding(mut self, codemod: &'static str, title: String, primary: &str) -> Finding {
        let change = self.change();
        let fix_title = self.fix_title();
        self.conclude(codemod, (title, fix_title), primary, change)
    }

    /// The finding with its repair, which also rests on `assumptions`.
    #[must_use]
    pub fn finding_assuming(
        mut self,
        codemod: &'static str,
        title: String,
        primary: &str,
        assumptions: Vec<String>,
    ) -> Finding {
        let mut change = self.change();
        assumptions.into_iter().for_each(|assumption| change.assume(assumption));
        let fix_title = self.fix_title();
        self.conclude(codemod, (title, fix_title), primary, change)
    }

    /// The finding with another repair than mounts of the secret: the checks are the same, and `repair` does the rest.
    /// `titles` are the sentence of the finding and the verb phrase of its fix.
    #[must_use]
    pub fn finding_with(
        self,
        codemod: &'static str,
        titles: (String, String),
        primary: &str,
        repair: impl FnOnce(&mut Change<'m>),
    ) -> Finding {
        let mut change = Change::new(self.model, self.dockerfile);
        self.check_surroundings(&mut change);
        repair(&mut change);
        self.conclude(codemod, titles, primary, change)
    }

    fn conclude(
        self,
        codemod: &'static str,
        (title, fix_title): (String, String),
        primary: &str,
        change: Change<'m>,
    ) -> Finding {
        let (fix, mut notes) = change.finish(fix_title);
        if suppression(self.dockerfile).is_some() && buildkit_flags(self.name()) {
            notes.push(format!("BuildKit's rule `{BUILDKIT_RULE}` about it is switched off in this file"));
        }
        Finding {
            codemod,
            severity: Severity::Warning,
            dockerfile: self.dockerfile.path().to_owned(),
            subject: self.subject(),
            title,
            primary: self.primary_label(primary),
            labels: self.labels(),
            notes: std::iter::once(format!("taken for a secret because {}", self.secret.why)).chain(notes).collect(),
            fix,
        }
    }

    /// A secret that is mounted is another subject than the argument that it was.
    fn subject(&self) -> String {
        match &self.mounted {
            Some(mounted) => format!("{} by mount", mounted.name),
            None => self.name().to_owned(),
        }
    }

    fn fix_title(&self) -> String {
        if self.mounted.is_some() {
            return format!("let nothing write `{}` down", self.id());
        }
        if let Some(id) = self.host_id() {
            return format!("let BuildKit send it as the secret `{id}`");
        }
        let fetched = self.fetched.iter().map(|one| one.step);
        let mut steps: Vec<usize> = self.secret.uses.iter().map(|used| used.step).chain(fetched).collect();
        steps.sort_unstable();
        steps.dedup();
        match steps.len() {
            0 => format!("remove `{}`", self.name()),
            1 => format!("mount it as the secret `{}` in the RUN that reads it", self.id()),
            count => format!("mount it as the secret `{}` in the {count} RUNs that read it", self.id()),
        }
    }

    fn change(&mut self) -> Change<'m> {
        let mut change = Change::new(self.model, self.dockerfile);
        self.check(&mut change);
        self.check_unread_scripts(&mut change);
        self.check_npm_settings(&mut change);
        self.repair(&mut change);
        match self.kept_until() {
            Some(until) => self.keep_argument(&mut change, until),
            None => self.remove_declarations(&mut change),
        }
        for step in &self.idle {
            change.release(*step);
            change.assume(format!("no build passes the argument `{}`: none does here", self.name()));
        }
        let style = self.style();
        self.mount(&mut change, style);
        self.fetch(&mut change, style);
        self.pass(&mut change, style);
        self.key_cache(&mut change);
        self.tell(&mut change);
        change
    }

    fn remove_declarations(&self, change: &mut Change<'m>) {
        let flow = &self.secret.flow;
        let relays = flow.relays.iter().map(|relay| relay.place);
        flow.args
            .iter()
            .copied()
            .chain(flow.literals.iter().copied())
            .chain(relays)
            .for_each(|at| change.remove_pair(at));
    }

    fn mount(&self, change: &mut Change<'m>, style: Style) {
        let id = self.id();
        let served = |step: usize| self.mounted.as_ref().is_some_and(|mounted| mounted.steps.contains(&step));
        for used in self.secret.uses.iter().filter(|used| !served(used.step)) {
            let relay = self.secret.flow.relays.iter().find(|relay| relay.name == used.name && !relay.exact);
            let name = if relay.is_some() { self.name() } else { &used.name };
            let mount = match style {
                Style::Variable => Mount::Variable { id: id.clone(), name: name.to_owned() },
                Style::File => {
                    let unless_empty = self.is_unset_if_empty();
                    Mount::File { id: id.clone(), name: name.to_owned(), unless_empty }
                }
            };
            if !self.is_mounted(used.step, &id, name, style) {
                change.mount(used.step, mount);
            }
            if style == Style::File && self.is_always_set(used) && self.mounted.is_none() {
                change.export(used.step, format!("export {name}=\"${{{name}-}}\""));
            }
            if let Some(assignment) = relay.and_then(|relay| self.assignment_of(relay)) {
                change.export(used.step, assignment);
            }
            if let Some(default) = self.kept_default().filter(|_| self.kept_until().is_none()) {
                let default = default.replace('}', "\\}");
                change.export(used.step, format!("export {name}=\"${{{name}:-{default}}}\""));
            }
        }
        let fetches = !self.fetched.is_empty() && self.host_id().is_none();
        if fetches || self.secret.uses.iter().any(|used| !served(used.step)) {
            change.require(if style == Style::Variable { Feature::SecretEnv } else { Feature::Mount });
            if self.had_text() {
                change.need(&id);
                if self.secret.entry == Entry::Variable {
                    change.assume(format!("every build passes `{}`: the text in the Dockerfile goes", self.name()));
                }
            }
        }
    }

    /// Whether the RUNs read a text that goes, so that they never had an empty value.
    fn had_text(&self) -> bool {
        let pair = |place: &PairPlace| self.dockerfile.steps[place.step].pairs.get(place.pair).cloned();
        let mut literals = self.secret.flow.literals.iter().filter_map(pair).filter_map(|pair| pair.value);
        let blank = self.secret.entry == Entry::Variable && literals.all(|word| word.value.is_empty());
        self.loses_text() && !blank
    }

    /// The shell command that does what an ENV made of the secret did: `export URL="https://${TOKEN}@host"`.
    fn assignment_of(&self, relay: &Relay) -> Option<String> {
        let pair = self.dockerfile.steps[relay.place.step].pairs.get(relay.place.pair).cloned()?;
        let value = pair.value?.value.replace('\\', "\\\\").replace('"', "\\\"").replace('`', "\\`");
        Some(format!("export {}=\"{value}\"", relay.name))
    }

    /// Whether a RUN has the mount already. One of the file is no replacement for the variable: the RUN had both.
    fn is_mounted(&self, step: usize, id: &str, name: &str, style: Style) -> bool {
        self.dockerfile.steps[step].instruction.flags().iter().filter_map(|flag| flag.mount()).any(|mount| {
            let as_file = || style == Style::File && mount.get("env").is_none() && mount.get("id") == Some(id);
            mount.kind == "secret" && (mount.get("env") == Some(name) || as_file())
        })
    }

    fn pass(&self, change: &mut Change<'m>, style: Style) {
        if self.mounted.is_some() {
            return;
        }
        let reads = !self.secret.uses.is_empty() || !self.fetched.is_empty();
        let receipt = if style == Style::File { Receipt::File } else { Receipt::Variable };
        let secret = reads.then(|| RequestedSecret { id: self.id(), receipt });
        change.request_of_all(&self.bound, self.name(), secret);
        if reads && self.loses_text() {
            self.without_argument().for_each(|bound| self.offer_text(change, *bound));
        }
    }

    /// The builds that got the value from the Dockerfile.
    fn without_argument(&self) -> impl Iterator<Item = &BoundBuild<'m>> {
        let passes = |bound: &BoundBuild<'_>| bound.build.arguments.iter().any(|given| given.name == self.name());
        self.bound.iter().filter(move |bound| !passes(bound))
    }

    /// Makes a build pass what it had from the Dockerfile until now.
    fn offer_text(&self, change: &mut Change<'m>, bound: BoundBuild<'m>) {
        let (id, name) = (self.id(), self.name().to_owned());
        if !bound.build.secrets.iter().any(|secret| secret.id == id) {
            change.assume(format!(
                "`{name}` is set where `{}` builds: its text in the Dockerfile goes",
                bound.build.file
            ));
            change.offer(bound, Offer::Variable { id, name });
        }
    }

    /// Whether RUNs read a text of the Dockerfile that goes.
    fn loses_text(&self) -> bool {
        match self.secret.entry {
            Entry::Argument => self.loses_default(),
            Entry::Variable => true,
            Entry::Mount => false,
        }
    }

    /// Whether a default of the argument goes.
    fn loses_default(&self) -> bool {
        let kept = self.kept_until().is_some() || self.kept_default().is_some() && self.uses_have_a_shell();
        !kept && !self.defaults().is_empty()
    }

    fn tell(&self, change: &mut Change<'m>) {
        let name = self.name();
        let path = self.dockerfile.path();
        if self.mounted.is_some() {
            let id = self.id();
            change.follow_up(FollowUp::Rotate(format!("`{id}`: images built from `{path}` until now hold its value")));
            return;
        }
        if self.secret.entry == Entry::Argument || self.secret.flow.literals.is_empty() {
            change
                .follow_up(FollowUp::Rotate(format!("`{name}`: images built from `{path}` until now hold its value")));
        } else {
            change.follow_up(FollowUp::Rotate(format!("`{name}`: its value is written in `{path}`")));
        }
        let passed = self.bound.iter().any(|bound| bound.build.arguments.iter().any(|given| given.name == name));
        let offered = self.loses_text() && !self.bound.is_empty();
        let is_needed = !self.secret.uses.is_empty() || !self.fetched.is_empty();
        if !passed && !offered && is_needed {
            let id = self.id();
            let elsewhere = || {
                let mentions = self.model.mentions(self.dockerfile, name);
                mentions.iter().any(|mention| !mention.prose)
                    || !self.model.passed_to_an_address(self.dockerfile, name).is_empty()
                    || !self.model.passed_beside(self.dockerfile, name).is_empty()
                    || self.model.unplaced_builds().next().is_some()
            };
            let builds = match self.bound.is_empty() {
                true if elsewhere() => "",
                true => " (no file here builds it)",
                false => " (no build here passed it)",
            };
            change.follow_up(FollowUp::Provide(format!(
                "`--secret id={id},env={name}` wherever `{path}` is built{builds}"
            )));
        }
    }

    /// An id that the Dockerfile or a build already uses for the secret, the one that was decided, or one that is made of its
    /// name; the name as it is where a build has one word for a secret and its variable.
    fn id(&self) -> String {
        let (name, settings) = (self.name(), self.model.settings(self.dockerfile));
        let decided = || settings.secrets.get(name).and_then(|secret| secret.id.clone());
        let once = || self.bound.iter().any(|bound| bound.build.format.names_secrets_once());
        let made = || {
            let id = if once() { name.to_owned() } else { settings.id_of(name) };
            if self.has_another_value(&id) { format!("{id}_argument") } else { id }
        };
        let wanted = self.host_id().map(str::to_owned);
        wanted.or_else(|| self.id_in_use()).or_else(decided).unwrap_or_else(made)
    }

    /// Whether nothing in the files says which id the secret has.
    fn has_open_id(&self) -> bool {
        self.id_in_use().is_none()
    }

    fn id_in_use(&self) -> Option<String> {
        if let Some(mounted) = &self.mounted {
            return Some(mounted.id.clone());
        }
        let name = self.name();
        let runs = self.dockerfile.steps.iter().filter(|step| step.run.is_some());
        let mounts = runs.flat_map(|step| step.instruction.flags()).filter_map(|flag| flag.mount());
        let mounted = mounts.filter(|mount| mount.kind == "secret").find_map(|mount| {
            let id = mount.get("id")?.to_owned();
            (mount.get("env") == Some(name) || id.eq_ignore_ascii_case(name)).then_some(id)
        });
        let passed = self.bound.iter().flat_map(|bound| &bound.build.secrets).find_map(|passed| {
            let same = passed.id.eq_ignore_ascii_case(name) || passed.source == SecretSource::Variable(name.to_owned());
            same.then(|| passed.id.clone())
        });
        mounted.or(passed).filter(|id| !self.has_another_value(id))
    }

    /// Whether a build passes a secret of this id from elsewhere than the argument.
    fn has_another_value(&self, id: &str) -> bool {
        let name = self.name();
        self.bound.iter().any(|bound| {
            let passed = bound.build.secrets.iter().find(|passed| passed.id == id);
            let given = bound.build.arguments.iter().rfind(|given| given.name == name);
            passed.zip(given).is_some_and(|(passed, given)| match (&passed.source, &given.value) {
                (_, ArgumentValue::Empty) => false,
                (SecretSource::Variable(source), ArgumentValue::Inherited) => source != name,
                (SecretSource::Variable(source), ArgumentValue::Variable(variable)) => source != variable,
                (SecretSource::Variable(source), ArgumentValue::Expression(text)) => !text.ends_with(source.as_str()),
                (SecretSource::Expression(source), ArgumentValue::Expression(text)) => source.trim() != text.trim(),
                (SecretSource::File(source), ArgumentValue::File(path)) => source != path,
                (SecretSource::Unknown, ArgumentValue::Inherited) => id != name,
                (SecretSource::Unknown, ArgumentValue::Variable(variable)) => id != variable,
                // A value that is put together, or that stands there, is none that a secret of the same build has.
                _ => true,
            })
        })
    }

    /// `env=` unless something in the repository asks for a file, or somebody who knows it.
    fn style(&self) -> Style {
        match (self.only_style(), self.model.settings(self.dockerfile).mount_of(self.name())) {
            (Some(only), _) => only,
            (None, MountForm::Env) => Style::Variable,
            (None, MountForm::File) => Style::File,
            (None, MountForm::Auto) if self.passed_values().any(|value| matches!(value, ArgumentValue::File(_))) => {
                Style::File
            }
            (None, MountForm::Auto) => Style::Variable,
        }
    }

    /// The only form of the mounts with which every RUN works; `None` where both do.
    fn only_style(&self) -> Option<Style> {
        if self.mounted.is_some() {
            return Some(Style::Variable);
        }
        let readers = || self.secret.uses.iter().filter_map(|used| Some((self.run(used.step)?, used.name.as_str())));
        let only_files = self.model.has_only_files(self.dockerfile);
        let frontend = self.dockerfile.frontend();
        let old_frontend = frontend.is_some_and(|named| {
            let no = frontend_supports(&named, Feature::SecretEnv) != Answer::Yes;
            no && frontend_supports(&named, Feature::Mount) == Answer::Yes && !crate::plan::may_be_raised(&named)
        });
        let fallback = self.has_fallback();
        let can_read_file = readers().all(|(run, _)| !matches!(run.form, Form::Exec(_)));
        match (self.needs_unset() || only_files || old_frontend || fallback, can_read_file) {
            (true, _) => Some(Style::File),
            (false, false) => Some(Style::Variable),
            (false, true) => None,
        }
    }

    /// Whether a RUN may tell a variable that is not set from an empty one.
    fn needs_unset(&self) -> bool {
        let tests = || {
            let bare = self.secret.uses.iter().filter(|used| !self.is_always_set(used));
            bare.filter_map(|used| Some((self.run(used.step)?, &used.name))).any(|(run, name)| run.tests_unset(name))
        };
        self.defaults().is_empty() && (tests() || self.may_be_missed_by_code())
    }

    /// Whether the variable has to stay unset where the file of the mount is empty.
    fn is_unset_if_empty(&self) -> bool {
        self.is_passed_by_name() && self.needs_unset()
    }

    /// Whether code of the project may read the value, and a build here may pass none: a mount of a variable would set it
    /// to an empty text, which many languages tell from an unset one (`os.environ.get`, `ENV.fetch`, `??`).
    fn may_be_missed_by_code(&self) -> bool {
        let code =
            |used: &Use| matches!(used.evidence, Evidence::Possible(_) | Evidence::Script(_) | Evidence::Tool(_));
        let read = self.secret.uses.iter().filter(|used| code(used) && !self.is_always_set(used));
        let steps: BTreeSet<usize> = read.map(|used| used.step).collect();
        let stages: BTreeSet<usize> = steps.iter().filter_map(|step| self.dockerfile.steps[*step].stage).collect();
        let lacks = |bound: &BoundBuild<'_>| {
            let passes = bound.build.arguments.iter().any(|given| given.name == self.name());
            let offers = self.id_in_use().is_some_and(|id| bound.build.secrets.iter().any(|secret| secret.id == id));
            let runs = !self.dockerfile.stages_of(bound.build.target.as_deref()).is_disjoint(&stages);
            !passes && !offers && runs && bound.build.opaque.is_none() && bound.binding != Binding::OneOfSeveral
        };
        let of_application = matches!(self.secret.kind, SecretKind::Application | SecretKind::ConnectionUrl);
        let by_name = || self.is_passed_by_name() && steps.iter().any(|step| self.runs_code_with_defaults(*step));
        let may_lack = || by_name() || self.bound.iter().any(lacks);
        of_application && !steps.is_empty() && may_lack()
    }

    /// Whether the RUN at `step` runs code of a language whose defaults are for variables that are not set, and not for empty
    /// ones: `os.environ.get(…, default)`, `ENV["…"] || default`, Laravel's `env(…, default)`.
    fn runs_code_with_defaults(&self, step: usize) -> bool {
        let mut commands = self.run(step).into_iter().flat_map(Run::commands).map(effective_words);
        commands.any(|words| {
            let word = |at: usize| words.get(at).cloned().flatten().unwrap_or_default();
            let program = word(0);
            match program.rsplit('/').next().unwrap_or("") {
                "bundle" => word(1) == "exec",
                "python" | "python3" => word(1) != "-m" || word(2) == "django",
                "manage.py" | "django-admin" | "rails" | "rake" | "php" | "artisan" | "console" => true,
                _ => false,
            }
        })
    }

    /// Whether a build passes the value by its name alone, and so nothing where the variable is not set; which nobody knows of
    /// builds that are not here.
    fn is_passed_by_name(&self) -> bool {
        self.bound.is_empty() || self.passed_values().any(|value| matches!(value, ArgumentValue::Inherited))
    }

    /// Whether an ENV sets the variable where no build passes a value, too, and then to an empty text: `ENV X=$X`.
    fn is_always_set(&self, used: &Use) -> bool {
        let mut before = self.dockerfile.steps_before(used.step);
        before.any(|step| step.keyword == Keyword::Env && step.pairs.iter().any(|pair| pair.key == used.name))
    }

    fn run(&self, step: usize) -> Option<&'m Run> {
        self.dockerfile.steps.get(step)?.run.as_deref()
    }

    fn passed_values(&self) -> impl Iterator<Item = &ArgumentValue> {
        let arguments = self.bound.iter().flat_map(|bound| &bound.build.arguments);
        arguments.filter(|given| given.name == self.name()).map(|given| &given.value)
    }

    /// The texts that the declarations give the value when no build passes one; empty texts are left out.
    fn defaults(&self) -> Vec<String> {
        let pairs = self
            .secret
            .flow
            .args
            .iter()
            .filter_map(|place| self.dockerfile.steps[place.step].pairs.get(place.pair).cloned());
        pairs.filter_map(|pair| pair.value).map(|value| value.value).filter(|value| !value.is_empty()).collect()
    }

    /// A harmless default that the RUNs go on using where no secret is passed.
    fn kept_default(&self) -> Option<String> {
        let defaults = self.defaults();
        let [default] = defaults.as_slice() else { return None };
        let plain = default.chars().all(|char| char.is_ascii_alphanumeric() || "-_./:{}[]<> ".contains(char));
        let harmless = matches!(classify_value(default), ValueVerdict::Placeholder) || default == self.name();
        (plain && harmless).then(|| default.clone())
    }
}

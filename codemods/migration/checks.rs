//! What keeps a migration from being safe, or from being made at all.

use std::collections::BTreeSet;

use camino::Utf8Path;

use crate::callers::{Builder, ByHand, Dockerfiles, instead_of_argument};
use crate::config::{self, Needed};
use crate::knowledge::engines::Engine;
use crate::knowledge::names::is_bundled;
use crate::knowledge::tools;
use crate::knowledge::values::{ValueVerdict, classify_value};
use crate::model::{Binding, BoundBuild, Entry, ExposureKind, Form, Mention, RestKind, Use, mentions, rests};
use crate::plan::{Change, FollowUp, Label, Obstacle};
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::{Command, Word};

use super::Migration;
use crate::codemods::prelude::refuse_broken_file;
use crate::codemods::shown::{By, Held, does_nothing_but_print, reported};

/// Why an argument with a default is left alone whose value an account's password is made of.
const HASHED_DEFAULT: &str = "the image has to keep a hash of this password, and builds that pass none set the default, which \
                              everybody can read: set the password when the container starts";

/// What is assumed where commands keep a hash of the value in `files`.
pub(super) fn may_hold_a_hash(files: &[String]) -> String {
    format!("the image may hold a hash of the value in `{}`, which can be guessed at", files.join("`, `"))
}

/// Why a person has to decide about a value that ends in a program.
pub(super) fn built_in(who: &str, name: &str) -> String {
    format!("{who} builds `{name}` into the program, where whoever has it reads it, with a mount as well")
}

/// What is assumed of a program that gets the value and of which nothing is known.
pub(super) fn writes_nothing(program: &str) -> String {
    format!("`{program}`, which gets the value, does not write it into the image")
}

/// The value in the RUN that uses it.
fn held(used: &Use) -> Held {
    let by = By::Variables(BTreeSet::from([used.name.clone()]));
    Held { name: used.name.clone(), step: used.step, by }
}

impl<'m> Migration<'m> {
    pub(super) fn check(&self, change: &mut Change<'m>) {
        self.check_surroundings(change);
        if self.secret.entry != Entry::Mount {
            self.check_rests(change);
            self.check_scripts(change);
            self.check_relays(change);
        }
        self.check_programs(change);
        self.check_bundles(change);
        self.check_inlined(change);
    }

    /// Everything but what the commands do with the value.
    pub(super) fn check_surroundings(&self, change: &mut Change<'m>) {
        refuse_broken_file(change, self.dockerfile);
        self.check_prints(change);
        self.check_suspicion(change);
        self.check_outside_uses(change);
        self.check_forms(change);
        self.check_builders(change);
        self.check_passed(change);
        self.check_mentions(change);
        self.check_defaults(change);
        self.check_derived_defaults(change);
        self.check_run_time(change);
        self.check_triggers(change);
    }

    /// Text that looks random under a name that says nothing may be anything.
    fn check_suspicion(&self, change: &mut Change<'m>) {
        let named = |name: &str| self.model.settings(self.dockerfile).classify_name(name).kind().is_some();
        let relayed = self.secret.flow.relays.iter().any(|relay| named(&relay.name));
        let verdicts: Vec<ValueVerdict> = self.defaults().iter().map(|text| classify_value(text)).collect();
        let random = |verdict: &ValueVerdict| {
            matches!(verdict, ValueVerdict::CredentialShaped { .. }) && !verdict.has_known_form()
        };
        if !named(self.name()) && !relayed && verdicts.iter().any(random) {
            change.assume(format!("the default of `{}`, which only looks like one, is a secret", self.name()));
        }
    }

    /// A mount on a command that only prints the value would keep it in the log; `secret-logged` takes it out.
    fn check_prints(&self, change: &mut Change<'m>) {
        let mut uses = self.secret.uses.iter();
        let printed = uses.all(|used| does_nothing_but_print(self.dockerfile, used.step, [&held(used)]));
        let first = self.secret.uses.first().filter(|_| printed && self.mounted.is_none());
        if let Some(first) = first {
            let place = change.place(self.dockerfile.steps[first.step].instruction.keyword_range(), "prints it");
            let reason =
                format!("no RUN does anything with `{}` but print it: `secret-logged` takes that out", self.name());
            change.obstruct("only-printed", reason, place);
        }
    }

    fn check_outside_uses(&self, change: &mut Change<'m>) {
        for outside in &self.secret.flow.outside {
            let keyword = self.dockerfile.steps[outside.step].keyword;
            let word = format!("{keyword:?}").to_uppercase();
            let name = self.name();
            let reason = match keyword {
                Keyword::Arg => format!("another argument's default is made of `{name}`"),
                Keyword::From => format!(
                    "FROM uses `{name}`, and no secret reaches the name of an image: log in to its registry where the image is \
                     built (`docker login`)"
                ),
                Keyword::Label => {
                    format!("LABEL uses `{name}`, and everyone who can pull the image can read it: leave it out")
                }
                Keyword::Workdir | Keyword::User | Keyword::Expose | Keyword::Volume | Keyword::Stopsignal => {
                    format!("{word} uses `{name}`, which the image's configuration then shows: leave it out")
                }
                _ => format!("{word} uses `{name}`, and only a RUN can see a secret"),
            };
            let place = change.place(outside.range, format!("{word} uses it"));
            let kind = if keyword == Keyword::Add { "used-in-add" } else { "used-outside-run" };
            change.obstruct(kind, reason, place);
        }
    }

    fn check_forms(&self, change: &mut Change<'m>) {
        for used in &self.secret.uses {
            if matches!(self.run(used.step).map(|run| &run.form), Some(Form::Foreign)) {
                let range = self.dockerfile.steps[used.step].instruction.keyword_range();
                let place = change.place(range, "this RUN is not run by a POSIX shell");
                change.obstruct("windows-shell", "Windows containers are not built with secret mounts yet", place);
                return;
            }
        }
    }

    fn check_rests(&self, change: &mut Change<'m>) {
        for used in &self.secret.uses {
            let Some(run) = self.run(used.step) else { continue };
            let keyword = self.dockerfile.steps[used.step].instruction.keyword_range();
            for rest in rests(run, &used.name) {
                let at = rest.place.unwrap_or(keyword);
                match rest.kind {
                    RestKind::Log => {
                        let line = self.dockerfile.lines.line(at.start());
                        change.notes.push(format!("line {line} prints the value to the build log"));
                    }
                    RestKind::Hashed(files) => {
                        if !self.defaults().is_empty() {
                            let label = change.place(at, "keeps a hash of it");
                            change.obstruct("hashed-default", HASHED_DEFAULT, label);
                        }
                        change.assume(may_hold_a_hash(&files));
                    }
                    RestKind::NotUnderstood(_) if self.is_built_in(used) => {}
                    RestKind::NotUnderstood(program) => change.assume(writes_nothing(&program)),
                    // The repairs deal with what is written down.
                    RestKind::File(_) | RestKind::Tool { .. } => {}
                }
            }
            self.check_reports(used, change);
        }
    }

    /// What a tool tells of its work, and the trace of a shell, may go into a file: no repair deals with that.
    fn check_reports(&self, used: &Use, change: &mut Change<'m>) {
        let held = held(used);
        for exposure in held.exposures(self.dockerfile) {
            let ExposureKind::Reported { path } = &exposure.kind else { continue };
            let sentence = reported(&exposure.program, path);
            let place = change.place(held.place(self.dockerfile, &exposure), "writes the value down");
            change.obstruct("writes-down", sentence, place);
        }
    }

    /// A mount keeps a value out of the history, and not out of a program that is built with it: whether everybody who has the
    /// program may have the value is for a person to say.
    fn check_programs(&self, change: &mut Change<'m>) {
        for used in self.secret.uses.iter().filter(|used| self.is_built_in(used)) {
            let (line, name) = (self.dockerfile.line_of(used.step), &used.name);
            let keyword = self.dockerfile.steps[used.step].instruction.keyword_range();
            let reason = built_in(&format!("the RUN in line {line}"), name);
            change.obstruct("built-in", reason, change.place(keyword, "builds it into a program"));
        }
    }

    /// Whether the RUN builds the value into a program.
    fn is_built_in(&self, used: &Use) -> bool {
        let embeds = |command: &Command| {
            let words = || command.words.iter().skip(command.effective().index);
            tools::embeds(&words().map(Word::lossy).collect::<Vec<_>>())
                && words().any(|word| word.mentions(&used.name))
        };
        self.run(used.step).is_some_and(|run| run.commands().any(embeds))
    }

    /// A bundler writes variables of some names into the code that browsers load: no mount changes that (manuals of Vite,
    /// Next.js, Create React App).
    fn check_bundles(&self, change: &mut Change<'m>) {
        let relayed = self.secret.flow.relays.iter().map(|relay| relay.name.clone());
        let mut public: BTreeSet<String> = relayed.filter(|name| is_bundled(name)).collect();
        for used in &self.secret.uses {
            let Some(run) = self.run(used.step) else { continue };
            public.extend(run.derived_variables(&used.name).into_iter().filter(|name| is_bundled(name)));
            let settings = run.commands().filter(|command| command.words.iter().any(|word| word.mentions(&used.name)));
            let words = settings.flat_map(|command| &command.words).map(Word::lossy);
            let named = words.filter_map(|word| word.split_once('=').map(|(name, _)| name.to_owned()));
            public.extend(named.filter(|name| is_bundled(name)));
        }
        public.remove(self.name());
        for name in public {
            change.assume(format!(
                "what `{name}` holds may be public: the bundler writes it into the files that browsers load, with a mount as well"
            ));
        }
    }

    /// Whether the stage of a step may be the image that somebody runs.
    pub(super) fn is_shipped(&self, step: usize) -> bool {
        self.dockerfile.steps[step].stage.is_none_or(|stage| self.shipped.contains(&stage))
    }

    fn check_builders(&self, change: &mut Change<'m>) {
        for engine in &self.model.settings(self.dockerfile).engines {
            if let Some(sentence) = engine.without_secrets() {
                change.obstruct("builder-without-secrets", sentence, None);
            }
        }
        self.check_buildx(change);
        for bound in &self.bound {
            // Of several that are only guessed, the argument says enough.
            let guessed = matches!(bound.build.dockerfiles, Dockerfiles::Unknown(_));
            let several = bound.binding == Binding::OneOfSeveral;
            if let Builder::WithoutSecrets(sentence) = &bound.build.builder
                && !(several && guessed)
            {
                let text = format!("{} builds it", bound.build.title);
                let place = Label { file: bound.build.file.clone(), range: bound.build.range, text };
                change.obstruct("builder-without-secrets", sentence.clone(), Some(place));
            }
            let passes = bound.build.arguments.iter().any(|given| given.name == self.name());
            let opaque = bound.build.opaque.as_deref().filter(|_| !(passes || several && guessed));
            if let Some(opaque) = opaque.filter(|_| self.secret.entry == Entry::Argument) {
                self.check_opaque(change, bound, opaque);
            }
        }
        if self.secret.entry == Entry::Argument {
            self.check_handed_on(change);
        }
    }

    /// A plugin that is installed beside docker also takes the place of the one that docker brings.
    fn check_buildx(&self, change: &mut Change<'m>) {
        let passes = !self.secret.uses.is_empty() || !self.fetched.is_empty();
        let Some((file, range, version)) = self.model.old_buildx().filter(|_| passes) else { return };
        let called = |bound: &&BoundBuild<'_>| {
            let build = bound.build;
            let by_docker = build.builder.release().is_some_and(|release| release.engine == Engine::Docker);
            by_docker && build.format.has_options() && build.arguments.iter().any(|given| given.name == self.name())
        };
        if let Some(bound) = self.bound.iter().find(called) {
            let place = Label { file: file.clone(), range: *range, text: "installed here".to_owned() };
            let reason = format!(
                "{} in `{}` may be that of buildx {version}, which takes no secret from the environment",
                bound.build.title, bound.build.file
            );
            change.obstruct("builder-without-secrets", reason, Some(place));
        }
    }

    fn check_passed(&self, change: &mut Change<'m>) {
        for (bound, passed) in self.passed_until_now() {
            let (id, name, file) = (&passed.id, self.name(), &bound.build.file);
            change.assume(format!("the secret `{id}` that `{file}` passes has the value that `{name}` should have"));
        }
        let addressed = self.model.passed_to_an_address(self.dockerfile, self.name()).into_iter();
        let addressed = addressed.map(|(build, address)| (build, address.to_owned()));
        let beside = self.model.passed_beside(self.dockerfile, self.name()).into_iter();
        for (build, place) in addressed.chain(beside.map(|(build, folder)| (build, format!("../{folder}")))) {
            change.assume(format!(
                "`{place}`, which `{}` builds with `{}`, is another repository",
                build.file,
                self.name()
            ));
        }
    }

    pub(super) fn text_of(&self, file: &Utf8Path) -> &'m str {
        self.model.repository.source(file).map_or("", |source| source.text())
    }

    fn check_mentions(&self, change: &mut Change<'m>) {
        if self.secret.entry != Entry::Argument {
            return;
        }
        for mention in self.model.mentions(self.dockerfile, self.name()) {
            let file = mention.file.clone();
            if mention.prose {
                change.notes.push(format!("`{file}` still speaks of the build argument `{}`", self.name()));
                continue;
            }
            let by_hand = self.by_hand(&mention);
            let (kind, reason) = match by_hand.never {
                Some(never) => ("builder-without-secrets", never),
                None => (
                    "unedited-mention",
                    format!(
                        "`{file}` seems to pass the build argument `{}` in a way that is not understood",
                        self.name()
                    ),
                ),
            };
            let place = Some(Label { file, range: mention.range, text: "named here".to_owned() });
            // A secret that nothing reads is only taken out.
            let instead = (!self.secret.uses.is_empty()).then_some(by_hand.instead);
            change.obstacle(Obstacle { kind, reason, place, instead });
        }
    }

    fn by_hand(&self, mention: &Mention) -> ByHand {
        instead_of_argument(&mention.file, self.text_of(&mention.file), mention.range, self.name(), &self.id())
    }

    fn check_defaults(&self, change: &mut Change<'m>) {
        if !self.loses_default() {
            return;
        }
        for default in self.defaults() {
            match classify_value(&default) {
                ValueVerdict::CredentialShaped { .. } | ValueVerdict::UrlWithCredentials(_) => {
                    let path = self.dockerfile.path();
                    change.follow_up(FollowUp::Rotate(format!("the default of `{}` in `{path}`", self.name())));
                    change.assume(format!("every build passes `{}`: its default goes", self.name()));
                }
                _ => change.assume(format!("every build passes `{}`: its default goes", self.name())),
            }
        }
    }

    pub(super) fn uses_have_a_shell(&self) -> bool {
        let forms = self.secret.uses.iter().filter_map(|used| self.run(used.step)).map(|run| &run.form);
        !forms.into_iter().any(|form| matches!(form, Form::Exec(_)))
    }

    /// An ENV reaches the running container, which a build secret can't.
    fn check_run_time(&self, change: &mut Change<'m>) {
        let flow = &self.secret.flow;
        let relays = flow.relays.iter().map(|relay| (relay.place, relay.name.as_str()));
        let literals = flow.literals.iter().map(|place| (*place, self.name()));
        for (place, name) in relays.chain(literals) {
            if self.is_shipped(place.step) {
                self.check_container(change, name);
            } else if self.secret.entry == Entry::Variable {
                change.assume(format!("every build passes `{name}`: the text in the Dockerfile goes"));
            }
        }
    }

    fn check_container(&self, change: &mut Change<'m>, name: &str) {
        let way = format!("`docker run --env {name}`, `environment:` of the service");
        let started = self.dockerfile.steps.iter().find(|step| {
            matches!(step.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck)
                && mentions(crate::source::slice(self.dockerfile.source.text(), step.outer.text_range()), name)
        });
        let code = || self.model.read_when_run(self.dockerfile, name, self.secret.kind);
        let heirs = || self.model.heirs(self.dockerfile);
        let (range, reason) = match started {
            Some(step) => (step.outer.text_range(), format!("the start command reads `{name}`")),
            None if let Some(file) = code() => {
                (self.primary_label("").range, format!("`{file}` reads `{name}` when the container runs"))
            }
            None if let Some(heir) = heirs().first() => {
                (self.primary_label("").range, format!("`{heir}` starts from this image and inherits `{name}`"))
            }
            None if self.is_only_a_placeholder() => {
                (self.primary_label("").range, format!("`{name}` holds a placeholder for what the container is given"))
            }
            None if self.needed() == Some(Needed::Run) => {
                (self.primary_label("").range, format!("`{}` says that the container needs `{name}`", config::FILE))
            }
            // What nothing reads while the image is built was put there for the container.
            None if self.secret.uses.is_empty() && self.needed() != Some(Needed::Build) => (
                self.primary_label("").range,
                format!("no RUN reads `{name}`, so that it can only be meant for the running container"),
            ),
            None => {
                self.assume_no_use_in_container(change, name, &way);
                return;
            }
        };
        let label = change.place(range, "a build secret does not reach the container");
        change.obstruct(
            "run-time-value",
            format!("{reason}: give it to the container when it is started ({way})"),
            label,
        );
    }

    /// What somebody decided about the container's need of the value.
    fn needed(&self) -> Option<Needed> {
        self.model.settings(self.dockerfile).secrets.get(self.name()).and_then(|secret| secret.needed)
    }

    fn assume_no_use_in_container(&self, change: &mut Change<'m>, name: &str, way: &str) {
        if self.needed() != Some(Needed::Build) {
            change.assume(format!(
                "the running container does not need `{name}` from the image, or gets it when it is started ({way})"
            ));
        }
        if !self.secret.doubtful.is_empty() {
            let lines = self.secret.doubtful.iter().map(|used| self.dockerfile.line_of(used.step).to_string());
            let lines = lines.collect::<Vec<_>>().join(", ");
            change.assume(format!("no RUN needs `{name}` to build the image (line {lines})"));
        }
    }

    /// Whether somebody can say what nothing here tells: if the container needs the value of the ENV.
    pub(super) fn may_be_needed_in_container(&self) -> bool {
        let starts = |name: &str| {
            self.dockerfile.steps.iter().any(|step| {
                matches!(step.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck)
                    && mentions(crate::source::slice(self.dockerfile.source.text(), step.outer.text_range()), name)
            })
        };
        self.reaches_the_image() && !starts(self.name()) && !self.is_only_a_placeholder()
    }

    /// Whether the ENV holds no credential but a word such as `changeme`, and no RUN reads it.
    fn is_only_a_placeholder(&self) -> bool {
        let texts = self.secret.flow.literals.iter().filter_map(|at| self.dockerfile.steps[at.step].pairs.get(at.pair));
        let mut texts = texts.filter_map(|pair| pair.value.as_ref()).map(|word| classify_value(&word.value));
        self.secret.entry == Entry::Variable
            && self.secret.uses.is_empty()
            && texts.all(|verdict| matches!(verdict, ValueVerdict::Placeholder | ValueVerdict::Empty))
    }

    fn check_triggers(&self, change: &mut Change<'m>) {
        let flow = &self.secret.flow;
        let mut steps = flow.args.iter().map(|place| place.step).chain(self.secret.uses.iter().map(|used| used.step));
        let declared = flow.args.iter().find(|place| self.dockerfile.steps[place.step].onbuild);
        if let Some(place) = declared.filter(|_| self.secret.uses.is_empty()) {
            let label =
                change.place(self.dockerfile.steps[place.step].instruction.keyword_range(), "declared for them");
            let reason = format!(
                "ONBUILD declares `{}` for the RUNs of images that are built from this one: mount the secret there first",
                self.name()
            );
            change.obstruct("onbuild-argument", reason, label);
        }
        if steps.any(|step| self.dockerfile.steps[step].onbuild) {
            let id = self.id();
            change.assume(format!(
                "images that are built from this one are built by BuildKit with frontend 1.10 or later and pass the secret `{id}`"
            ));
        }
    }
}

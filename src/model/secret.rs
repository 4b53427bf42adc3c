use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::callers::ArgumentValue;
use crate::config::Settings;
use crate::knowledge::files::{FileVerdict, classify_file};
use crate::knowledge::names::{NameVerdict, SecretKind, identifies, is_id_of_pair, may_be_switch};
use crate::knowledge::values::{ValueVerdict, classify_value, is_nothing, is_own_name, is_pointer, is_switch};
use crate::syntax::dockerfile::{Keyword, Pair, Word};

use super::credential_use::{assigned_variables, credential_uses};
use super::rest::{RestKind, filled_files, rests};
use super::run::Run;
use super::{Dockerfile, Evidence, Flow, Model};

/// How a secret enters a Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// As a build argument.
    Argument,
    /// As a text in an ENV.
    Variable,
    /// By a secret mount that is there already.
    Mount,
}

/// A RUN that reads the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The RUN, an index into the Dockerfile's steps.
    pub step: usize,
    /// The environment variable that it reads it from.
    pub name: String,
    /// Why that is thought.
    pub evidence: Evidence,
}

/// One secret of a Dockerfile: where it enters and everything that becomes of it.
#[derive(Debug, Clone)]
pub struct Secret {
    /// How it enters.
    pub entry: Entry,
    /// What kind of secret it is.
    pub kind: SecretKind,
    /// Why it is taken for a secret, in a few words.
    pub why: String,
    /// Where its value goes.
    pub flow: Flow,
    /// The RUNs that read it, in order.
    pub uses: Vec<Use>,
    /// The RUNs that might read a text which an ENV gives the running container, but for which nothing speaks.
    pub doubtful: Vec<Use>,
}

impl Model {
    pub(super) fn find_secrets(&self, dockerfile: &Dockerfile) -> Vec<Secret> {
        let settings = self.settings(dockerfile);
        let mut secrets = Vec::new();
        let mut relayed = BTreeSet::new();
        let [arguments, variables] = [Keyword::Arg, Keyword::Env].map(|keyword| declared(dockerfile, keyword));
        let names: LazyCell<Vec<String>, _> = LazyCell::new(|| {
            let mounts = (0..dockerfile.steps.len()).flat_map(|step| dockerfile.secret_mounts(step));
            let mounted = mounts.flat_map(|mount| mount.variable.into_iter().chain([mount.id]));
            arguments.iter().chain(&variables).cloned().chain(mounted).collect()
        });
        let used = LazyCell::new(|| uses_as_credential(dockerfile, &settings));
        let is_id =
            |name: &str| !settings.secrets.contains_key(name) && is_id_of_pair(name, names.iter().map(String::as_str));
        for name in &arguments {
            let may_be_secret = self.may_be_secret(dockerfile, Keyword::Arg, name) || !used.is_empty();
            if !may_be_secret || is_id(name) {
                continue;
            }
            let flow = Flow::of_argument(dockerfile, name);
            if let Some((kind, why)) = self.judge_argument(dockerfile, &flow, &used) {
                relayed.extend(flow.relays.iter().map(|relay| relay.place));
                secrets.push(self.secret(dockerfile, Entry::Argument, kind, why, flow));
            }
        }
        for name in &variables {
            if !self.may_be_secret(dockerfile, Keyword::Env, name) || is_id(name) {
                continue;
            }
            let mut flow = Flow::of_variable(dockerfile, name);
            flow.literals.retain(|place| !relayed.contains(place));
            if let Some((kind, why)) = judge_variable(dockerfile, &flow, &settings) {
                secrets.push(self.secret(dockerfile, Entry::Variable, kind, why, flow));
            }
        }
        secrets
    }

    /// What can be said without following the value: a necessary condition for [`Self::judge_argument`] and
    /// [`judge_variable`] that spares most variables the way through the stages.
    fn may_be_secret(&self, dockerfile: &Dockerfile, keyword: Keyword, name: &str) -> bool {
        let settings = self.settings(dockerfile);
        let is_secret = |name: &str| matches!(settings.classify_name(name), NameVerdict::Secret(_));
        let steps = dockerfile.steps.iter().filter(|step| step.keyword == keyword);
        let mut values =
            steps.flat_map(|step| &step.pairs).filter(|pair| pair.key == name).filter_map(|pair| pair.value.as_ref());
        let environment =
            || dockerfile.steps.iter().filter(|step| step.keyword == Keyword::Env).flat_map(|step| &step.pairs);
        let copies =
            |pair: &&Pair| pair.value.as_ref().is_some_and(|value| value.variables.iter().any(|one| one.name == name));
        is_secret(name)
            || values.any(|word| credential_among(name, std::slice::from_ref(word)).is_some())
            || (keyword == Keyword::Arg
                && (environment().filter(copies).any(|pair| is_secret(&pair.key))
                    || self.passed_as(dockerfile, name).is_some()))
    }

    fn secret(&self, dockerfile: &Dockerfile, entry: Entry, kind: SecretKind, why: String, flow: Flow) -> Secret {
        let uses = self.uses(dockerfile, &flow);
        let shipped = dockerfile.shipped_stages(&self.targets(dockerfile));
        let for_the_container = entry == Entry::Variable
            && flow.literals.iter().any(|at| dockerfile.steps[at.step].stage.is_some_and(|at| shipped.contains(&at)));
        // What is copied to the image that runs, and no RUN reads for certain, is meant for the container as well.
        let certain = uses.iter().any(|used| used.evidence.is_certain());
        let copied =
            flow.relays.iter().any(|at| dockerfile.steps[at.place.step].stage.is_some_and(|at| shipped.contains(&at)));
        let of_application = matches!(kind, SecretKind::Application | SecretKind::ConnectionUrl);
        let for_the_container = for_the_container || (copied && !certain && of_application);
        let (doubtful, uses) = uses.into_iter().partition(|used| for_the_container && !used.evidence.is_certain());
        Secret { entry, kind, why, flow, uses, doubtful }
    }

    fn uses(&self, dockerfile: &Dockerfile, flow: &Flow) -> Vec<Use> {
        let reader = self.reader(dockerfile);
        let mut uses = Vec::new();
        for (step, names) in &flow.visible {
            let Some(run) = dockerfile.steps.get(*step).and_then(|step| step.run.as_deref()) else { continue };
            for name in names {
                // An argument that ENVs hand on under other names only was declared for them: a RUN that may read
                // anything is taken to read the copies.
                let kept = flow.relays.iter().any(|relay| relay.name == *name);
                let only_feeds = *name == flow.name && names.len() > 1 && !kept;
                if let Some(evidence) = reader.reads(run, name).filter(|found| !only_feeds || found.is_certain()) {
                    uses.push(Use { step: *step, name: name.clone(), evidence });
                }
            }
        }
        uses
    }

    /// Whether a build argument is a secret, by its name, its default, what it is copied to and what builds pass.
    fn judge_argument(
        &self,
        dockerfile: &Dockerfile,
        flow: &Flow,
        used: &CredentialUses,
    ) -> Option<(SecretKind, String)> {
        let defaults = values_of(dockerfile, &flow.args);
        if self.is_no_value_of_a_secret(dockerfile, &flow.name, &defaults) || is_public_key(dockerfile, flow) {
            return None;
        }
        let settings = self.settings(dockerfile);
        match settings.classify_name(&flow.name) {
            NameVerdict::LookAlike { .. } => {
                credential_among(&flow.name, &defaults).map(|why| (SecretKind::Application, why))
            }
            NameVerdict::Secret(found) => {
                let by_value = matches!(found.kind, SecretKind::IndexUrl | SecretKind::ConnectionUrl);
                let mut known = self.public_values(dockerfile, &flow.args).into_iter().chain(
                    self.passed_values(dockerfile, &flow.name).map(|passed| match passed {
                        ArgumentValue::Literal(text) => is_public_text(text.reveal()),
                        ArgumentValue::Empty => true,
                        _ => false,
                    }),
                );
                let public = known.next().is_some_and(|first| first && known.all(|public| public));
                (!(by_value && public)).then_some((found.kind, found.reason))
            }
            NameVerdict::Plain => credential_among(&flow.name, &defaults)
                .map(|why| (SecretKind::Application, why))
                .or_else(|| relayed_as(flow, &settings))
                .or_else(|| self.passed_as(dockerfile, &flow.name))
                .or_else(|| {
                    // A default that everybody can read is no secret for being used as one.
                    let known = defaults.iter().any(|word| !is_empty(word));
                    let of = |(step, names): (&usize, &BTreeSet<String>)| {
                        names.iter().find_map(|name| used.get(&(*step, name.clone())))
                    };
                    flow.visible.iter().find_map(of).filter(|_| !known).cloned()
                }),
        }
    }

    /// Of each value that these pairs give, whether everybody may know it.
    fn public_values(&self, dockerfile: &Dockerfile, places: &[super::PairPlace]) -> Vec<bool> {
        let given = self.given_arguments(dockerfile);
        let public = |place: &super::PairPlace| {
            let pair = dockerfile.steps[place.step].pairs.get(place.pair)?;
            let word = pair.value.as_ref()?;
            Some(dockerfile.expanded(word, place.step, &given).is_some_and(|text| is_public_text(&text)))
        };
        places.iter().filter_map(public).collect()
    }

    fn passed_values<'m>(
        &'m self,
        dockerfile: &'m Dockerfile,
        name: &'m str,
    ) -> impl Iterator<Item = &'m ArgumentValue> {
        let builds = self.bound_builds(dockerfile).into_iter();
        let arguments = builds.flat_map(|bound| &bound.build.arguments);
        arguments.filter(move |argument| argument.name == name).map(|argument| &argument.value)
    }

    /// Whether the argument says where a secret is, or whether there is one: its defaults and all that builds pass are
    /// paths or, where a RUN tells `true` from `false`, switches. A default of `false` alone may stand for no password.
    fn is_no_value_of_a_secret(&self, dockerfile: &Dockerfile, name: &str, defaults: &[Word]) -> bool {
        let switched = defaults.iter().any(|word| is_switch(&word.value))
            && (is_compared_with_a_switch(dockerfile, name) || may_be_switch(name));
        let fits = |text: &str| is_pointer(text) || (switched && is_switch(text));
        let passed = |value: &ArgumentValue| match value {
            ArgumentValue::Literal(text) => fits(text.reveal()),
            ArgumentValue::Empty => true,
            _ => false,
        };
        !defaults.is_empty()
            && defaults.iter().all(|word| word.variables.is_empty() && fits(&word.value))
            && self.passed_values(dockerfile, name).all(passed)
    }

    /// A plain name is a secret where a build fills it from a variable or CI expression with a secret's name.
    fn passed_as(&self, dockerfile: &Dockerfile, name: &str) -> Option<(SecretKind, String)> {
        let settings = self.settings(dockerfile);
        self.passed_values(dockerfile, name).find_map(|value| {
            let from = match value {
                ArgumentValue::Variable(variable) => variable.as_str(),
                ArgumentValue::Expression(expression) => expression.rsplit('.').next()?,
                _ => return None,
            };
            certain_kind(from, &settings).map(|kind| (kind, format!("a build fills it from `{from}`")))
        })
    }
}

fn relayed_as(flow: &Flow, settings: &Settings) -> Option<(SecretKind, String)> {
    flow.relays.iter().filter(|relay| relay.exact).find_map(|relay| copied_to(&relay.name, settings))
}

/// Whether a variable that an ENV sets to a text is a secret.
fn judge_variable(dockerfile: &Dockerfile, flow: &Flow, settings: &Settings) -> Option<(SecretKind, String)> {
    let values = values_of(dockerfile, &flow.literals);
    let blank = |word: &Word| is_empty(word) || is_nothing(&word.value) || is_own_name(&word.value, &flow.name);
    let telling: Vec<&Word> = values.iter().filter(|word| !blank(word)).collect();
    if telling.iter().all(|word| points_elsewhere(word, settings)) {
        return None;
    }
    match settings.classify_name(&flow.name) {
        NameVerdict::Secret(found) => {
            let by_value = matches!(found.kind, SecretKind::IndexUrl | SecretKind::ConnectionUrl);
            let public = telling.iter().all(|word| is_public(word));
            (!(by_value && public)).then_some((found.kind, found.reason))
        }
        NameVerdict::LookAlike { .. } | NameVerdict::Plain => {
            credential_among(&flow.name, &values).map(|why| (SecretKind::Application, why))
        }
    }
}

/// The steps and variables that the RUN uses as a credential, with what that says of the value.
type CredentialUses = BTreeMap<(usize, String), (SecretKind, String)>;

fn uses_as_credential(dockerfile: &Dockerfile, settings: &Settings) -> CredentialUses {
    let whole_file = |path: &str| {
        let FileVerdict::BuildInput(input) = classify_file(path) else { return None };
        let kind = if input.ssh { SecretKind::SshKey } else { SecretKind::Fetch };
        let counts = !input.common || input.is_private_at(path);
        counts.then(|| (kind, format!("a RUN writes it as `{path}`: {}", input.what)))
    };
    let of_run = |run: &Run| {
        let by_place = credential_uses(run).into_iter();
        let by_place = by_place.map(|(name, what)| (name, (SecretKind::Fetch, format!("a RUN takes it as {what}"))));
        let by_file = filled_files(run).into_iter().filter_map(|(name, path)| Some((name, whole_file(&path)?)));
        let by_name =
            assigned_variables(run).into_iter().filter_map(|(name, to)| Some((name, copied_to(&to, settings)?)));
        by_name.chain(by_place).chain(by_file).collect::<Vec<_>>()
    };
    let runs = dockerfile.steps.iter().enumerate().filter_map(|(at, step)| Some((at, step.run.as_deref()?)));
    runs.flat_map(|(at, run)| of_run(run).into_iter().map(move |(name, verdict)| ((at, name), verdict))).collect()
}

/// What it says of a value that it is copied to a variable of this name.
fn copied_to(name: &str, settings: &Settings) -> Option<(SecretKind, String)> {
    certain_kind(name, settings).map(|kind| (kind, format!("it is copied to `{name}`")))
}

/// The kind of secret that a variable of this name holds for certain.
fn certain_kind(name: &str, settings: &Settings) -> Option<SecretKind> {
    let NameVerdict::Secret(found) = settings.classify_name(name) else { return None };
    matches!(found.kind, SecretKind::Fetch | SecretKind::SshKey | SecretKind::Application).then_some(found.kind)
}

fn declared(dockerfile: &Dockerfile, keyword: Keyword) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let steps = dockerfile.steps.iter().filter(|step| step.keyword == keyword);
    steps.flat_map(|step| &step.pairs).map(|pair| pair.key.clone()).filter(|key| seen.insert(key.clone())).collect()
}

/// Whether the RUNs do nothing with the value but let its owner log in: it is a public key (sshd(8), AUTHORIZED_KEYS).
fn is_public_key(dockerfile: &Dockerfile, flow: &Flow) -> bool {
    const KEYS: &str = "authorized_keys";
    if !dockerfile.source.text().contains(KEYS) {
        return false;
    }
    let runs =
        flow.visible.iter().filter_map(|(step, names)| Some((dockerfile.steps.get(*step)?.run.as_deref()?, names)));
    let mut rests = runs.flat_map(|(run, names)| names.iter().flat_map(|name| rests(run, name))).peekable();
    rests.peek().is_some() && rests.all(|rest| matches!(&rest.kind, RestKind::File(path) if path.ends_with(KEYS)))
}

/// The values that these pairs give.
fn values_of(dockerfile: &Dockerfile, places: &[super::PairPlace]) -> Vec<Word> {
    let pair = |place: &super::PairPlace| dockerfile.steps[place.step].pairs.get(place.pair).cloned();
    places.iter().filter_map(pair).filter_map(|pair| pair.value).collect()
}

/// Whether the builder makes nothing of the word: no text at all, or only references that may be undefined.
fn is_empty(word: &Word) -> bool {
    let references: usize = word.variables.iter().map(|variable| usize::from(variable.range.len())).sum();
    word.value.is_empty() || (!word.variables.is_empty() && word.value.len() <= references)
}

/// Whether the word is not the secret, but says where it is or whether there is one.
fn points_elsewhere(word: &Word, settings: &Settings) -> bool {
    let plain = |name: &str| settings.classify_name(name).kind().is_none();
    let is_path = is_pointer(&word.value) && word.variables.iter().all(|variable| plain(&variable.name));
    is_path || (word.variables.is_empty() && is_switch(&word.value))
}

/// Whether a RUN compares the variable with `true`, `no` or the like.
fn is_compared_with_a_switch(dockerfile: &Dockerfile, name: &str) -> bool {
    let commands = dockerfile.steps.iter().filter_map(|step| step.run.as_ref()).flat_map(|run| run.commands());
    commands.into_iter().any(|command| {
        let words = || command.words.iter().map(|word| word.lossy());
        let tests = words().next().is_some_and(|program| matches!(program.as_str(), "[" | "[[" | "test"));
        tests && command.words.iter().any(|word| word.mentions(name)) && words().any(|word| is_switch(&word))
    })
}

fn is_public(word: &Word) -> bool {
    word.variables.is_empty() && is_public_text(&word.value)
}

fn is_public_text(text: &str) -> bool {
    matches!(classify_value(text), ValueVerdict::Public | ValueVerdict::Empty)
}

/// Why one of `words`, which the variable `name` is set to, is a credential by its own look, in a few words; never the
/// value.
fn credential_among(name: &str, words: &[Word]) -> Option<String> {
    words.iter().filter(|word| word.variables.is_empty()).find_map(|word| match classify_value(&word.value) {
        verdict if identifies(name) && !verdict.has_known_form() => None,
        ValueVerdict::CredentialShaped { what } => Some(format!("its value looks like {what}")),
        ValueVerdict::UrlWithCredentials(_) => Some("its value is a URL with credentials".to_owned()),
        _ => None,
    })
}

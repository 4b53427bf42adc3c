use std::collections::{BTreeMap, BTreeSet};

use crate::source::TextRange;
use crate::syntax::dockerfile::{Keyword, Pair, VariableRef, Word};

use super::dockerfile::{Base, Dockerfile, Step};
use super::run::mentions;

/// A pair of an `ARG` or `ENV`: its step and its zero-based place among the instruction's pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PairPlace {
    /// An index into [`Dockerfile::steps`].
    pub step: usize,
    /// An index into the instruction's pairs.
    pub pair: usize,
}

/// An `ENV` that takes its value from the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// Where it stands.
    pub place: PairPlace,
    /// The variable that it sets.
    pub name: String,
    /// Whether the value is the secret itself and not something made of it (`https://$TOKEN@host`).
    pub exact: bool,
}

/// A use that no mount can serve: the builder, not a RUN, expands the variable there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideUse {
    /// The step.
    pub step: usize,
    /// The variable reference, or the instruction where no reference can be named.
    pub range: TextRange,
}

/// Where the value of one variable goes, by the builder's rules of scope.
///
/// Facts: ARG and ENV are inherited by stages that start from the stage; the last one set wins in a RUN; all values of
/// one ENV see the environment before it; global ARGs reach FROM lines only, until a stage declares them again
/// (BuildKit `dockerfile2llb/convert.go`; experiments on Engine 28.5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flow {
    /// The variable that the value enters by.
    pub name: String,
    /// The `ARG`s that declare it.
    pub args: Vec<PairPlace>,
    /// The `ENV` that sets it to a text of its own, for a value that enters by `ENV`.
    pub literals: Vec<PairPlace>,
    /// The `ENV`s that copy it.
    pub relays: Vec<Relay>,
    /// The RUN steps that have it in their environment, each with the names that hold it there.
    pub visible: BTreeMap<usize, BTreeSet<String>>,
    /// Where the builder expands it.
    pub outside: Vec<OutsideUse>,
}

/// The variables that hold the value at some point: name, and whether it is the value itself.
type Holders = BTreeMap<String, bool>;

impl Flow {
    /// Follows the build argument `name`.
    #[must_use]
    pub fn of_argument(dockerfile: &Dockerfile, name: &str) -> Self {
        Tracer::new(dockerfile, name, Keyword::Arg).trace()
    }

    /// Follows the variable `name` from the `ENV`s that set it to a text of their own.
    #[must_use]
    pub fn of_variable(dockerfile: &Dockerfile, name: &str) -> Self {
        Tracer::new(dockerfile, name, Keyword::Env).trace()
    }
}

struct Tracer<'d> {
    dockerfile: &'d Dockerfile,
    entry: Keyword,
    flow: Flow,
}

impl<'d> Tracer<'d> {
    fn new(dockerfile: &'d Dockerfile, name: &str, entry: Keyword) -> Self {
        Self { dockerfile, entry, flow: Flow { name: name.to_owned(), ..Flow::default() } }
    }

    fn trace(mut self) -> Flow {
        self.trace_global_scope();
        let mut at_end: Vec<Holders> = Vec::new();
        let mut environment_at_end: Vec<Holders> = Vec::new();
        for (index, stage) in self.dockerfile.stages.iter().enumerate() {
            let inherited = match stage.base {
                Base::Stage(parent) => at_end.get(parent).cloned().unwrap_or_default(),
                Base::Image(_) => Holders::new(),
            };
            let (holders, relayed) = self.trace_stage(index, inherited, false);
            at_end.push(holders);
            environment_at_end.push(relayed);
        }
        for (index, relayed) in environment_at_end.into_iter().enumerate() {
            self.trace_stage(index, relayed, true);
        }
        self.flow
    }

    /// Before the first FROM only ARG defaults and the FROM lines themselves can read an argument.
    fn trace_global_scope(&mut self) {
        let mut declared = false;
        for (index, step) in self.dockerfile.steps.iter().enumerate() {
            if step.stage.is_none() && step.keyword == Keyword::Arg {
                for (at, pair) in step.pairs.iter().enumerate() {
                    if declared {
                        self.note_outside(index, pair.value.iter());
                    }
                    if pair.key == self.flow.name && self.entry == Keyword::Arg {
                        self.flow.args.push(PairPlace { step: index, pair: at });
                        declared = true;
                    }
                }
            } else if step.keyword == Keyword::From && declared {
                self.note_outside(index, step.instruction.words().iter());
                self.note_flags(index, step, &Holders::from([(self.flow.name.clone(), true)]));
            }
        }
    }

    /// Walks one stage, either its ordinary steps or those behind ONBUILD. Returns what holds the value at its end, and
    /// the part of it that is ENV and so reaches images built from this one.
    fn trace_stage(&mut self, stage: usize, mut holders: Holders, onbuild: bool) -> (Holders, Holders) {
        let mut relayed = Holders::new();
        for (index, step) in self.dockerfile.steps.iter().enumerate() {
            if step.stage != Some(stage) || step.onbuild != onbuild {
                continue;
            }
            match step.keyword {
                Keyword::From => {}
                Keyword::Arg => self.trace_arg(index, step, &mut holders),
                Keyword::Env => self.trace_env(index, step, &mut holders, &mut relayed),
                Keyword::Run => self.trace_run(index, step, &holders),
                _ => self.trace_other(index, step, &holders),
            }
        }
        (holders, relayed)
    }

    fn trace_arg(&mut self, index: usize, step: &Step, holders: &mut Holders) {
        for (at, pair) in step.pairs.iter().enumerate() {
            self.note_references(index, pair.value.iter(), holders);
            if pair.key == self.flow.name && self.entry == Keyword::Arg {
                self.flow.args.push(PairPlace { step: index, pair: at });
                holders.insert(pair.key.clone(), true);
            } else {
                holders.remove(&pair.key);
            }
        }
    }

    fn trace_env(&mut self, index: usize, step: &Step, holders: &mut Holders, relayed: &mut Holders) {
        let before = holders.clone();
        for (at, pair) in step.pairs.iter().enumerate() {
            let place = PairPlace { step: index, pair: at };
            match relay_of(pair, &before) {
                Some(exact) => {
                    self.flow.relays.push(Relay { place, name: pair.key.clone(), exact });
                    holders.insert(pair.key.clone(), exact);
                    relayed.insert(pair.key.clone(), exact);
                }
                None if self.entry == Keyword::Env && pair.key == self.flow.name && sets_a_text(pair) => {
                    self.flow.literals.push(place);
                    holders.insert(pair.key.clone(), true);
                    relayed.insert(pair.key.clone(), true);
                }
                None => {
                    holders.remove(&pair.key);
                    relayed.remove(&pair.key);
                }
            }
        }
    }

    fn trace_run(&mut self, index: usize, step: &Step, holders: &Holders) {
        if !holders.is_empty() {
            self.flow.visible.insert(index, holders.keys().cloned().collect());
            self.note_flags(index, step, holders);
        }
    }

    fn trace_other(&mut self, index: usize, step: &Step, holders: &Holders) {
        // The shell of the running container, not the builder, expands these; what they find there is an ENV.
        if matches!(step.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Shell | Keyword::Healthcheck) {
            return;
        }
        let pairs = &step.pairs;
        self.note_references(index, pairs.iter().filter_map(|pair| pair.value.as_ref()), holders);
        self.note_references(index, step.instruction.words().iter(), holders);
        self.note_flags(index, step, holders);
        let text = self.dockerfile.source.text();
        for heredoc in step.instruction.heredocs().into_iter().filter(|heredoc| heredoc.expand) {
            let body = crate::source::slice(text, heredoc.body_range);
            if holders.keys().any(|name| body.contains('$') && mentions(body, name)) {
                self.flow.outside.push(OutsideUse { step: index, range: heredoc.word_range });
            }
        }
    }

    fn note_outside<'w>(&mut self, step: usize, words: impl Iterator<Item = &'w Word>) {
        let holders = Holders::from([(self.flow.name.clone(), true)]);
        self.note_references(step, words, &holders);
    }

    fn note_references<'w>(&mut self, step: usize, words: impl Iterator<Item = &'w Word>, holders: &Holders) {
        for variable in words.flat_map(|word| &word.variables).filter(|variable| refers(variable, holders)) {
            self.flow.outside.push(OutsideUse { step, range: variable.range });
        }
    }

    fn note_flags(&mut self, index: usize, step: &Step, holders: &Holders) {
        for flag in step.instruction.flags() {
            let value = flag.value.as_deref().unwrap_or("");
            if value.contains('$') && holders.keys().any(|name| mentions(value, name)) {
                self.flow.outside.push(OutsideUse { step: index, range: flag.range });
            }
        }
    }
}

fn refers(variable: &VariableRef, holders: &Holders) -> bool {
    let in_operand = |name: &String| variable.operand.as_deref().is_some_and(|operand| mentions(operand, name));
    holders.contains_key(&variable.name) || holders.keys().any(in_operand)
}

/// Whether `pair` copies one of `holders`: `Some(true)` for exactly its value, `Some(false)` for something made of it.
fn relay_of(pair: &Pair, holders: &Holders) -> Option<bool> {
    let value = pair.value.as_ref()?;
    if !value.variables.iter().any(|variable| refers(variable, holders)) {
        return None;
    }
    let [variable] = value.variables.as_slice() else { return Some(false) };
    let whole = value.value == format!("${}", variable.name) || value.value == format!("${{{}}}", variable.name);
    Some(whole && holders.get(&variable.name) == Some(&true))
}

/// Whether an ENV pair has a value of its own, so that the builder does not expand it to nothing.
fn sets_a_text(pair: &Pair) -> bool {
    pair.value.as_ref().is_some_and(|value| !value.value.is_empty())
}

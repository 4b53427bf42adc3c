//! The tool's answers laid beside the labels.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use crate::answer::{Answer, Verdict};
use crate::labels::{CallerIdeal, Entry, Flow, Folder, Ideal, Secret};

/// The codemod that only takes out what prints a value.
const PRINTS: &str = "secret-logged";

/// The codemod that adds the header.
const HEADER: &str = "syntax-directive";

/// What became of a flow whose ideal outcome is a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fixed {
    /// Fixed, no surer than the label, and every RUN that reads the value was changed.
    Right,
    /// Fixed where the label says that a person must decide, surer than the label, or without a RUN that reads the value.
    Wrong,
    /// Found, and left to a person.
    Withheld,
    /// Not found.
    Missed,
}

/// What became of a secret build argument that a caller of its folder passes: read by hand in the folders with callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// The Dockerfile and every caller were changed in one fix.
    Whole,
    /// Left to a person, as the labels say or where they hold a fix for possible, with a reason and every caller shown.
    Manual,
    /// No finding, or a caller that was neither changed nor shown.
    Missed,
    /// Changed where the labels leave it to a person, surer than they are, or without a RUN that reads it.
    Wrong,
}

/// One line of what is not as the labels say.
#[derive(Debug, Clone)]
pub struct Remark {
    /// `missed`, `false`, `wrong`, `withheld`, `caller`.
    pub kind: &'static str,
    /// Folder, file, line, name, codemod, and what the label says.
    pub text: String,
}

/// Found, missed and false findings of one codemod.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    /// Findings of secrets.
    pub right: usize,
    /// Findings of what is no secret.
    pub wrong: usize,
    /// Secrets without a finding; counted for the first codemod that the label names.
    pub missed: usize,
}

/// All folders together.
#[derive(Debug, Default)]
pub struct Score {
    /// Folders.
    pub folders: usize,
    /// By codemod.
    pub findings: BTreeMap<String, Count>,
    /// Secrets that were found, and all, by how they enter.
    pub entries: BTreeMap<Entry, (usize, usize)>,
    /// Findings of debatable values, which count neither way.
    pub debatable: usize,
    /// By the ideal outcome and what became of it; `Manual` holds only those that were fixed all the same.
    pub fixes: BTreeMap<(Ideal, Fixed), usize>,
    /// Why flows whose ideal outcome is a fix were left to a person.
    pub withheld: BTreeMap<String, usize>,
    /// Why all findings were left to a person.
    pub manual: BTreeMap<String, usize>,
    /// Secret build arguments that a caller passes, by what became of them.
    pub reached: BTreeMap<Reached, usize>,
    /// Callers: edited or shown as the label says, and all that labels name.
    pub callers: (usize, usize),
    /// What is not as the labels say.
    pub remarks: Vec<Remark>,
}

impl Score {
    /// Adds what was found in a folder.
    pub fn add(&mut self, folder: &Folder, answers: &[Answer]) {
        self.folders += 1;
        // The header goes with every other fix; it is a finding of its own where the labels want it.
        let headed = |file: &Utf8Path| folder.flow.iter().any(|flow| flow.file == file && flow.is_called(HEADER));
        let counts = |answer: &&Answer| answer.codemod != HEADER || headed(&answer.file);
        let answers: Vec<_> = answers.iter().filter(counts).collect();
        let matched: Vec<Option<usize>> = answers.iter().map(|answer| of(folder, answer)).collect();
        for (answer, flow) in answers.iter().zip(&matched) {
            self.add_answer(folder, answer, flow.map(|at| &folder.flow[at]));
        }
        for (at, flow) in folder.flow.iter().enumerate() {
            let own = || answers.iter().zip(&matched).filter(|(_, of)| **of == Some(at)).map(|(answer, _)| *answer);
            self.add_flow(folder, flow, &own().collect::<Vec<_>>());
        }
    }

    fn add_answer(&mut self, folder: &Folder, answer: &Answer, flow: Option<&Flow>) {
        if answer.verdict == Verdict::Manual {
            answer.reasons.iter().for_each(|reason| *self.manual.entry(reason.clone()).or_default() += 1);
        }
        let count = self.findings.entry(answer.codemod.to_owned()).or_default();
        match flow.map(|flow| flow.secret) {
            Some(Secret::Yes) => count.right += 1,
            Some(Secret::Debatable) => self.debatable += 1,
            Some(Secret::No) | None => {
                count.wrong += 1;
                let says = flow.map_or("no label", |flow| flow.why.as_str());
                self.remark("false", folder, answer.file.as_str(), answer.line, &answer.subject, answer.codemod, says);
            }
        }
    }

    fn add_flow(&mut self, folder: &Folder, flow: &Flow, answers: &[&Answer]) {
        if flow.secret != Secret::Yes {
            return;
        }
        // Taking a `print` of the value out says nothing about what becomes of the value.
        let all = answers;
        let moving: Vec<_> = answers.iter().copied().filter(|answer| answer.codemod != PRINTS).collect();
        let answers = if moving.is_empty() { answers } else { &moving };
        let expected: Vec<_> = answers.iter().filter(|answer| flow.is_called(answer.codemod)).collect();
        let best = match expected.is_empty() {
            true => answers.iter().max_by_key(|answer| answer.verdict),
            false => expected.into_iter().max_by_key(|answer| answer.verdict),
        };
        if best.is_some() || flow.ideal > Ideal::None {
            let entry = self.entries.entry(flow.entry).or_default();
            entry.0 += usize::from(best.is_some());
            entry.1 += 1;
        }
        if matches!(flow.entry, Entry::Argument | Entry::SshKey) && !flow.caller.is_empty() {
            let first = answers.iter().max_by_key(|answer| (flow.is_called(answer.codemod), answer.verdict)).copied();
            let reached = reached(flow, first.or(best.copied()), answers);
            *self.reached.entry(reached).or_default() += 1;
            if matches!(reached, Reached::Missed | Reached::Wrong) {
                let kind = if reached == Reached::Wrong { "reached wrong" } else { "reached missed" };
                self.remark(kind, folder, flow.file.as_str(), flow.line, &flow.name, "", &flow.why);
            }
        }
        let Some(best) = best else {
            if flow.ideal > Ideal::None {
                let codemod = flow.codemods.first().cloned().unwrap_or_else(|| "unnamed".to_owned());
                self.findings.entry(codemod.clone()).or_default().missed += 1;
                self.remark("missed", folder, flow.file.as_str(), flow.line, &flow.name, &codemod, &flow.why);
                if flow.ideal > Ideal::Manual {
                    *self.fixes.entry((flow.ideal, Fixed::Missed)).or_default() += 1;
                }
            }
            return;
        };
        self.add_callers(folder, flow, all);
        let unread = unserved(flow, answers);
        let fixed = match (flow.ideal, best.verdict) {
            (Ideal::None | Ideal::Manual, Verdict::Manual) => return,
            (Ideal::None | Ideal::Manual, _) | (Ideal::Unsafe, Verdict::Safe) => Fixed::Wrong,
            (Ideal::Safe | Ideal::Unsafe, Verdict::Manual) => Fixed::Withheld,
            (Ideal::Safe | Ideal::Unsafe, _) if !unread.is_empty() => Fixed::Wrong,
            (Ideal::Safe | Ideal::Unsafe, _) => Fixed::Right,
        };
        *self.fixes.entry((flow.ideal, fixed)).or_default() += 1;
        if fixed == Fixed::Withheld {
            let reasons = if best.reasons.is_empty() { "no reason".to_owned() } else { best.reasons.join(" + ") };
            *self.withheld.entry(reasons).or_default() += 1;
        }
        let kind = match fixed {
            Fixed::Right | Fixed::Missed => return,
            Fixed::Wrong => "wrong",
            Fixed::Withheld => "withheld",
        };
        let lines: Vec<_> = unread.iter().map(ToString::to_string).collect();
        let detail =
            format!("{:?} for {:?}, RUNs without it: [{}]; {}", best.verdict, flow.ideal, lines.join(" "), flow.why);
        let name = format!("{} ({})", flow.name, best.reasons.join(" + "));
        self.remark(kind, folder, flow.file.as_str(), flow.line, &name, best.codemod, &detail);
    }

    fn add_callers(&mut self, folder: &Folder, flow: &Flow, answers: &[&Answer]) {
        for caller in &flow.caller {
            let is_fixed = answers.iter().any(|answer| answer.verdict > Verdict::Manual);
            let is_edited = answers.iter().any(|answer| answer.edited.contains(&caller.file));
            let is_shown = answers.iter().any(|answer| answer.shown.iter().any(|(file, _)| *file == caller.file));
            // A caller that could be edited is complete too where the whole fix is left to a person who is shown the place.
            let is_complete = match caller.ideal {
                CallerIdeal::Edited => is_edited || (!is_fixed && is_shown),
                CallerIdeal::Named => is_edited || is_shown,
            };
            self.callers.0 += usize::from(is_complete);
            self.callers.1 += 1;
            if !is_complete {
                self.remark("caller", folder, caller.file.as_str(), caller.line, &flow.name, "", &flow.why);
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a line")]
    fn remark(
        &mut self,
        kind: &'static str,
        folder: &Folder,
        file: &str,
        line: u32,
        name: &str,
        codemod: &str,
        says: &str,
    ) {
        let text = format!("{}/{file}:{line} {name} [{codemod}] {says}", folder.path);
        self.remarks.push(Remark { kind, text });
    }
}

fn reached(flow: &Flow, best: Option<&Answer>, answers: &[&Answer]) -> Reached {
    let Some(best) = best else { return Reached::Missed };
    let is_changed = best.verdict > Verdict::Manual;
    let surer = flow.ideal == Ideal::Unsafe && best.verdict == Verdict::Safe;
    if is_changed && (flow.ideal < Ideal::Unsafe || surer || !unserved(flow, answers).is_empty()) {
        return Reached::Wrong;
    }
    let edited = |file: &Utf8Path| answers.iter().any(|answer| answer.edited.contains(file));
    let shown = |file: &Utf8Path| answers.iter().any(|answer| answer.shown.iter().any(|(other, _)| other == file));
    // A place that can't be changed and needs none is as good as shown: a comment, a build of something else.
    let is_complete = flow.caller.iter().all(|caller| {
        edited(&caller.file) || (!is_changed || caller.ideal == CallerIdeal::Named) && shown(&caller.file)
    });
    match (is_complete, is_changed) {
        (false, _) => Reached::Missed,
        (true, true) => Reached::Whole,
        (true, false) => Reached::Manual,
    }
}

/// The RUNs that read the value by the label and neither had a secret from a mount before nor were changed, where a fix
/// fixed it.
fn unserved(flow: &Flow, answers: &[&Answer]) -> Vec<u32> {
    // What comes by a mount keeps it; the RUN need not be touched.
    if flow.entry == Entry::Mount {
        return Vec::new();
    }
    let changed: BTreeSet<u32> = answers.iter().flat_map(|answer| answer.changed.iter().copied()).collect();
    let has_one = |line: &u32| answers.iter().any(|answer| answer.mounted.contains(line));
    flow.used.iter().copied().filter(|line| !changed.contains(line) && !has_one(line)).collect()
}

/// The flow that an answer speaks of, as an index.
fn of(folder: &Folder, answer: &Answer) -> Option<usize> {
    let likeness = |flow: &Flow| -> usize {
        if flow.file != answer.file {
            return 0;
        }
        let named = same_name(&flow.name, &answer.subject);
        let placed = flow.line == answer.line;
        let touched = answer.lines.contains(&flow.line) || flow.used.iter().any(|line| answer.lines.contains(line));
        let expected = flow.is_called(answer.codemod);
        if answer.codemod == HEADER {
            return if expected { 3 } else { 0 };
        }
        match (named, placed, touched, expected) {
            (true, true, _, _) => 6,
            (true, _, true, _) => 5,
            (true, _, _, true) => 4,
            (false, true, _, true) => 3,
            (false, _, true, true) => 2,
            (false, true, _, false) => {
                usize::from(folder.flow.iter().filter(|other| other.line == flow.line).count() == 1)
            }
            _ => 0,
        }
    };
    let scores = folder.flow.iter().map(likeness).enumerate();
    scores.filter(|(_, score)| *score > 0).max_by_key(|(at, score)| (*score, std::cmp::Reverse(*at))).map(|(at, _)| at)
}

/// Whether a label's name and a finding's subject are one thing: a variable, also with the file that it is written to, or a
/// path whose last part is the same, as a pattern too.
fn same_name(name: &str, subject: &str) -> bool {
    let subject = subject.split(" in ").next().unwrap_or(subject);
    let name = name.trim_end_matches('*');
    let last = |text: &str| text.trim_end_matches('/').rsplit(['/', ' ']).next().unwrap_or_default().to_lowercase();
    name.eq_ignore_ascii_case(subject) || (!last(name).is_empty() && last(name) == last(subject))
}

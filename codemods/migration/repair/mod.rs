//! Repairs of the commands that write a value down, so that the RUN leaves nothing behind.
//!
//! A mount keeps the value out of the history, but a RUN that writes it into a file still leaves it in the layer. Each
//! such rest of a flow is repaired in the way that changes least:
//!
//! * [`reference`]: npm reads variables in its configuration, so the file gets the reference and not the value;
//! * [`placeholder`]: so it does where `sed -i` fills in a placeholder, for maven as well;
//! * [`address`]: git gets the credentials of a URL for the one command and keeps the plain URL;
//! * [`package`]: a package manager gets the plain address of a package as well;
//! * [`setting`]: a command that keeps a setting becomes the variable that the tool reads instead, one of [`variables`]; what takes
//!   the setting back goes ([`undoing`]);
//! * [`options`]: a command that keeps a credential only because of an option, or without one;
//! * [`login`]: a command that keeps a credential in a file of its tool is run where it is needed, and taken back there;
//! * [`folding`]: every RUN that needs the file writes it and removes it again, with the commands of [`written`] where [`serving`]
//!   finds that they say the same there.
//!
//! [`filling`] sees to it that the value is there where the new commands use it. RUNs that lived on what an earlier one wrote get the mount as well. What fits none of these is an obstacle.

mod address;
mod filling;
mod folding;
mod later;
mod login;
mod mounts;
mod options;
mod package;
mod placeholder;
mod reference;
mod serving;
mod setting;
mod site;
mod undoing;
mod variables;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use crate::model::{Cleanup, Evidence, ImagePath, RestKind, Use};
use crate::plan::Change;
use crate::source::{Edit, TextRange};

use super::Migration;
use setting::Kept;
use site::Site;

/// What the repairs of one flow come to.
#[derive(Default)]
pub(super) struct Repairs<'m> {
    /// Edits of RUNs, by step.
    edits: BTreeMap<usize, Vec<Edit>>,
    /// Commands that no longer use the value: step, shell text and range there.
    settled: Vec<(usize, usize, TextRange)>,
    /// What RUNs have to do first, by step.
    preludes: BTreeMap<usize, Vec<String>>,
    /// RUNs that need the value because they lived on what an earlier one wrote.
    readers: Vec<Use>,
    /// RUNs that do nothing any more.
    removed: BTreeSet<usize>,
    /// What is taken for granted.
    assumptions: Vec<String>,
    /// Settings that become variables, in order.
    kept: Vec<Kept<'m>>,
    /// Commands that write a file in front of a RUN, which runs if they succeed, by step.
    leads: BTreeMap<usize, Vec<String>>,
    /// The removal of a file behind the commands of a RUN, by step.
    endings: BTreeMap<usize, Edit>,
    /// Commands that go because the file is not there any more.
    cleanups: Vec<Cleanup>,
    /// The files that are folded, by the RUNs that write them.
    folded: BTreeSet<(usize, ImagePath)>,
    /// RUNs whose mount has to fill the variable, because no command does before it is used; and how often they read the
    /// mounted file in assignments that go.
    unfilled: BTreeMap<usize, usize>,
}

/// Why a rest can't be repaired, as a clause.
pub(super) struct Refused(pub(super) String);

impl Refused {
    fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl<'m> Migration<'m> {
    /// Makes the repairs part of `change`; what can't be repaired becomes an obstacle, or an assumption about a stage that
    /// is not shipped.
    pub(super) fn repair(&mut self, change: &mut Change<'m>) {
        let mut repairs = Repairs::default();
        for used in self.secret.uses.clone() {
            let Some(run) = self.run(used.step) else { continue };
            for rest in self.rests_of(run, &used.name) {
                let files = match &rest.kind {
                    RestKind::File(path) => path.clone(),
                    RestKind::Tool { files, .. } => files.join("`, `"),
                    RestKind::Hashed(_) | RestKind::Log | RestKind::NotUnderstood(_) => continue,
                };
                let site = Site::find(self.dockerfile, used.step, &used.name, self.file_in_place(), &rest);
                let mended = match &site {
                    Some(site) => self.mend(site, &mut repairs),
                    None => Err(Refused::because("the command can't be edited where it stands")),
                };
                let Err(Refused(reason)) = mended else { continue };
                if self.mounted.is_some() || self.is_shipped(used.step) || self.leaves_its_stage(used.step, &rest.kind)
                {
                    let keyword = self.dockerfile.steps[used.step].instruction.keyword_range();
                    let place = change.place(rest.place.unwrap_or(keyword), "writes the value down");
                    let sentence = format!("the value would still be written to `{files}`, and {reason}");
                    change.obstruct("writes-down", sentence, place);
                } else if let Some(cached) = self.exports_all_layers() {
                    let keyword = self.dockerfile.steps[used.step].instruction.keyword_range();
                    let place = change.place(rest.place.unwrap_or(keyword), "writes the value down");
                    let sentence = format!(
                        "the value would still be written to `{files}`, and the cache that `{cached}` exports with `mode=max` has the \
                         layers of all stages"
                    );
                    change.obstruct("writes-down", sentence, place);
                } else {
                    change.assume(format!(
                        "`{files}`, where the value is written, is not copied from its stage, and no cache is exported with `mode=max`"
                    ));
                }
            }
        }
        if let Err(Refused(reason)) = self.write_settings(&mut repairs) {
            change.obstruct("writes-down", reason, None);
        }
        self.carry_out(repairs, change);
    }

    /// The file of a build that seems to export the layers of all stages: `--cache-to type=registry,ref=…,mode=max`
    /// (docs.docker.com/build/cache/backends, Cache mode).
    fn exports_all_layers(&self) -> Option<&Utf8Path> {
        let says = |line: &str| {
            let plain: String =
                line.chars().filter(|char| !char.is_whitespace() && !matches!(char, '"' | '\'')).collect();
            !plain.starts_with('#') && (plain.contains("mode=max") || plain.contains("mode:max"))
        };
        let mut files = self.bound.iter().map(|bound| bound.build.file.as_path());
        files.find(|file| self.model.repository.source(file).is_some_and(|source| source.text().lines().any(says)))
    }

    /// Whether an instruction takes one of the files to another stage.
    fn leaves_its_stage(&self, step: usize, kind: &RestKind) -> bool {
        let files = match kind {
            RestKind::File(path) => std::slice::from_ref(path),
            RestKind::Tool { files, .. } => files.as_slice(),
            RestKind::Hashed(_) | RestKind::Log | RestKind::NotUnderstood(_) => &[],
        };
        files.iter().any(|path| self.copied_elsewhere(step, path).is_some())
    }

    fn mend(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        if site.is_onbuild() {
            return Err(Refused::because("the RUNs of images built from this one may read it"));
        }
        let ways = [
            Self::refer,
            Self::fill_reference,
            Self::move_address,
            Self::plain_package,
            Self::replace_setting,
            Self::change_options,
            Self::fold,
        ];
        let mut refused = None;
        for way in ways {
            match way(self, site, repairs) {
                Some(Ok(())) => return self.fill(site, repairs),
                Some(Err(reason)) => refused = Some(reason),
                None => {}
            }
        }
        Err(refused.unwrap_or_else(|| Refused::because(site.remedy(&self.id()))))
    }

    fn carry_out(&mut self, mut repairs: Repairs<'m>, change: &mut Change<'m>) {
        self.adapt_mounts(&mut repairs, change);
        for step in self.released(&repairs) {
            change.release(step);
            self.secret.uses.retain(|used| used.step != step);
        }
        for step in &repairs.removed {
            change.remove_run(*step);
            change.release(*step);
            self.secret.uses.retain(|used| used.step != *step);
        }
        for (step, edits) in repairs.edits {
            if !repairs.removed.contains(&step) {
                change.edit_run(step, edits);
            }
        }
        for (step, ending) in repairs.endings {
            change.edit_run(step, vec![ending]);
        }
        repairs.cleanups.into_iter().for_each(|cleanup| change.clean_up(cleanup));
        for (step, leads) in repairs.leads {
            leads.into_iter().for_each(|lead| change.lead(step, lead));
        }
        for (step, preludes) in repairs.preludes {
            preludes.into_iter().for_each(|prelude| change.export(step, prelude));
        }
        for reader in repairs.readers {
            let known = self.secret.uses.iter().any(|used| used.step == reader.step && used.name == reader.name);
            if !known && !repairs.removed.contains(&reader.step) {
                self.secret.uses.push(reader);
            }
        }
        self.secret.uses.sort_by_key(|used| used.step);
        repairs.assumptions.into_iter().for_each(|assumption| change.assume(assumption));
    }

    /// The RUNs in which every command that used the value was repaired so that it does not.
    fn released(&self, repairs: &Repairs<'m>) -> BTreeSet<usize> {
        let steps: BTreeSet<usize> = repairs.settled.iter().map(|(step, ..)| *step).collect();
        let needs = |step: &usize| {
            let names = self.secret.uses.iter().filter(|used| used.step == *step).map(|used| used.name.as_str());
            let read_later = repairs.readers.iter().any(|reader| reader.step == *step);
            read_later || names.into_iter().any(|name| self.needs(*step, name, &repairs.settled))
        };
        steps.into_iter().filter(|step| !needs(step)).collect()
    }
}

impl Repairs<'_> {
    fn edit(&mut self, step: usize, edits: impl IntoIterator<Item = Edit>) {
        self.edits.entry(step).or_default().extend(edits);
    }

    fn prelude(&mut self, step: usize, command: String) {
        let preludes = self.preludes.entry(step).or_default();
        if !preludes.contains(&command) {
            preludes.push(command);
        }
    }

    fn lead(&mut self, step: usize, command: String) {
        self.leads.entry(step).or_default().push(command);
    }

    fn reader(&mut self, step: usize, name: &str, why: &str) {
        let evidence = Evidence::Tool(why.to_owned());
        self.readers.push(Use { step, name: name.to_owned(), evidence });
    }
}

#![doc = include_str!("page.md")]

use super::prelude::*;
use crate::callers::{Argument, Build, Offer, Receipt, Request, Whereabouts};
use crate::model::{BoundBuild, Foreign};

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "foreign-build",
    summary: "a build of another repository's Dockerfile does not pass what that takes as a secret",
    page: include_str!("page.md"),
    // What is found is in no Dockerfile of this repository.
    may_find: |_| false,
    find,
};

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    let ways = model.foreign_ways(dockerfile);
    Elsewhere { model, dockerfile, ways: &ways }.findings()
}

/// A Dockerfile of another repository.
struct Elsewhere<'m> {
    model: &'m Model,
    /// It, without its text.
    dockerfile: &'m Dockerfile,
    /// How the files here name it.
    ways: &'m [&'m Foreign],
}

/// A build with what is known of the Dockerfile that it names.
type Known<'m> = (BoundBuild<'m>, &'m Foreign);

impl<'m> Elsewhere<'m> {
    fn findings(&self) -> Vec<Finding> {
        let builds = self.builds();
        let mut subjects: Vec<&str> = Vec::new();
        let mut offers: Vec<&Offer> = Vec::new();
        for (_, foreign) in &builds {
            subjects.extend(foreign.requests.iter().map(|request| request.argument.as_str()));
            offers.extend(&foreign.offers);
        }
        subjects.sort_unstable();
        subjects.dedup();
        offers.sort_unstable();
        offers.dedup();
        let of_arguments = subjects.into_iter().filter_map(|argument| self.argument(&builds, argument));
        of_arguments.chain(offers.into_iter().filter_map(|offer| self.offer(&builds, offer))).collect()
    }

    fn builds(&self) -> Vec<Known<'m>> {
        let known = |bound: BoundBuild<'m>| {
            let mut all = self.model.foreign_of(bound.build);
            all.find(|foreign| self.ways.contains(foreign)).map(|foreign| (bound, foreign))
        };
        self.model.bound_builds(self.dockerfile).into_iter().filter_map(known).collect()
    }

    fn repository(&self) -> &'m str {
        self.ways.first().map_or("", |foreign| &foreign.repository)
    }

    /// A secret that builds pass as the build argument `argument`.
    fn argument(&self, builds: &[Known<'m>], argument: &str) -> Option<Finding> {
        let asked = |(bound, foreign): &Known<'m>| {
            let request = foreign.requests.iter().find(|request| request.argument == argument)?.clone();
            let given = bound.build.arguments.iter().find(|given| given.name == argument)?;
            wants(bound.build, &request).then_some((*bound, request, given))
        };
        let asked: Vec<(BoundBuild<'m>, Request, &Argument)> = builds.iter().filter_map(asked).collect();
        let beside = asked.iter().all(|(_, request, _)| request.beside);
        let mut change = Change::new(self.model, self.dockerfile);
        for (bound, request, _) in &asked {
            change.request(*bound, request);
        }
        if !beside {
            self.assume_the_folder(&mut change, builds);
        }
        let id = asked.iter().find_map(|(_, request, _)| request.secret.as_ref()).map_or("", |secret| &secret.id);
        let has_both = asked.iter().all(|(bound, request, _)| has(bound.build, request));
        let fix = match (beside, has_both) {
            (true, _) => format!("pass the secret `{id}` beside the build argument"),
            (false, true) => format!("stop passing `{argument}` as a build argument"),
            (false, false) => format!("pass the secret `{id}` instead of the build argument"),
        };
        let repository = self.repository();
        let title = match (beside, has_both) {
            (true, _) => {
                format!("`{repository}` is going to take `{argument}` as a secret, which this build does not pass")
            }
            (false, true) => {
                format!(
                    "`{repository}` takes `{argument}` as a secret now, and this build still passes a build argument"
                )
            }
            (false, false) => {
                format!("`{repository}` takes `{argument}` as a secret, and this build passes only a build argument")
            }
        };
        let labels = asked.iter().map(|(bound, _, given)| self.label(bound.build, given.range, "passed here"));
        let severity = if beside || has_both { Severity::Warning } else { Severity::Error };
        self.finding(argument.to_owned(), severity, (title, fix), labels.collect(), change)
    }

    /// Something that builds did not hand over before.
    fn offer(&self, builds: &[Known<'m>], offer: &Offer) -> Option<Finding> {
        let wanting = builds
            .iter()
            .filter(|(bound, foreign)| foreign.offers.contains(offer) && !is_handed_over(bound.build, offer));
        let wanting: Vec<BoundBuild<'m>> = wanting.map(|(bound, _)| *bound).collect();
        let mut change = Change::new(self.model, self.dockerfile);
        wanting.iter().for_each(|bound| change.offer(*bound, offer.clone()));
        let (what, subject) = match offer {
            Offer::File { id, path } => (format!("the secret `{id}`, the file `{path}`"), id.clone()),
            Offer::Variable { id, .. } => (format!("the secret `{id}`"), id.clone()),
            Offer::Agent { .. } => ("an ssh agent".to_owned(), "ssh".to_owned()),
        };
        let title = format!("`{}` is going to mount {what}, which this build does not hand over", self.repository());
        let labels = wanting.iter().map(|bound| self.label(bound.build, bound.build.range, "built here"));
        let titles = (title, format!("hand over {what}"));
        self.finding(format!("{subject} handed over"), Severity::Warning, titles, labels.collect(), change)
    }

    /// Nothing says that the folder beside a clone of this repository is the clone of that one.
    fn assume_the_folder(&self, change: &mut Change<'m>, builds: &[Known<'m>]) {
        for (_, foreign) in builds {
            if let Whereabouts::Beside(folder) = &foreign.outside.repository {
                change.assume(format!("`../{folder}`, from the root of this repository, is `{}`", foreign.repository));
            }
        }
    }

    fn label(&self, build: &Build, range: crate::source::TextRange, text: &str) -> Label {
        Label { file: build.file.clone(), range, text: format!("{}: {text}", build.title) }
    }

    fn finding(
        &self,
        subject: String,
        severity: Severity,
        (title, fix): (String, String),
        labels: Vec<Label>,
        change: Change<'m>,
    ) -> Option<Finding> {
        let (primary, labels) = labels.split_first().map(|(first, rest)| (first.clone(), rest.to_vec()))?;
        let (fix, notes) = change.finish(fix);
        Some(Finding {
            codemod: CODEMOD.id,
            severity,
            dockerfile: self.dockerfile.path().to_owned(),
            subject,
            title,
            primary,
            labels,
            notes,
            fix,
        })
    }
}

/// Whether `build`, which passes the argument, does not do yet what is asked.
fn wants(build: &Build, request: &Request) -> bool {
    !request.beside || !has(build, request)
}

/// Whether `build` passes the secret that takes the argument's place.
fn has(build: &Build, request: &Request) -> bool {
    request.secret.as_ref().is_none_or(|secret| match secret.receipt {
        Receipt::Agent => build.ssh,
        Receipt::Variable | Receipt::File => build.secrets.iter().any(|passed| passed.id == secret.id),
    })
}

fn is_handed_over(build: &Build, offer: &Offer) -> bool {
    match offer {
        Offer::File { id, .. } | Offer::Variable { id, .. } => build.secrets.iter().any(|passed| passed.id == *id),
        Offer::Agent { .. } => build.ssh,
    }
}

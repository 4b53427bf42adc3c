use std::rc::Rc;

use crate::model::{Changes, Model};
use crate::repository::Repository;

use super::answers::Answers;
use super::make::Work;
use super::{Codemod, Plan, Policy};

/// Plans of one repository whose texts change again and again, as in an editor: what a change can't touch is kept, so that an
/// edit costs what it is about and not what the repository is.
///
/// *A plan is the same as [`super::make`] makes.*
#[derive(Debug)]
pub(crate) struct Session<'c> {
    policy: Policy,
    codemods: &'c [&'c Codemod],
    state: Option<(Rc<Model>, Answers)>,
}

impl<'c> Session<'c> {
    /// A session that plans by `policy`.
    pub(crate) fn new(policy: Policy, codemods: &'c [&'c Codemod]) -> Self {
        Self { policy, codemods, state: None }
    }

    /// What is found in `repository`, as if every fix kept what it promises: none is tried. What is told of a finding is told
    /// right away, and [`Self::plan`] corrects what became of it.
    pub(crate) fn findings(&mut self, repository: &Repository) -> Plan {
        let mut work = self.work(repository);
        let sorted = work.sort(repository);
        work.trust();
        work.into_plan(repository, sorted)
    }

    /// The plan of `repository`, whose fixes were tried.
    pub(crate) fn plan(&mut self, repository: &Repository) -> Plan {
        self.work(repository).plan(repository)
    }

    /// The state of `repository`, made from the last one where no more than texts differ.
    fn work(&mut self, repository: &Repository) -> Work<'_> {
        let state = self.state.take().and_then(|(model, answers)| self.after(model, answers, repository));
        let (model, answers) = state.unwrap_or_else(|| {
            // A Dockerfile that has nothing to be found now may have something after the next edit.
            let model = Model::new(Rc::new(repository.noted_apart()), |_| true).knowing(&self.policy.foreign);
            let answers = Answers::default().of(&model, None, self.codemods);
            (Rc::new(model), answers)
        });
        self.state = Some((Rc::clone(&model), answers.clone()));
        Work::on(model, answers, repository, &self.policy, self.codemods)
    }

    fn after(&self, model: Rc<Model>, answers: Answers, repository: &Repository) -> Option<(Rc<Model>, Answers)> {
        let known = &model.repository;
        let changed = known.differing(repository)?;
        if changed.is_empty() {
            return Some((model, answers));
        }
        let sources = changed.iter().filter_map(|path| repository.source(path)).cloned();
        let next = model.after(Rc::new(known.with_sources(sources)), &changed);
        let answers = answers.of(&next, Some(&Changes::new(&model, &next, &changed)), self.codemods);
        Some((Rc::new(next), answers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codemods;
    use crate::plan::make;
    use crate::source::Source;

    const DOCKERFILE: &str = "FROM node:22\nARG NPM_TOKEN\nCOPY .npmrc package.json ./\nRUN npm ci\n";
    const NPMRC: &str = "//npm.example.com/:_authToken=${NPM_TOKEN}\n";
    const SCRIPT: &str = "docker build --build-arg NPM_TOKEN -f a/Dockerfile a\ndocker build -f b/Dockerfile b\n";

    fn repository() -> Repository {
        let files = [
            ("a/.npmrc", NPMRC),
            ("a/Dockerfile", DOCKERFILE),
            ("b/Dockerfile", "FROM a\nRUN make\n"),
            ("build.sh", SCRIPT),
            ("onbuild/Dockerfile", "FROM a\nONBUILD ARG API_TOKEN\nONBUILD RUN curl -u $API_TOKEN x.example.com\n"),
        ];
        let sources = files.map(|(path, text)| Source::new(path, text.into()));
        let dockerfiles = ["a/Dockerfile", "b/Dockerfile", "onbuild/Dockerfile"].map(Into::into);
        Repository::new([], sources, dockerfiles.into())
    }

    fn shown(plan: &Plan) -> String {
        format!("{:#?}", (&plan.findings, &plan.set_aside, &plan.files, &plan.mistakes))
    }

    #[test]
    fn every_edit_has_the_plan_that_is_made_without_a_session() {
        let policy = Policy { unsafe_fixes: true, ..Policy::default() };
        let mut session = Session::new(policy.clone(), codemods::ALL);
        let mut found = Vec::new();
        for (path, text) in [
            ("b/Dockerfile", "FROM a\nRUN make\n"),
            ("b/Dockerfile", "FROM a\nARG DEPLOY_TOKEN\nRUN curl -u $DEPLOY_TOKEN x.example.com\n"),
            ("b/Dockerfile", "FROM a\nENV DEPLOY_TOKEN=c4n4ry-7Zq9Lw2\nRUN ./deploy\n"),
            ("build.sh", "docker build --build-arg NPM_TOKEN=$X --build-arg DEPLOY_TOKEN -t a -f a/Dockerfile a\n"),
            ("a/.npmrc", "registry=x.example.com\n"),
            ("a/Dockerfile", "FROM node:22\n# dfmigrate: ignore[arg-secret]\nARG NPM_TOKEN\nRUN echo $NPM_TOKEN\n"),
            ("deploy", "not read before"),
            ("dfmigrate.toml", "[codemods]\nignore = [\"arg-secret\"]\n"),
        ] {
            let repository = repository().with_sources([Source::new(path, text.into())]);
            let whole = make(&repository, &policy, codemods::ALL);
            let quick = session.findings(&repository);
            assert_eq!(quick.findings.len(), whole.findings.len(), "{path}: {text}");
            assert_eq!(shown(&session.plan(&repository)), shown(&whole), "{path}: {text}");
            found.push(quick.findings.len());
        }
        assert_eq!(found, [2, 3, 3, 2, 2, 2, 2, 0]);
    }
}

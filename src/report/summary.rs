//! What a run of `--fix` did, and what is left for a person.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use super::{Redactor, counted, follow_up, shown};
use crate::plan::{FollowUp, Planned, Status};

/// What to summarise. Findings of all repositories of a run may be put into one summary.
#[derive(Debug, Clone, Default)]
pub struct Summary<'a> {
    /// The findings as they were before the run.
    pub findings: Vec<&'a Planned>,
    /// The files that were written, from the root.
    pub files: Vec<Utf8PathBuf>,
    /// The lines that build the changed Dockerfiles from now on.
    pub build_lines: Vec<String>,
}

impl Summary<'_> {
    /// The text, in paragraphs with a headline each; without a line feed at the end.
    #[must_use]
    pub fn render(&self, redactor: &Redactor) -> String {
        let line = |text: &str| redactor.line(text.trim_end_matches('.'));
        let mut paragraphs = vec![self.changed(&line)];
        paragraphs.extend(paragraph("left as they are:", self.left(&line)));
        paragraphs.extend(paragraph("to be done by a person:", self.follow_ups(redactor)));
        paragraphs.extend(paragraph("build with:", self.build_lines.clone()));
        paragraphs.join("\n\n")
    }

    fn applied(&self) -> impl Iterator<Item = &Planned> {
        self.findings.iter().copied().filter(|planned| planned.status == Status::Applied)
    }

    fn changed(&self, line: &dyn Fn(&str) -> String) -> String {
        let applied = self.applied().count();
        if applied == 0 {
            return "nothing to fix".to_owned();
        }
        let title = format!("fixed {} in {}:", counted(applied, "finding"), counted(self.files.len(), "file"));
        let fixes = self.applied().map(|planned| {
            format!("{}: {}", shown::line(planned.finding.primary.file.as_str()), line(&planned.finding.fix.title))
        });
        let files = self.files.iter().map(|file| shown::line(file.as_str())).collect::<Vec<_>>().join(", ");
        let lines = fixes.chain([format!("files: {files}")]).collect();
        paragraph(&title, lines).unwrap_or(title)
    }

    /// Why findings were left, each reason once with its number.
    fn left(&self, line: &dyn Fn(&str) -> String) -> Vec<String> {
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for planned in &self.findings {
            let reason = match &planned.status {
                Status::Applied => continue,
                Status::Unsafe => "fixed with `--unsafe-fixes` if the printed assumptions hold".to_owned(),
                Status::NotChosen => "not chosen in the review".to_owned(),
                Status::HeldBack(reason) => format!("held back: {}", line(reason)),
                Status::Manual => {
                    let reasons: BTreeSet<_> =
                        planned.finding.fix.obstacles.iter().map(|obstacle| line(&obstacle.reason)).collect();
                    format!("by hand: {}", Vec::from_iter(reasons).join("; "))
                }
            };
            *reasons.entry(reason).or_default() += 1;
        }
        reasons.into_iter().map(|(reason, count)| format!("{}, {reason}", counted(count, "finding"))).collect()
    }

    /// What the applied fixes ask for, in a line each and each once: provide before rotate, because a build fails without
    /// the one.
    #[must_use]
    pub fn follow_ups(&self, redactor: &Redactor) -> Vec<String> {
        let all: BTreeSet<&FollowUp> = self.applied().flat_map(|planned| &planned.finding.fix.follow_ups).collect();
        let rank = |follow_up: &FollowUp| match follow_up {
            FollowUp::Provide(_) => 0,
            FollowUp::Do(_) => 1,
            FollowUp::Rotate(_) => 2,
        };
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by_key(|follow_up| rank(follow_up));
        let texts = all.into_iter().map(|step| redactor.line(&follow_up(step)));
        let mut seen = BTreeSet::new();
        texts.filter(|text| seen.insert(text.clone())).collect()
    }
}

fn paragraph(title: &str, lines: Vec<String>) -> Option<String> {
    (!lines.is_empty()).then(|| lines.iter().fold(title.to_owned(), |text, line| format!("{text}\n  {line}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::{Applicability, Finding, Fix, Label, Obstacle, Severity},
        source::range,
    };

    fn planned(subject: &str, status: Status, follow_ups: Vec<FollowUp>) -> Planned {
        let primary = Label { file: "Dockerfile".into(), range: range(0, 1), text: String::new() };
        let obstacle =
            Obstacle { kind: "kaniko", reason: "kaniko has no `--secret`".into(), place: None, instead: None };
        let fix = Fix {
            title: format!("mount `{subject}` as a secret"),
            applicability: Applicability::Safe,
            edits: BTreeMap::new(),
            steps: BTreeMap::new(),
            released: std::collections::BTreeSet::new(),
            units: BTreeSet::new(),
            assumptions: Vec::new(),
            obstacles: vec![obstacle],
            follow_ups,
            concealed: Vec::new(),
            requests: Vec::new(),
            offers: Vec::new(),
        };
        let finding = Finding {
            dockerfile: "Dockerfile".into(),
            codemod: "arg-secret",
            severity: Severity::Error,
            subject: subject.into(),
            title: String::new(),
            primary,
            labels: Vec::new(),
            notes: Vec::new(),
            fix,
        };
        Planned::new(finding, status)
    }

    #[test]
    fn it_says_what_was_done_what_is_left_and_who_has_to_do_what() {
        let rotate = || FollowUp::Rotate("`NPM_TOKEN`: images hold its value.".into());
        let provide = FollowUp::Provide("the CI secret `NPM_TOKEN`".into());
        let findings = [
            planned("NPM_TOKEN", Status::Applied, vec![rotate(), provide]),
            planned("OTHER", Status::Applied, vec![rotate()]),
            planned("A", Status::Manual, Vec::new()),
            planned("B", Status::Manual, Vec::new()),
            planned("C", Status::Unsafe, Vec::new()),
        ];
        let summary = Summary {
            findings: findings.iter().collect(),
            files: vec!["Dockerfile".into(), "build.sh".into()],
            build_lines: vec!["docker build --secret id=npm_token,env=NPM_TOKEN .".into()],
        };
        insta::assert_snapshot!(summary.render(&Redactor::default()), @r"
        fixed 2 findings in 2 files:
          Dockerfile: mount `NPM_TOKEN` as a secret
          Dockerfile: mount `OTHER` as a secret
          files: Dockerfile, build.sh

        left as they are:
          2 findings, by hand: kaniko has no `--secret`
          1 finding, fixed with `--unsafe-fixes` if the printed assumptions hold

        to be done by a person:
          provide the CI secret `NPM_TOKEN`
          rotate `NPM_TOKEN`: images hold its value

        build with:
          docker build --secret id=npm_token,env=NPM_TOKEN .
        ");
    }

    #[test]
    fn nothing_to_fix_is_said_in_a_line() {
        assert_eq!(Summary::default().render(&Redactor::default()), "nothing to fix");
    }
}

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anstyle::Style;
use camino::Utf8PathBuf;

use crate::codemods;
use crate::plan::{Applicability, FileChange, Finding, Plan, Planned, Status};
use crate::report::{Redactor, Shown, counted, diagnostics::Diagnostics, diff, shown};

use super::session::Session;

const HEADLINE: Style = Style::new().bold();

/// A fix that can be made.
#[derive(Clone)]
pub(super) struct Offer {
    /// What it repairs, in places of the files with the fixes that were accepted before.
    pub finding: Arc<Finding>,
    /// What it changes in these files.
    pub files: BTreeMap<Utf8PathBuf, FileChange>,
}

impl Offer {
    /// All that a person needs for an answer: the finding, the assumptions, what follows, and the patch.
    pub(super) fn render(&self, session: &Session, redactor: &Redactor, columns: usize) -> String {
        let (answered, open) = session.progress();
        let kind = if self.finding.fix.applicability == Applicability::Safe { "safe" } else { "unsafe" };
        let headline = format!("fix {} of {}, {kind}", answered + 1, answered + open);
        let plan = alone(&self.finding);
        let diagnostics = Diagnostics::new(&plan, session.repository(), redactor).in_columns(columns);
        let mut text = format!("\n{HEADLINE}{headline}{HEADLINE:#}\n{}\n\n", diagnostics.render_offer(&self.finding));
        for (path, change) in &self.files {
            let created = !session.repository().is_file(path);
            text.push_str(&diff::shown(path, change, created, redactor));
        }
        text
    }

    /// What else can be shown, a line each that fits into `columns`.
    pub(super) fn choices(&self, columns: usize) -> Vec<String> {
        let explanation = format!("the explanation of {}", self.finding.codemod);
        let files = self.files.keys().map(|path| format!("{} as it would be", shown::line(path.as_str())));
        // The mark of the chosen line takes two columns, and the last one may wrap.
        let fitted = |line: String| line.chars().take(columns.saturating_sub(3)).collect();
        std::iter::once(explanation).chain(files).map(fitted).collect()
    }

    /// The text of one of [`Self::choices`].
    pub(super) fn choice(&self, index: usize, redactor: &Redactor) -> String {
        let file = index.checked_sub(1).and_then(|index| self.files.values().nth(index));
        match file {
            Some(change) => {
                let name = shown::line(change.after.path().as_str());
                let text = Shown::new(change.after.text(), redactor);
                format!("{HEADLINE}{name}{HEADLINE:#}\n{}", text.text())
            }
            None => codemods::by_id(self.finding.codemod).map_or("", |codemod| codemod.page).trim_end().to_owned(),
        }
    }
}

/// The findings that a person has to repair, in a few lines each; `None` if there are none.
pub(super) fn by_hand(session: &Session, redactor: &Redactor) -> Option<String> {
    let manual = session.findings().iter().filter(|finding| finding.fix.applicability == Applicability::Manual);
    let manual: Vec<&Arc<Finding>> = manual.collect();
    let plan = Plan { findings: manual.iter().map(|finding| planned(finding)).collect(), ..Plan::default() };
    let diagnostics = Diagnostics::new(&plan, session.repository(), redactor);
    let mut text = format!("{HEADLINE}{} to be repaired by hand{HEADLINE:#}", counted(manual.len(), "finding"));
    for finding in &manual {
        text.push_str(&format!("\n{}", diagnostics.render_short(finding)));
        let reasons: BTreeSet<String> =
            finding.fix.obstacles.iter().map(|obstacle| redactor.line(&obstacle.reason)).collect();
        text.extend(reasons.iter().map(|reason| format!("\n  no fix: {reason}")));
    }
    (!manual.is_empty()).then_some(text)
}

/// A plan of one finding, which is what the report takes.
fn alone(finding: &Arc<Finding>) -> Plan {
    Plan { findings: vec![planned(finding)], ..Plan::default() }
}

fn planned(finding: &Arc<Finding>) -> Planned {
    let manual = finding.fix.applicability == Applicability::Manual;
    Planned::new(Arc::clone(finding), if manual { Status::Manual } else { Status::NotChosen })
}

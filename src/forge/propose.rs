//! One pull request, kept up to date: what to do about it, given what is there.

use super::{
    Facts, Forge, ForgeError, Head, People, Proposal, Prose, PullRequest, State, Template, Update,
    marker::{self, Divided},
};

/// What is to be proposed.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where the commits are.
    pub head: Head,
    /// The branch that they are for, without `refs/heads/`.
    pub base: String,
    /// The title.
    pub title: Prose,
    /// Our part of the text.
    pub section: Prose,
    /// The repository's template, which our part is put into.
    pub template: Option<Template>,
    /// Whether a new pull request is a draft.
    pub draft: bool,
    /// Who is told about a new one.
    pub people: People,
}

impl Wanted {
    /// The complete text of a new pull request.
    #[must_use]
    pub fn body(&self) -> Prose {
        let marked = marker::marked(self.section.as_str(), &self.title);
        Prose::from_forge(match &self.template {
            Some(template) => template.fill(&marked),
            None => marked,
        })
    }
}

/// The characters that are left for our part where `longest` fit into a text.
#[must_use]
pub fn room(longest: usize, template: Option<&Template>) -> usize {
    longest.saturating_sub(marker::OVERHEAD + template.map_or(0, Template::length))
}

/// What became of earlier runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was proposed yet, or all of it was merged.
    Free,
    /// A pull request waits.
    Open(PullRequest),
    /// A person closed the last one. That is an answer.
    Declined(PullRequest),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A pull request was opened.
    Created {
        /// As the forge has it.
        request: PullRequest,
        /// What did not go, a sentence each.
        notes: Vec<String>,
    },
    /// The one that is there says something new.
    Updated(PullRequest),
    /// The one that is there says the same.
    Unchanged(PullRequest),
    /// A person changed the text of the one that is there, and it stays as it is.
    Edited(PullRequest),
}

/// Finds out what became of earlier runs from this branch.
///
/// # Errors
/// See [`ForgeError`].
pub fn standing(forge: &dyn Forge, head: &Head) -> Result<Standing, ForgeError> {
    let found = forge.find(head)?;
    if let Some(open) = found.iter().find(|request| request.state == State::Open) {
        return Ok(Standing::Open(open.clone()));
    }
    // The newest one counts: after a merge the branch may be used again.
    Ok(match found.into_iter().next() {
        Some(request) if request.state == State::Closed => Standing::Declined(request),
        _ => Standing::Free,
    })
}

/// Why nothing can be proposed to a repository, if that is so: one clause.
#[must_use]
pub fn refusal(facts: &Facts) -> Option<&'static str> {
    if facts.archived {
        Some("the repository is archived")
    } else if facts.default_branch.is_empty() {
        Some("the repository has no commits")
    } else {
        None
    }
}

/// Opens a pull request, and tells the people about it.
///
/// # Errors
/// See [`ForgeError`].
pub fn create(forge: &dyn Forge, wanted: &Wanted) -> Result<Outcome, ForgeError> {
    let proposal = Proposal {
        head: wanted.head.clone(),
        base: wanted.base.clone(),
        title: wanted.title.clone(),
        body: wanted.body(),
        draft: wanted.draft,
    };
    let error = match forge.create(&proposal) {
        Ok(request) => return involve(forge, wanted, request),
        Err(error) => error,
    };
    // Two runs at once, or an answer that was lost: it may be there.
    match &error {
        ForgeError::Conflict { .. } | ForgeError::Refused { .. } => {}
        other if other.is_ambiguous() => {}
        _ => return Err(error),
    }
    match standing(forge, &wanted.head)? {
        Standing::Open(request)
            if Divided::new(&request.body).is_some_and(|ours| ours.is_our_title(wanted.title.as_str())) =>
        {
            involve(forge, wanted, request)
        }
        Standing::Open(request) => update(forge, wanted, &request),
        // No forge opens two for one branch, so a second attempt after a lost answer is safe.
        Standing::Free if error.is_ambiguous() => involve(forge, wanted, forge.create(&proposal)?),
        Standing::Free | Standing::Declined(_) => Err(error),
    }
}

fn involve(forge: &dyn Forge, wanted: &Wanted, request: PullRequest) -> Result<Outcome, ForgeError> {
    let notes = if wanted.people.is_empty() { Vec::new() } else { forge.involve(request.number, &wanted.people)? };
    Ok(Outcome::Created { request, notes })
}

/// Brings the text of an open pull request up to date, as far as it is ours. Labels and people were told once, and what a
/// person made of that stays.
///
/// # Errors
/// See [`ForgeError`].
pub fn update(forge: &dyn Forge, wanted: &Wanted, request: &PullRequest) -> Result<Outcome, ForgeError> {
    let (prefix, title) = without_draft(&request.title);
    let Some(divided) = Divided::new(&request.body).filter(Divided::is_untouched) else {
        return Ok(Outcome::Edited(request.clone()));
    };
    let new_title = divided.is_our_title(title) && title != wanted.title.as_str();
    if divided.says(wanted.section.as_str()) && !new_title {
        return Ok(Outcome::Unchanged(request.clone()));
    }
    // Where a person gave it another title, the checksum stays one of ours, so that theirs is never taken for it.
    let body = Prose::from_forge(divided.with(wanted.section.as_str(), &wanted.title));
    let title = new_title.then(|| wanted.title.behind(prefix));
    forge.update(request.number, &Update { title, body: Some(body) })?;
    Ok(Outcome::Updated(request.clone()))
}

/// Some forges keep the state of a draft in the title.
fn without_draft(title: &str) -> (&'static str, &str) {
    let prefixes = ["Draft: ", "WIP: "];
    let found = prefixes.into_iter().find_map(|prefix| Some((prefix, title.strip_prefix(prefix)?)));
    found.unwrap_or(("", title))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Redactor;
    use std::sync::Mutex;

    /// A forge in memory that answers creations with what a test wants.
    #[derive(Default)]
    struct Memory {
        requests: Mutex<Vec<PullRequest>>,
        failures: Mutex<Vec<(bool, ForgeError)>>,
    }

    impl Memory {
        fn push(&self, state: State, title: &str, body: &str) -> PullRequest {
            let mut requests = self.requests.lock().unwrap();
            let number = requests.len() as u64 + 1;
            let (title, body) = (title.to_owned(), body.to_owned());
            requests.push(PullRequest { number, url: String::new(), state, title, body, base: "main".into() });
            requests.last().unwrap().clone()
        }
    }

    impl Forge for Memory {
        fn facts(&self) -> Result<Facts, ForgeError> {
            Ok(Facts { default_branch: "main".into(), may_push: Some(true), archived: false })
        }
        fn find(&self, _: &Head) -> Result<Vec<PullRequest>, ForgeError> {
            Ok(self.requests.lock().unwrap().iter().rev().cloned().collect())
        }
        fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
            let failure = self.failures.lock().unwrap().pop();
            let made = || self.push(State::Open, proposal.title.as_str(), proposal.body.as_str());
            match failure {
                Some((true, error)) => {
                    made();
                    Err(error)
                }
                Some((false, error)) => Err(error),
                None => Ok(made()),
            }
        }
        fn update(&self, number: u64, update: &Update) -> Result<(), ForgeError> {
            let mut requests = self.requests.lock().unwrap();
            let request = requests.iter_mut().find(|request| request.number == number).unwrap();
            update.title.iter().for_each(|title| request.title = title.as_str().to_owned());
            update.body.iter().for_each(|body| request.body = body.as_str().to_owned());
            Ok(())
        }
        fn involve(&self, _: u64, _: &People) -> Result<Vec<String>, ForgeError> {
            Ok(vec!["told".to_owned()])
        }
        fn comment(&self, _: u64, _: &Prose) -> Result<(), ForgeError> {
            Ok(())
        }
        fn repositories(&self, _: &str) -> Result<Vec<super::super::Listed>, ForgeError> {
            Ok(Vec::new())
        }
        fn fork(&self) -> Result<super::super::Fork, ForgeError> {
            Err(ForgeError::Impossible { reason: String::new() })
        }
    }

    fn wanted(title: &str, section: &str) -> Wanted {
        let line = |text| Prose::line(text, &Redactor::default());
        Wanted {
            head: Head { branch: "b".into(), fork: None },
            base: "main".into(),
            title: line(title),
            section: line(section),
            template: None,
            draft: false,
            people: People { labels: vec!["security".into()], ..People::default() },
        }
    }

    fn open(forge: &Memory, wanted: &Wanted) -> PullRequest {
        match create(forge, wanted).unwrap() {
            Outcome::Created { request, .. } => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_open_one_is_updated_and_the_same_is_left() {
        let forge = Memory::default();
        open(&forge, &wanted("One", "a"));
        let Standing::Open(request) = standing(&forge, &wanted("", "").head).unwrap() else { panic!() };
        assert!(matches!(update(&forge, &wanted("One", "a"), &request), Ok(Outcome::Unchanged(_))));
        assert!(matches!(update(&forge, &wanted("Two", "b"), &request), Ok(Outcome::Updated(_))));
        let now = forge.requests.lock().unwrap()[0].clone();
        assert_eq!((now.title.as_str(), now.body.contains("\n\nb\n\n")), ("Two", true));
        assert!(matches!(update(&forge, &wanted("Two", "b"), &now), Ok(Outcome::Unchanged(_))));
    }

    #[test]
    fn what_a_person_wrote_stays() {
        let forge = Memory::default();
        let request = open(&forge, &wanted("One", "a"));
        let renamed = PullRequest { title: "Draft: Mine".into(), ..request.clone() };
        update(&forge, &wanted("Two", "b"), &renamed).unwrap();
        assert_eq!(forge.requests.lock().unwrap()[0].title, "One", "the title in memory was not touched");
        let rewritten = PullRequest { body: request.body.replace("\n\na\n\n", "\n\nmine\n\n"), ..request.clone() };
        assert!(matches!(update(&forge, &wanted("Two", "c"), &rewritten), Ok(Outcome::Edited(_))));
        let emptied = PullRequest { body: String::new(), ..request };
        assert!(matches!(update(&forge, &wanted("Two", "c"), &emptied), Ok(Outcome::Edited(_))));
    }

    #[test]
    fn a_draft_stays_one() {
        let forge = Memory::default();
        let request = open(&forge, &wanted("One", "a"));
        update(&forge, &wanted("Two", "a"), &PullRequest { title: "Draft: One".into(), ..request }).unwrap();
        assert_eq!(forge.requests.lock().unwrap()[0].title, "Draft: Two");
    }

    #[test]
    fn closing_is_an_answer_and_merging_makes_room() {
        let forge = Memory::default();
        let head = wanted("", "").head;
        assert_eq!(standing(&forge, &head), Ok(Standing::Free));
        let declined = forge.push(State::Closed, "", "");
        assert_eq!(standing(&forge, &head), Ok(Standing::Declined(declined)));
        forge.push(State::Merged, "", "");
        assert_eq!(standing(&forge, &head), Ok(Standing::Free));
    }

    #[test]
    fn a_lost_answer_makes_no_second_one() {
        let lost = || ForgeError::Interrupted { host: "h".into(), reason: "cut".into() };
        for carried_out in [true, false] {
            let forge = Memory::default();
            forge.failures.lock().unwrap().push((carried_out, lost()));
            open(&forge, &wanted("One", "a"));
            assert_eq!(forge.requests.lock().unwrap().len(), 1);
        }
        let forge = Memory::default();
        forge.failures.lock().unwrap().push((false, ForgeError::Forbidden { message: String::new() }));
        assert!(create(&forge, &wanted("One", "a")).is_err());
        assert!(forge.requests.lock().unwrap().is_empty());
    }
}

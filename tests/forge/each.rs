//! The same story on every kind of forge.

use std::sync::Arc;

use dfmigrate::{
    forge::{
        self, Forge, ForgeError, Head, Kind, People, Prose, Scheme, State, Token,
        http::Settings,
        propose::{self, Outcome, Standing, Wanted},
    },
    report::Redactor,
};

use super::{clock::TestClock, fake::Fake};

pub const KINDS: [Kind; 6] =
    [Kind::GitHub, Kind::GitLab, Kind::Gitea, Kind::Bitbucket, Kind::BitbucketServer, Kind::Azure];

pub fn settings() -> Settings {
    Settings { clock: Arc::new(TestClock::default()), ..Settings::default() }
}

pub fn token() -> String {
    ["kn0ck", "kn0ck", "1994"].concat()
}

fn open(fake: &Fake) -> Box<dyn Forge> {
    let token = Token::new(&token(), Scheme::Bearer).unwrap();
    forge::open(&fake.address(), Some(&token), settings()).unwrap()
}

pub fn prose(text: &str) -> Prose {
    Prose::line(text, &Redactor::default())
}

pub fn wanted(title: &str, section: &str) -> Wanted {
    Wanted {
        head: Head { branch: "dfmigrate/secrets".into(), fork: None },
        base: "main".into(),
        title: prose(title),
        section: prose(section),
        template: None,
        draft: false,
        people: People::default(),
    }
}

/// Long enough that a list which cuts texts would be noticed.
fn long(word: &str) -> String {
    format!("{word} ").repeat(200).trim_end().to_owned()
}

/// No request was against the description, each had the token, and none had it in its address.
fn assert_well_behaved(fake: &Fake) {
    assert_eq!(fake.state.lock().unwrap().violations, Vec::<String>::new(), "{:?}", fake.kind);
    let requests = fake.server.requests();
    assert!(!requests.is_empty());
    for request in requests {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {}", token()).as_str()));
        assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("dfmigrate/")));
        let address = format!("{}{:?}", request.path, request.query);
        assert!(!address.contains(&token()) && !String::from_utf8_lossy(&request.body).contains(&token()));
    }
}

#[test]
fn a_pull_request_lives() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        let forge = open(&fake);
        let facts = forge.facts().unwrap();
        assert_eq!((facts.default_branch.as_str(), facts.archived), ("main", false), "{kind:?}");
        assert_ne!(facts.may_push, Some(false), "{kind:?}");

        let first = wanted("Keep A out", &long("one"));
        assert_eq!(propose::standing(forge.as_ref(), &first.head), Ok(Standing::Free), "{kind:?}");
        let Outcome::Created { request, notes } = propose::create(forge.as_ref(), &first).unwrap() else { panic!() };
        assert_eq!((request.number, request.state, notes.len()), (1, State::Open, 0), "{kind:?}");
        assert!(request.url.contains("/1") || request.url.ends_with("/1"), "{kind:?}: {}", request.url);

        let open_one = || match propose::standing(forge.as_ref(), &first.head).unwrap() {
            Standing::Open(request) => request,
            other => panic!("{kind:?}: {other:?}"),
        };
        assert_eq!((open_one().title.as_str(), open_one().base.as_str()), ("Keep A out", "main"), "{kind:?}");
        let update = |wanted: &Wanted| propose::update(forge.as_ref(), wanted, &open_one()).unwrap();
        assert!(matches!(update(&first), Outcome::Unchanged(_)), "{kind:?}");
        let second = wanted("Keep A and B out", &long("two"));
        assert!(matches!(update(&second), Outcome::Updated(_)), "{kind:?}");
        assert!(matches!(update(&second), Outcome::Unchanged(_)), "{kind:?}");
        assert_eq!(open_one().title, "Keep A and B out", "{kind:?}");
        // Two runs at once: the second one finds the first one's.
        assert!(matches!(propose::create(forge.as_ref(), &second), Ok(Outcome::Created { .. })), "{kind:?}");
        assert_eq!(fake.state.lock().unwrap().pulls.len(), 1, "{kind:?}");

        forge.comment(1, &prose("merge the other one first")).unwrap();
        assert_eq!(fake.state.lock().unwrap().pulls[0].comments, ["merge the other one first"], "{kind:?}");
        fake.state.lock().unwrap().pulls[0].state = "closed";
        let standing = propose::standing(forge.as_ref(), &first.head).unwrap();
        assert!(matches!(standing, Standing::Declined(request) if request.number == 1), "{kind:?}");
        fake.state.lock().unwrap().pulls[0].state = "merged";
        assert_eq!(propose::standing(forge.as_ref(), &first.head), Ok(Standing::Free), "{kind:?}");
        assert_well_behaved(&fake);
    }
}

#[test]
fn other_branches_are_not_ours() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        let forge = open(&fake);
        for branch in ["other", "dfmigrate/secrets-2", "\"quoted\" & odd#branch"] {
            let one = Wanted { head: Head { branch: branch.into(), fork: None }, ..wanted("T", "s") };
            propose::create(forge.as_ref(), &one).unwrap();
        }
        assert_eq!(propose::standing(forge.as_ref(), &wanted("", "").head), Ok(Standing::Free), "{kind:?}");
        let odd = Head { branch: "other".into(), fork: None };
        assert!(matches!(propose::standing(forge.as_ref(), &odd), Ok(Standing::Open(_))), "{kind:?}");
        assert_well_behaved(&fake);
    }
}

#[test]
fn people_are_told_as_far_as_the_forge_can() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        let forge = open(&fake);
        let reviewer = match kind {
            Kind::Bitbucket => "{11111111-0000-0000-0000-000000000001}",
            Kind::Azure => "11111111-0000-0000-0000-000000000001",
            _ => "rita",
        };
        let people = People {
            labels: vec!["security".into()],
            reviewers: vec![reviewer.into()],
            assignees: vec!["anna".into()],
        };
        let draft = Wanted { people, draft: true, ..wanted("Keep A out", "s") };
        let Outcome::Created { notes, .. } = propose::create(forge.as_ref(), &draft).unwrap() else { panic!() };
        {
            let state = fake.state.lock().unwrap();
            let pull = &state.pulls[0];
            assert_eq!((pull.draft, pull.reviewers.as_slice()), (true, [reviewer.to_owned()].as_slice()), "{kind:?}");
            let has_labels = !matches!(kind, Kind::Bitbucket | Kind::BitbucketServer);
            assert_eq!(pull.labels == ["security"], has_labels, "{kind:?}");
            assert_eq!(pull.assignees == ["anna"], has_labels && kind != Kind::Azure, "{kind:?}");
            // What can't be is said, in one sentence.
            assert_eq!(notes.len(), usize::from(!has_labels || kind == Kind::Azure), "{kind:?}: {notes:?}");
        }
        // A later text keeps everybody.
        let Standing::Open(request) = propose::standing(forge.as_ref(), &draft.head).unwrap() else { panic!() };
        propose::update(forge.as_ref(), &wanted("Keep B out", "t"), &request).unwrap();
        assert_eq!(fake.state.lock().unwrap().pulls[0].reviewers, [reviewer], "{kind:?}");
        assert_well_behaved(&fake);
    }
}

#[test]
fn unknown_names_are_said_and_hinder_nothing() {
    for kind in [Kind::GitLab, Kind::Gitea] {
        let fake = Fake::start(kind);
        let forge = open(&fake);
        let people = People { labels: vec!["nobody".into()], reviewers: vec!["nobody".into()], ..People::default() };
        let Outcome::Created { notes, .. } =
            propose::create(forge.as_ref(), &Wanted { people, ..wanted("T", "s") }).unwrap()
        else {
            panic!()
        };
        assert!(notes.iter().any(|note| note.contains("`nobody`")), "{kind:?}: {notes:?}");
    }
}

#[test]
fn a_fork_is_made_once_and_proposes() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        fake.state.lock().unwrap().read_only = true;
        let forge = open(&fake);
        if kind == Kind::Azure {
            assert!(matches!(forge.fork(), Err(ForgeError::Impossible { .. })));
            continue;
        }
        let fork = forge.fork().unwrap();
        assert_eq!(forge.fork().unwrap(), fork, "{kind:?}");
        assert!(
            fork.clone_url.starts_with("https://") && !fork.clone_url.contains('@'),
            "{kind:?}: {}",
            fork.clone_url
        );
        let from_fork = Head { branch: "dfmigrate/secrets".into(), fork: Some(fork) };
        let proposal = Wanted { head: from_fork.clone(), ..wanted("T", "s") };
        propose::create(forge.as_ref(), &proposal).unwrap();
        assert!(fake.state.lock().unwrap().pulls[0].from_fork, "{kind:?}");
        assert!(matches!(propose::standing(forge.as_ref(), &from_fork), Ok(Standing::Open(_))), "{kind:?}");
        // The branch of the same name in the repository itself is another one.
        assert_eq!(propose::standing(forge.as_ref(), &wanted("", "").head), Ok(Standing::Free), "{kind:?}");
        assert_well_behaved(&fake);
    }
}

#[test]
fn a_list_is_read_to_its_end_without_what_is_archived() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        let group = if kind == Kind::Azure { "web" } else { "acme" };
        let listed = open(&fake).repositories(group).unwrap();
        // Bitbucket Cloud archives nothing.
        let expected = if kind == Kind::Bitbucket { 5 } else { 4 };
        assert_eq!(listed.len(), expected, "{kind:?}");
        for one in listed {
            assert!(
                one.clone_url.starts_with("https://") && !one.clone_url.contains('@'),
                "{kind:?}: {}",
                one.clone_url
            );
        }
        assert_well_behaved(&fake);
    }
}

#[test]
fn a_repository_that_is_closed_for_changes_is_refused() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        fake.state.lock().unwrap().archived = true;
        let refusal = propose::refusal(&open(&fake).facts().unwrap());
        assert_eq!(refusal.is_some(), kind != Kind::Bitbucket, "{kind:?}");
    }
}

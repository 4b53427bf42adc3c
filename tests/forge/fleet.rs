//! `dfmigrate fleet --org … --pr`, with real git remotes and each kind of forge.
#![cfg(unix)]

use std::time::Duration;

use dfmigrate::forge::Kind;
use serde_json::json;

use super::{
    each::KINDS,
    fake::Fault,
    ground::Ground,
    group::{BRANCH, Group},
    server::Reply,
};

/// Most of the time goes into the second that requests which change something keep apart.
fn on_each_kind(story: fn(Kind)) {
    std::thread::scope(|scope| KINDS.map(|kind| scope.spawn(move || story(kind))).map(|ended| ended.join().unwrap()));
}

#[test]
fn the_repositories_of_a_group_get_a_pull_request_each_and_a_person_s_answer_is_kept() {
    on_each_kind(|kind| {
        let group = Group::new(kind, 4);
        // The fourth one is archived, where the forge knows such a thing.
        let listed: Vec<String> = group.ground.names[..if kind == Kind::Bitbucket { 4 } else { 3 }].to_vec();
        let count = listed.len();
        let run = group.run(&["--pr", "--draft"]).status(1);
        assert!(
            run.out.ends_with(&format!("{count} repositories: {count} proposed\n")),
            "{kind:?}\n{}\n{}",
            run.out,
            run.err
        );
        for name in &listed {
            assert!(group.has_branch(name), "{kind:?}: {name}");
            let state = group.fake.others[name].lock().unwrap();
            let [pull] = state.pulls.as_slice() else { panic!("{kind:?}: {:?}", state.pulls) };
            assert_eq!((pull.branch.as_str(), pull.base.as_str(), pull.draft), ("dfmigrate/secrets", "main", true));
            assert!(
                pull.body.contains("`npm_token`") && run.out.contains(&format!("/{}", pull.number)),
                "{}",
                pull.body
            );
        }

        // The second run finds everything done.
        let before = group.fake.server.requests().len();
        group.run(&["--pr", "--draft"]).status(1);
        let writes = group.fake.server.requests().split_off(before);
        assert!(writes.iter().all(|request| request.method == "GET"), "{kind:?}: {writes:?}");
        assert!(listed.iter().all(|name| group.pulls(name) == 1), "{kind:?}");

        // One is closed and one merged by a person, both are seen at the forge.
        group.fake.others[&listed[0]].lock().unwrap().pulls[0].state = "closed";
        group.ground.merge(&listed[1], "dfmigrate/secrets");
        group.fake.others[&listed[1]].lock().unwrap().pulls[0].state = "merged";
        let run = group.run(&["--pr", "--draft"]);
        let stages: Vec<String> = group.stages().into_iter().map(|(_, stage, _)| stage).collect();
        assert_eq!(stages[..3], ["closed", "merged", "proposed"], "{kind:?}\n{}\n{}", run.out, run.err);
        assert!(listed.iter().all(|name| group.pulls(name) == 1), "{kind:?}");
        group.assert_well_behaved();
    });
}

#[test]
fn no_more_are_open_at_once_than_wanted() {
    let group = Group::new(Kind::GitHub, 3);
    group.run(&["--pr", "--max-open", "2"]).status(1);
    let open = || group.ground.names.iter().filter(|name| group.pulls(name) == 1).count();
    assert_eq!(open(), 2);
    group.run(&["--pr", "--max-open", "2"]).status(1);
    assert_eq!(open(), 2);
    let closed = group.ground.names.iter().find(|name| group.pulls(name) == 1).unwrap();
    group.fake.others[closed].lock().unwrap().pulls[0].state = "closed";
    group.run(&["--pr", "--max-open", "2"]).status(1);
    // What a person closed makes room for the run behind the one that saw it.
    group.run(&["--pr", "--max-open", "2"]).status(1);
    assert_eq!(open(), 3);
}

#[test]
fn filters_and_forks_choose_among_what_a_forge_lists() {
    let group = Group::new(Kind::GitLab, 3);
    let run = group.run(&["--filter", "r*", "--filter", "!r1"]).status(1);
    assert!(run.out.ends_with("2 repositories: 2 planned\n"), "{}", run.out);
    assert!(group.fake.server.requests().iter().all(|request| request.method == "GET"));
}

fn answers(status: u16) -> Reply {
    Reply::Json(status, json!({"message": "because", "errors": [{"message": "because"}]}))
}

/// What a forge may do to a repository, and what becomes of it. Where `None` is expected, the run gets over it.
type Case = (&'static str, Fault, Option<&'static str>);

const ALWAYS: usize = usize::MAX;

fn cases() -> Vec<Case> {
    let fault = |method, times, carried_out, reply| Fault { method, times, carried_out, reply };
    let asked = |times, reply| fault(None, times, false, reply);
    let posted = |times, carried_out, reply| fault(Some("POST"), times, carried_out, reply);
    vec![
        ("401", asked(ALWAYS, || answers(401)), Some("does not accept the token")),
        ("403", posted(ALWAYS, false, || answers(403)), Some("the token may not do this")),
        ("404", asked(ALWAYS, || answers(404)), Some("was not found")),
        ("409 for a creation", posted(ALWAYS, false, || answers(409)), Some("it conflicts with what is there")),
        ("422 for a creation", posted(ALWAYS, false, || answers(422)), Some("refused it with status 422")),
        ("429 for an hour", asked(ALWAYS, || limited("3600")), Some("wants to be left alone for 3600 s")),
        ("429 for a second", asked(1, || limited("1")), None),
        ("429 for a creation", posted(1, false, || limited("1")), None),
        ("500 once", asked(1, || answers(500)), None),
        ("502 behind a creation", posted(1, true, || answers(502)), None),
        ("503 before a creation", posted(1, false, || answers(503)), None),
        ("a cut connection", asked(1, || Reply::Cut), None),
        ("a cut connection behind a creation", posted(1, true, || Reply::Cut), None),
        ("half an answer", asked(1, || Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{".to_vec())), None),
        ("a slow answer", asked(1, || Reply::Hang(Duration::from_millis(300))), None),
    ]
}

fn limited(seconds: &str) -> Reply {
    Reply::Full(429, vec![("retry-after", seconds.to_owned())], b"{}".to_vec())
}

/// Each repository has another fault: what happens to one harms no other, and the next run does what was left.
#[test]
fn every_fault_of_a_forge_is_got_over_or_told_and_stays_with_its_repository() {
    on_each_kind(|kind| {
        let cases = cases();
        let group = Group::new(kind, cases.len() + 1);
        // The fourth one is archived: it has no fault here, so that all cases are asked for.
        let places: Vec<usize> = (0..=cases.len()).filter(|place| *place != 3).collect();
        let name = |case: usize| group.ground.names[places[case]].clone();
        for (case, (_, fault, _)) in cases.iter().enumerate() {
            group.fake.others[&name(case)].lock().unwrap().fault = Some(*fault);
        }
        let run = group.run(&["--pr"]).status(2);
        for (case, (about, _, expected)) in cases.iter().enumerate() {
            let about = format!("{kind:?}: {about}\n{}\n{}", run.out, run.err);
            let (_, stage, failure) = group.stages().into_iter().find(|(found, ..)| *found == name(case)).unwrap();
            match expected {
                Some(text) => {
                    assert_eq!(stage, "failed", "{about}");
                    assert!(failure.contains(text), "{about}\n{failure}");
                    assert_eq!(group.pulls(&name(case)), 0, "{about}");
                }
                None => {
                    assert_eq!((stage.as_str(), failure.as_str()), ("proposed", ""), "{about}");
                    assert_eq!(group.pulls(&name(case)), 1, "{about}");
                }
            }
        }
        group.fake.each(|_, state| state.fault = None);
        let failed = cases.iter().filter(|(_, _, expected)| expected.is_some()).count();
        let run = group.run(&["--pr", "--failed"]).status(1);
        assert!(run.out.ends_with(&format!("{failed} repositories: {failed} proposed\n")), "{kind:?}: {}", run.out);
        assert!((0..cases.len()).all(|case| group.pulls(&name(case)) == 1), "{kind:?}");
        group.assert_well_behaved();
    });
}

#[test]
fn a_list_that_can_not_be_had_is_told_and_nothing_is_touched() {
    on_each_kind(|kind| {
        for (status, text) in [(401, "does not accept the token"), (404, "was not found"), (422, "status 422")] {
            let group = Group::new(kind, 1);
            let reply: fn() -> Reply = match status {
                401 => || answers(401),
                404 => || answers(404),
                _ => || answers(422),
            };
            group.fake.state.lock().unwrap().fault =
                Some(Fault { method: None, times: ALWAYS, carried_out: false, reply });
            let run = group.run(&["--pr"]).status(2);
            assert!(run.err.contains(text), "{kind:?} {status}: {}", run.err);
            assert!(!group.has_branch("r0"));
        }
        let group = Group::new(kind, 2);
        group.fake.state.lock().unwrap().fault =
            Some(Fault { method: None, times: 1, carried_out: false, reply: || limited("1") });
        group.run(&["--pr"]).status(1);
        assert_eq!((group.pulls("r0"), group.pulls("r1")), (1, 1), "{kind:?}");
    });
}

#[test]
fn a_branch_that_a_person_moved_stays_and_the_others_go_on() {
    on_each_kind(|kind| {
        let group = Group::new(kind, 2);
        group.run(&["--pr"]).status(1);
        let theirs = group.ground.commit("r0", BRANCH, &[("by-hand", "")]);
        group.ground.commit("r0", "refs/heads/main", &[("moved", "")]);
        group.ground.commit("r1", "refs/heads/main", &[("moved", "")]);
        let run = group.run(&["--pr"]).status(2);
        assert_eq!(group.tip("r0").to_string(), theirs, "{kind:?}");
        let stages = group.stages();
        assert!(stages[0].2.contains("has work of somebody else"), "{kind:?}: {}\n{}", run.out, run.err);
        assert_eq!(stages[1].1, "proposed", "{kind:?}: {}\n{}", run.out, run.err);
        assert_eq!((group.pulls("r0"), group.pulls("r1")), (1, 1), "{kind:?}");
    });
}

#[test]
fn words_that_name_no_forge_are_told_first() {
    let ground = Ground::new(1, "");
    let run = ground.run(&["fleet", "--org", "acme"]).status(2);
    assert!(run.err.contains("it is written like `github:acme`"), "{}", run.err);
    let list = format!("[[repository]]\nurl = '{}'\nforge = 'guthub'\n", ground.remote("r0").display());
    std::fs::write(ground.path("list.toml"), list).unwrap();
    let run = ground.run(&["fleet", "--repos", "list.toml", "--pr"]).status(2);
    assert!(run.err.contains("`guthub` is no kind of forge") && run.err.contains("github, gitlab"), "{}", run.err);
}

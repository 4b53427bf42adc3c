//! Servers and networks that fail.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use dfmigrate::forge::{
    self, Address, ForgeError, Head, Kind, Remote, Scheme, Token,
    http::Settings,
    propose::{self, Outcome},
};
use serde_json::{Value, json};

use super::{
    clock::{START, TestClock},
    each::{settings, token, wanted},
    fake::{Fake, Fault},
    server::{Reply, Request, Server},
};

fn forge_at(server: &Server, settings: Settings) -> Box<dyn forge::Forge> {
    let remote = Remote::parse(&format!("{}/acme/shop.git", server.address())).unwrap();
    let address = Address::new(&remote, Some(Kind::GitHub), None).unwrap();
    forge::open(&address, Token::new(&token(), Scheme::Bearer).as_ref(), settings).unwrap()
}

fn facts() -> Value {
    json!({
        "id": 7, "name": "shop", "full_name": "acme/shop", "owner": {"login": "acme"}, "clone_url": "https://x.example.com",
        "default_branch": "main", "archived": false,
    })
}

/// Asks for the facts of a repository on a server that answers with `replies` one after the other, then well.
fn asked(
    replies: impl Fn(usize) -> Option<Reply> + Send + Sync + 'static,
) -> (Result<(), ForgeError>, Vec<u64>, usize) {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        replies(count.fetch_add(1, Ordering::SeqCst)).unwrap_or_else(|| Reply::Json(200, facts()))
    });
    let clock = Arc::new(TestClock::default());
    let settings = Settings { clock: clock.clone(), timeout: Duration::from_millis(400), ..Settings::default() };
    let result = forge_at(&server, settings).facts().map(drop);
    (result, clock.slept(), server.requests().len())
}

fn once(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (Result<(), ForgeError>, Vec<u64>, usize) {
    asked(move |number| (number == 0).then(&reply))
}

fn always(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (Result<(), ForgeError>, Vec<u64>, usize) {
    asked(move |_| Some(reply()))
}

fn with(status: u16, headers: &[(&'static str, &str)], body: &str) -> Reply {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Reply::Full(status, headers, body.as_bytes().to_vec())
}

fn message(status: u16) -> Reply {
    Reply::Json(status, json!({"message": "because"}))
}

#[test]
fn refusals_are_final_and_told() {
    type IsKind = fn(&ForgeError) -> bool;
    let cases: [(u16, IsKind); 7] = [
        (400, |error| matches!(error, ForgeError::Refused { status: 400, message } if message == "because")),
        (401, |error| matches!(error, ForgeError::Unauthorized { message, .. } if message == "because")),
        (403, |error| matches!(error, ForgeError::Forbidden { message } if message == "because")),
        (404, |error| matches!(error, ForgeError::NotFound { path } if path == "/repos/acme/shop")),
        (409, |error| matches!(error, ForgeError::Conflict { .. })),
        (410, |error| matches!(error, ForgeError::NotFound { .. })),
        (422, |error| matches!(error, ForgeError::Refused { status: 422, .. })),
    ];
    for (status, is_kind) in cases {
        let (result, slept, requests) = always(move || message(status));
        assert!(result.as_ref().is_err_and(is_kind), "{status}: {result:?}");
        assert_eq!((slept, requests), (vec![], 1), "{status}");
    }
}

#[test]
fn a_rate_limit_is_waited_for() {
    let at = |seconds: u64| (START + seconds).to_string();
    for (reply, expected) in [
        (with(429, &[("retry-after", "7")], "{}"), vec![7]),
        (with(429, &[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")], "{}"), vec![10]),
        (with(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &at(30))], "{}"), vec![31]),
        (with(403, &[], r#"{"message": "You have exceeded a secondary rate limit."}"#), vec![61]),
        (with(429, &[("ratelimit-remaining", "0"), ("ratelimit-reset", &at(5))], "{}"), vec![6]),
        (with(503, &[("retry-after", "2")], "{}"), vec![2]),
    ] {
        let reply = std::sync::Mutex::new(Some(reply));
        let (result, slept, requests) = asked(move |_| reply.lock().unwrap().take());
        assert_eq!((result, slept, requests), (Ok(()), expected, 2));
    }
}

#[test]
fn a_limit_that_lasts_too_long_is_told() {
    let (result, slept, _) = once(|| with(429, &[("retry-after", "3600")], "{}"));
    assert!(matches!(result, Err(ForgeError::RateLimited { wait, .. }) if wait == Duration::from_secs(3600)));
    assert!(slept.is_empty());
    // One that never ends is not waited for forever.
    let (result, slept, requests) = always(|| with(429, &[("retry-after", "60")], "{}"));
    assert!(matches!(result, Err(ForgeError::RateLimited { .. })));
    assert_eq!((slept, requests), (vec![60; 4], 5));
}

#[test]
fn reading_is_tried_again_with_growing_waits() {
    for reply in [
        (|| with(500, &[], "oops")) as fn() -> Reply,
        || with(502, &[("content-type", "text/html")], "<h1>Bad Gateway</h1>"),
        || Reply::Cut,
        || Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":".to_vec()),
        || Reply::Raw(b"SMTP ready\r\n\r\n".to_vec()),
        || Reply::Hang(Duration::from_millis(800)),
    ] {
        let (result, slept, requests) = once(reply);
        assert_eq!((result, slept, requests), (Ok(()), vec![1], 2));
        let (result, slept, requests) = always(reply);
        assert!(matches!(result, Err(ForgeError::Failing { .. } | ForgeError::Interrupted { .. })), "{result:?}");
        assert_eq!((slept, requests), (vec![1, 2, 4, 8], 5));
    }
}

#[test]
fn a_server_that_is_not_there_is_tried_again_and_told() {
    let server = Server::start(|_| Reply::Cut);
    let address = server.address();
    drop(server);
    let clock = Arc::new(TestClock::default());
    let settings = Settings { clock: clock.clone(), ..Settings::default() };
    let remote = Remote::parse(&format!("{address}/acme/shop")).unwrap();
    let address = Address::new(&remote, Some(Kind::GitHub), None).unwrap();
    let started = Instant::now();
    let result = forge::open(&address, None, settings).unwrap().facts();
    assert!(matches!(result, Err(ForgeError::Unreachable { .. } | ForgeError::Interrupted { .. })), "{result:?}");
    assert_eq!(clock.slept(), [1, 2, 4, 8]);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn answers_that_are_none_are_told() {
    for (reply, expected) in [
        (with(200, &[("content-type", "application/json")], "{\"id\": "), "EOF while parsing"),
        (with(200, &[("content-type", "text/html; charset=utf-8")], "<html>Sign in</html>"), "an HTML page"),
        (with(200, &[("content-type", "application/json")], "7"), "invalid type"),
        (with(204, &[], ""), "invalid type: null"),
    ] {
        let reply = std::sync::Mutex::new(Some(reply));
        let (result, _, requests) = asked(move |_| reply.lock().unwrap().take());
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(requests, 1);
    }
}

#[test]
fn an_endless_answer_is_not_read() {
    let server = Server::start(|_| with(200, &[], &" ".repeat(200_000)));
    let forge = forge_at(&server, Settings { largest_answer: 100_000, ..settings() });
    let error = forge.facts().unwrap_err();
    assert!(matches!(&error, ForgeError::Unreadable { reason, .. } if reason.contains("100000 bytes")), "{error}");
}

#[test]
fn a_redirect_is_followed_on_the_server_and_nowhere_else() {
    let other = Server::start(|_| Reply::Json(200, facts()));
    let elsewhere = other.address();
    for status in [301, 302, 303, 307, 308] {
        let (result, _, requests) = once(move || with(status, &[("location", "/api/v3/repositories/7")], ""));
        assert_eq!((result, requests), (Ok(()), 2), "{status}");
        let location = format!("{elsewhere}/api/v3/repos/acme/shop");
        let (result, _, requests) = once(move || with(status, &[("location", &location)], ""));
        assert!(matches!(result, Err(ForgeError::Redirected { .. })), "{status}: {result:?}");
        assert_eq!(requests, 1, "{status}");
    }
    assert!(other.requests().is_empty(), "the other server was asked");
    let (result, _, requests) = always(|| with(302, &[("location", "/again")], ""));
    assert!(matches!(result, Err(ForgeError::Unreadable { .. })), "{result:?}");
    assert_eq!(requests, 4);
}

#[test]
fn what_writes_follows_only_where_it_stays_a_write() {
    for (status, follows) in [(301, false), (302, false), (307, true), (308, true)] {
        let server = Server::start(move |request: &Request| {
            if request.path.starts_with("/moved") {
                assert_eq!(request.method, "POST");
                return Reply::Json(201, json!({}));
            }
            with(status, &[("location", "/moved")], "")
        });
        let result = forge_at(&server, settings()).comment(1, &super::each::prose("x"));
        assert_eq!(result.is_ok(), follows, "{status}: {result:?}");
    }
}

#[test]
fn a_server_that_repeats_the_token_does_not_make_us_say_it() {
    for status in [400, 401, 403, 500] {
        let (result, ..) =
            always(move || Reply::Json(status, json!({"message": format!("bad token {}\u{1b}[31m", token())})));
        let error = result.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&token()) && shown.contains("[redacted]"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
    let (result, ..) = once(|| with(302, &[("location", &format!("https://{}.example.com/", token()))], ""));
    let error = result.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&token()));
}

/// A GitHub that loses the answer of the first creation, after or before carrying it out.
fn forgetful(carried_out: bool, loss: fn() -> Reply) -> (Result<Outcome, ForgeError>, usize, usize) {
    let created = Arc::new(AtomicUsize::new(0));
    let (count, attempts) = (created.clone(), AtomicUsize::new(0));
    let server = Server::start(move |request: &Request| match request.method.as_str() {
        "POST" => {
            let first = attempts.fetch_add(1, Ordering::SeqCst) == 0;
            if !first || carried_out {
                count.fetch_add(1, Ordering::SeqCst);
            }
            if first { loss() } else { Reply::Json(201, pull()) }
        }
        _ if count.load(Ordering::SeqCst) > 0 => Reply::Json(200, json!([pull()])),
        _ => Reply::Json(200, json!([])),
    });
    let settings = Settings { timeout: Duration::from_millis(400), ..settings() };
    let result = propose::create(forge_at(&server, settings).as_ref(), &wanted("T", "s"));
    let posts = server.requests().iter().filter(|request| request.method == "POST").count();
    (result, created.load(Ordering::SeqCst), posts)
}

fn pull() -> Value {
    json!({
        "number": 1, "html_url": "u", "state": "open", "merged_at": null, "title": "T", "body": wanted("T", "s").body().as_str(),
        "base": {"ref": "main"},
    })
}

#[test]
fn a_creation_whose_answer_is_lost_is_not_repeated_blindly() {
    for loss in [
        (|| Reply::Cut) as fn() -> Reply,
        || with(502, &[], ""),
        || Reply::Hang(Duration::from_millis(800)),
        || with(200, &[("content-type", "text/html")], "<html>"),
    ] {
        let (result, created, posts) = forgetful(true, loss);
        assert!(matches!(result, Ok(Outcome::Created { .. })), "{result:?}");
        assert_eq!((created, posts), (1, 1));
        let (result, created, posts) = forgetful(false, loss);
        assert!(matches!(result, Ok(Outcome::Created { .. })), "{result:?}");
        assert_eq!((created, posts), (1, 2));
    }
}

#[test]
fn requests_that_change_something_keep_apart() {
    let server = Server::start(|_| Reply::Json(201, json!({})));
    let clock = Arc::new(TestClock::default());
    let forge = forge_at(&server, Settings { clock: clock.clone(), ..Settings::default() });
    for _ in 0..3 {
        forge.comment(1, &super::each::prose("x")).unwrap();
    }
    assert_eq!(clock.slept(), [1, 1]);
}

#[test]
fn a_list_that_never_ends_does() {
    let server = Server::start(|_| {
        let headers = [("link", "<http://x/>; rel=\"next\""), ("content-type", "application/json")];
        with(200, &headers, "[]")
    });
    let head = Head { branch: "b".into(), fork: None };
    assert_eq!(forge_at(&server, settings()).find(&head).unwrap(), []);
    assert_eq!(server.requests().len(), 400);
}

/// What becomes of a fault, on every kind of forge: the error, how often is asked, and which waits lie between.
#[test]
fn every_kind_of_forge_gets_over_the_same_faults_and_tells_the_same() {
    type Expected = (fn() -> Reply, fn(&ForgeError) -> bool, &'static [u64]);
    let cases: [Expected; 9] = [
        (|| message(401), |error| matches!(error, ForgeError::Unauthorized { .. }), &[]),
        (|| message(403), |error| matches!(error, ForgeError::Forbidden { .. }), &[]),
        (|| message(404), |error| matches!(error, ForgeError::NotFound { .. }), &[]),
        (|| message(409), |error| matches!(error, ForgeError::Conflict { .. }), &[]),
        (|| message(422), |error| matches!(error, ForgeError::Refused { status: 422, .. }), &[]),
        (|| with(429, &[("retry-after", "9")], "{}"), |error| matches!(error, ForgeError::RateLimited { .. }), &[9; 4]),
        (|| message(500), |error| matches!(error, ForgeError::Failing { status: 500, .. }), &[1, 2, 4, 8]),
        (
            || Reply::Hang(Duration::from_millis(800)),
            |error| matches!(error, ForgeError::Interrupted { .. }),
            &[1, 2, 4, 8],
        ),
        (|| Reply::Cut, |error| matches!(error, ForgeError::Interrupted { .. }), &[1, 2, 4, 8]),
    ];
    for kind in super::each::KINDS {
        for (place, (reply, is_kind, waits)) in cases.into_iter().enumerate() {
            let ask = |times: usize| {
                let fake = Fake::start(kind);
                fake.state.lock().unwrap().fault = Some(Fault { method: None, times, carried_out: false, reply });
                let clock = Arc::new(TestClock::default());
                let settings =
                    Settings { clock: clock.clone(), timeout: Duration::from_millis(400), ..Settings::default() };
                let token = Token::new(&token(), Scheme::Bearer);
                let result = forge::open(&fake.address(), token.as_ref(), settings).unwrap().facts().map(drop);
                (result, clock.slept())
            };
            let (result, slept) = ask(usize::MAX);
            assert!(result.as_ref().is_err_and(is_kind), "{kind:?}, case {place}: {result:?}");
            assert_eq!(slept, waits, "{kind:?}, case {place}");
            if let [first, ..] = waits {
                assert_eq!(ask(1), (Ok(()), vec![*first]), "{kind:?}, case {place}");
            }
        }
    }
}

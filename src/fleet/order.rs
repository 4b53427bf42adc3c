use super::{Kind, Link, Next, Part, Record, RequestState};
use crate::forge::body::Ordered;

/// What the pull request of `part` of the repository `name` says about others that are merged before or behind it.
#[must_use]
pub fn order(name: &str, part: Part, links: &[Link], records: &[Record]) -> Vec<Ordered> {
    let mut steps: Vec<Ordered> = Vec::new();
    let concerns = |link: &&Link| match part {
        Part::Own => link.callee == name && link.kind != Kind::Workflow,
        Part::Callers => link.caller == name && link.kind != Kind::Workflow,
    };
    let concerned: Vec<&Link> = links.iter().filter(concerns).collect();
    let mut add = |step: Ordered| {
        if !steps.contains(&step) {
            steps.push(step);
        }
    };
    let of = |name: &str, part: Part| request_of(records, name, part);
    match part {
        Part::Own => {
            for link in &concerned {
                add(Ordered { text: before_the_callee(link), link: of(&link.caller, Part::Callers) });
            }
            if !concerned.is_empty() {
                add(plain(
                    "then this request: BuildKit ignores a secret that no mount asks for, and an argument that no `ARG` \
                     declares, so a build that passes both fits before and after it",
                ));
            }
            for link in concerned.iter().filter(|link| matches!(link.next, Next::Beside | Next::Callee)) {
                if link.kind == Kind::Build {
                    add(plain(&format!(
                        "at last the build argument goes from `{}`: a later run proposes it",
                        link.caller
                    )));
                }
            }
        }
        Part::Callers => {
            let waits = |link: &&&Link| matches!(link.next, Next::Beside | Next::Version);
            if concerned.iter().any(|link| waits(&link)) {
                add(plain("first this request: a build that does not need the secret ignores it"));
            }
            for link in concerned.iter().filter(waits) {
                let text = match link.kind {
                    Kind::Called => format!("then `{}`, once it uses a version of this that has it", link.callee),
                    _ => format!("then `{}`, which takes the secret in the place of the argument", link.callee),
                };
                add(Ordered { text, link: of(&link.callee, Part::Own) });
            }
            for link in concerned.iter().filter(|link| link.next == Next::Beside && link.kind == Kind::Build) {
                add(plain(&format!(
                    "at last the build argument for `{}` goes from here: a later run proposes it",
                    link.callee
                )));
            }
            for link in concerned.iter().filter(|link| link.next == Next::Instead) {
                add(Ordered {
                    text: format!("`{}` takes the secret already, so nothing has to be waited for", link.callee),
                    link: None,
                });
            }
        }
    }
    steps
}

fn before_the_callee(link: &Link) -> String {
    let (caller, place) = (&link.caller, &link.place);
    match (link.next, link.kind) {
        (Next::Beside, Kind::Called) => format!(
            "first `{caller}`, whose `{place}` builds this, passes the secret beside the build argument, and this \
             repository uses a version of it that does"
        ),
        (Next::Beside, _) => format!("first `{caller}` passes the secret beside the build argument, in `{place}`"),
        (Next::Callee, _) => format!("`{caller}` passes the secret beside the build argument already, in `{place}`"),
        (Next::Instead, _) => format!("`{caller}` passes only the build argument, in `{place}`"),
        (Next::Version, _) => {
            format!("`{caller}` builds a fixed version, in `{place}`: it passes both before it moves to a later one")
        }
        (Next::Look, _) => format!("first somebody has `{caller}` pass the secret as well, in or near `{place}`"),
    }
}

fn plain(text: &str) -> Ordered {
    Ordered { text: text.to_owned(), link: None }
}

fn request_of(records: &[Record], name: &str, part: Part) -> Option<String> {
    let record = records.iter().find(|record| record.name == name && record.part == part)?;
    let request = record.request.as_ref().filter(|request| request.state != RequestState::Closed)?;
    Some(request.url.clone())
}

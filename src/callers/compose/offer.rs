//! Making a service's build hand over a file or a variable (`build.secrets` and the top-level `secrets`), or a key through
//! an ssh agent (`build.ssh`).

use camino::Utf8Path;

use super::first::refuse_first_version;
use super::layout::Layout;
use super::service::Service;
use crate::callers::offer::{inside, missing, refusal};
use crate::callers::verify::same_elsewhere;
use crate::callers::yaml::{self, Cursor, Members, Patch, Path, Step, Style};
use crate::callers::{Build, Offer, Refusal, Rewrite, Surroundings};
use crate::source::{Source, TextRange, slice};

/// A secret of the top level and where its value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Given {
    id: String,
    /// `file` or `environment` (compose-spec `09-secrets.md`).
    source: &'static str,
    /// The file, from the folder of the Compose file, or the variable.
    value: String,
}

impl Given {
    fn line(&self) -> String {
        format!("{}: {}", self.source, self.value)
    }
}

/// See [`crate::callers::Caller::offer`].
pub(super) fn offer(
    source: &Source,
    around: &dyn Surroundings,
    build: &Build,
    offers: &[Offer],
) -> Result<Rewrite, Refusal> {
    let refuse = |reason: &str| refusal(reason, build.range);
    let documents = yaml::read(source.text()).map_err(|error| refuse(&error.to_string()))?;
    let found = super::found(&documents, source, around);
    let (service, _) = found.get(build.index).cloned().ok_or_else(|| refuse("the service is not in the file"))?;
    let missing = missing(build, offers)?;
    if missing.is_empty() {
        return Ok(Rewrite::default());
    }
    let mut rewrite = Rewrite::default();
    refuse_first_version(&documents, build, &mut rewrite, around)?;
    let unclear = || refuse("its `build` is laid out in a way that can't be edited safely");
    if service.build.is_shared() {
        return Err(refuse("the build of the service comes from an anchor that other places use too"));
    }
    let secrets = missing.iter().filter_map(|offer| given(service, offer).transpose());
    let secrets = secrets.collect::<Result<Vec<_>, _>>().map_err(|reason| refuse(&reason))?;
    let mut patch = Patch::new(source);
    let layout = Layout::of(&patch, &documents, service);
    let mut lists = Vec::new();
    if !secrets.is_empty() {
        let ids: Vec<String> = secrets.iter().map(|secret| secret.id.clone()).collect();
        lists.push(("secrets", Members::of_lines(&ids, true)));
    }
    let keys = missing.iter().filter_map(|offer| key_file(service, offer).transpose());
    let keys = keys.collect::<Result<Vec<_>, _>>().map_err(|reason| refuse(&reason))?;
    if !keys.is_empty() {
        lists.push(("ssh", Members::of_lines(&keys, true)));
    }
    edit_build(&mut patch, source, service, &lists, layout).ok_or_else(unclear)?;
    let changed = changed_paths(service, &secrets);
    edit_top_level(&mut patch, service, &secrets, layout)?;
    rewrite.edits = patch.finish();
    same_elsewhere(source, rewrite, build.range, &changed)
}

fn given(service: Service<'_>, offer: &Offer) -> Result<Option<Given>, String> {
    let (id, source, value) = match offer {
        Offer::Agent { .. } => return Ok(None),
        Offer::Variable { id, name } => (id, "environment", name.clone()),
        Offer::File { id, path } => (id, "file", from_compose_file(service, path)?),
    };
    Ok(Some(Given { id: id.clone(), source, value }))
}

/// `default=PATH`: Compose takes the path from the folder of the Compose file (experiment: Compose 2.40).
fn key_file(service: Service<'_>, offer: &Offer) -> Result<Option<String>, String> {
    let Offer::Agent { key } = offer else { return Ok(None) };
    Ok(Some(format!("default={}", from_compose_file(service, key)?)))
}

/// Compose reads `file` from the folder of the Compose file, as it does `context` (compose-spec `build.md`).
fn from_compose_file(service: Service<'_>, path: &Utf8Path) -> Result<String, String> {
    let written = service.build.text().or_else(|| service.build.get("context").and_then(Cursor::text));
    let context = written.unwrap_or(".");
    let plain = !context.contains(['$', ' ', '#']);
    let file = plain.then(|| inside(context, path)).flatten();
    let file = file.ok_or_else(|| format!("the build context can't be told, and `{path}` lies in it"))?;
    Ok(if file.starts_with('/') || file.starts_with("../") { file } else { format!("./{file}") })
}

fn edit_build(
    patch: &mut Patch<'_>,
    source: &Source,
    service: Service<'_>,
    lists: &[(&str, Members)],
    layout: Layout,
) -> Option<()> {
    if service.build.text().is_some() {
        return expand_build(patch, source, service, lists, layout);
    }
    let build = service.build.node().as_mapping()?;
    let last = build.entries.last()?.range();
    for (key, members) in lists {
        match build.find(key) {
            Some((_, entry)) => {
                service.build.get(key).filter(|list| !list.is_shared() && list.node().as_sequence().is_some())?;
                patch.append_to_entry(entry, members, layout.sequence)?;
            }
            None if build.flow => {
                let text = format!(", {key}: [{}]", members.flow);
                patch.push(crate::source::Edit::insert(last.end(), text));
            }
            None => patch.insert_entry(build, key, members, last, layout.sequence),
        }
    }
    Some(())
}

/// `build: .` becomes a mapping with `context: .` in it.
fn expand_build(
    patch: &mut Patch<'_>,
    source: &Source,
    service: Service<'_>,
    lists: &[(&str, Members)],
    layout: Layout,
) -> Option<()> {
    let body = service.body.node().as_mapping().filter(|body| !body.flow)?;
    let (_, entry) = body.find("build")?;
    let scalar = entry.value.as_scalar().filter(|_| entry.value.anchor.is_none())?;
    let one_line = matches!(scalar.style, Style::Plain | Style::Single | Style::Double);
    if !one_line || !patch.ends_its_line(entry.value.range) {
        return None;
    }
    let column = patch.column(entry.key_range.start()) + layout.mapping;
    let indentation = " ".repeat(column);
    let mut lines = vec![format!("{indentation}context: {}", slice(source.text(), entry.value.range))];
    for (key, members) in lists {
        lines.push(format!("{indentation}{key}:"));
        lines.extend(members.indented(column + layout.sequence));
    }
    let at = TextRange::new(entry.key_range.end(), entry.value.range.end());
    patch.replace(at, &format!(":\n{}", lines.join("\n")));
    Some(())
}

fn edit_top_level(
    patch: &mut Patch<'_>,
    service: Service<'_>,
    secrets: &[Given],
    layout: Layout,
) -> Result<(), Refusal> {
    let top = service.root.get("secrets");
    let mut missing = Vec::new();
    for secret in secrets {
        match top.and_then(|top| top.get(&secret.id)) {
            None => missing.push(secret),
            Some(known) if known.get(secret.source).and_then(Cursor::text) == Some(&secret.value) => {}
            Some(known) => {
                let reason = format!("the secret `{}` exists with another source", secret.id);
                return Err(refusal(reason, known.node().range));
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let unclear = || refusal("the top-level `secrets` can't be edited safely", service.build.node().range);
    let block = missing
        .iter()
        .flat_map(|secret| [format!("{}:", secret.id), format!("{}{}", " ".repeat(layout.mapping), secret.line())]);
    let flow = missing.iter().map(|secret| format!("{}: {{{}}}", secret.id, secret.line()));
    let members = Members { block: block.collect(), flow: flow.collect::<Vec<_>>().join(", ") };
    add_top_level(patch, service, &members, layout).ok_or_else(unclear)
}

fn add_top_level(patch: &mut Patch<'_>, service: Service<'_>, members: &Members, layout: Layout) -> Option<()> {
    let root = service.root.node().as_mapping().filter(|root| !root.flow)?;
    if let Some((_, entry)) = root.find("secrets") {
        service.root.get("secrets").filter(|top| !top.is_shared())?;
        return patch.append_to_entry(entry, members, layout.mapping);
    }
    let mut lines = vec!["secrets:".to_owned()];
    lines.extend(members.indented(layout.mapping));
    patch.append_section(root.entries.last()?.range(), &lines, layout.airy);
    Some(())
}

fn changed_paths(service: Service<'_>, secrets: &[Given]) -> Vec<Path> {
    let key = |text: &str| Step::Key(text.to_owned());
    let document = Step::Index(service.document);
    let build = vec![document.clone(), key("services"), key(service.name), key("build")];
    let inside = |last: &str| -> Path { build.iter().cloned().chain([key(last)]).collect() };
    let mut paths = match service.build.text() {
        Some(_) => vec![build.clone()],
        None => vec![inside("secrets"), inside("ssh")],
    };
    match service.root.get("secrets").filter(|secrets| !secrets.node().is_null()) {
        Some(_) => paths.extend(secrets.iter().map(|secret| vec![document.clone(), key("secrets"), key(&secret.id)])),
        None => paths.push(vec![document, key("secrets")]),
    }
    paths
}

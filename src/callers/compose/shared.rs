//! Build arguments that several services have from one text: through an anchor, or through merge keys.
//!
//! They change for all of these services at once. That is right where an anchor's text comes to nothing but builds that pass
//! the argument; whether these are of one Dockerfile is asked before (`plan::Change::request`).

use super::Compose;
use super::layout::Layout;
use super::pass::{Given, Pass};
use super::service::{Service, WrittenArgument};
use crate::callers::verify::{reads_as_asked, verified};
use crate::callers::yaml::{Content, Cursor, Document, Members, Node, Path, Step, path_to};
use crate::callers::{Build, Refusal, Request, Rewrite, Surroundings};
use crate::source::{Source, TextRange, apply_edits};

/// One file in which a build is given secrets in the place of arguments, some of which it shares.
pub(super) struct Shared<'a, 'd> {
    pub documents: &'d [Document],
    pub source: &'a Source,
    pub around: &'a dyn Surroundings,
    /// Every service of the file that is built.
    pub found: &'a [(Service<'d>, Build)],
    pub requests: &'a [Request],
}

/// What goes out of one list or mapping of arguments.
struct Holder<'d> {
    node: &'d Node,
    /// Zero-based.
    gone: Vec<usize>,
    /// The mapping that has it as its own `args`; `None` where these are an alias or merged.
    parent: Option<&'d Node>,
}

impl Holder<'_> {
    /// Whether nothing would be left of what others refer to by an anchor.
    fn would_be_missed(&self) -> bool {
        let is_named = self.parent.is_none() || self.node.anchor.is_some();
        is_named && self.node.children().count() <= self.gone.len()
    }
}

impl<'d> Shared<'_, 'd> {
    /// The edits for the service of `pass`, all arguments of which that go are `arguments`, and for those that share them.
    pub(super) fn pass_secrets(
        &self,
        mut pass: Pass<'_>,
        arguments: &[WrittenArgument<'d>],
        given: &[Given],
    ) -> Result<Rewrite, Refusal> {
        let service = pass.service.name;
        let at = arguments.first().map_or(pass.build.range, |argument| argument.range);
        let reason = format!("the build arguments of service {service} come from an anchor that other places use too");
        let refused = || Refusal { reason: reason.clone(), range: at, instead: None };
        let own = self.found.get(pass.build.index).map(|(service, _)| *service).ok_or_else(refused)?;
        let sees = |(other, _): &&(Service<'d>, Build)| {
            other.written_arguments().iter().any(|given| arguments.iter().any(|one| one.range == given.range))
        };
        let users: Vec<&(Service<'d>, Build)> = self.found.iter().filter(sees).collect();
        if users.iter().any(|(_, build)| build.dockerfiles != pass.build.dockerfiles) {
            return Err(refused());
        }
        let holders = self.holders(own, arguments).ok_or_else(refused)?;
        let owners = owners(&users).ok_or_else(refused)?;
        if holders.iter().any(Holder::would_be_missed) {
            return Err(refused());
        }
        let seen = holders.iter().map(|holder| holder.node).chain(owners.iter().map(|owner| owner.node()));
        if !self.reaches_builds_alone(own.document, seen.collect()) {
            return Err(refused());
        }
        let layout = Layout::of(&pass.patch, self.documents, own);
        let unclear = || Refusal {
            reason: "its `build` is laid out in a way that can't be edited safely".to_owned(),
            ..refused()
        };
        self.edit(&mut pass, &holders, &owners, given, layout).ok_or_else(unclear)?;
        pass.edit_top_level(given, layout)?;
        let mut changed = pass.top_level_paths(given);
        changed.extend(self.paths(&holders, &owners).ok_or_else(unclear)?);
        let Pass { build, patch, mut rewrite, .. } = pass;
        rewrite.edits = patch.finish();
        let rewrite = verified(&Compose, self.source, self.around, build, self.requests, rewrite, &changed)?;
        let text = apply_edits(self.source.text(), &rewrite.edits).map_err(|_| unclear())?;
        let edited = self.source.with_text(text);
        let asked = |build: &Build| reads_as_asked(&Compose, &edited, self.around, build, self.requests);
        users.iter().all(|(_, build)| asked(build)).then_some(rewrite).ok_or_else(unclear)
    }

    /// Where the arguments are written.
    fn holders(&self, service: Service<'d>, arguments: &[WrittenArgument<'d>]) -> Option<Vec<Holder<'d>>> {
        let owner = service.build.owner("args")?;
        let args = owner.get("args")?;
        let written = &owner.node().as_mapping()?.find("args")?.1.value;
        let mut holders: Vec<Holder<'d>> = Vec::new();
        for argument in arguments {
            let node = args.owner(argument.name).unwrap_or(args).node();
            let place = place(node, argument.range)?;
            if node.children().nth(place)?.anchor.is_some() {
                return None;
            }
            let parent = std::ptr::eq(node, written).then_some(owner.node());
            match holders.iter_mut().find(|holder| std::ptr::eq(holder.node, node)) {
                Some(holder) => holder.gone.push(place),
                None => holders.push(Holder { node, gone: vec![place], parent }),
            }
        }
        holders.iter_mut().for_each(|holder| holder.gone.sort_unstable());
        Some(holders)
    }

    /// Whether what `seen` holds comes to nothing but builds and their arguments: the aliases of the anchors around it, and of
    /// those around these aliases, stand where services, builds or arguments are taken over.
    fn reaches_builds_alone(&self, document: usize, seen: Vec<&'d Node>) -> bool {
        let Some(root) = self.documents.get(document).map(|document| &document.root) else { return false };
        let (mut open, mut known): (Vec<TextRange>, Vec<&str>) =
            (seen.iter().map(|node| node.range).collect(), Vec::new());
        while let Some(at) = open.pop() {
            let mut anchors = Vec::new();
            visit(root, &mut |node| {
                anchors.extend(node.anchor.as_deref().filter(|_| node.range.contains_range(at)));
            });
            anchors.retain(|name| !known.contains(name));
            let mut aliases = Vec::new();
            visit(root, &mut |node| match &node.content {
                Content::Alias(name) if anchors.contains(&name.as_str()) => aliases.push(node.range),
                _ => {}
            });
            if !aliases.iter().all(|alias| self.takes_over_a_build(*alias)) {
                return false;
            }
            known.extend(anchors);
            open.extend(aliases);
        }
        true
    }

    fn takes_over_a_build(&self, alias: TextRange) -> bool {
        let Some(path) = path_to(self.documents, alias) else { return false };
        let keys: Vec<&str> =
            path.iter().filter_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None }).collect();
        let inside = match keys.as_slice() {
            ["services", _, inside @ ..] => inside,
            [top, inside @ ..] if top.starts_with("x-") => inside,
            _ => return false,
        };
        inside.iter().all(|key| matches!(*key, "<<" | "build" | "args"))
    }

    fn edit(
        &self,
        pass: &mut Pass<'_>,
        holders: &[Holder<'d>],
        owners: &[Cursor<'d>],
        given: &[Given],
        layout: Layout,
    ) -> Option<()> {
        for owner in owners {
            let known = owner.get("secrets");
            let own = |list: &Cursor<'_>| {
                owner.owner("secrets").is_some_and(|at| std::ptr::eq(at.node(), owner.node()))
                    && list.node().as_sequence().is_some()
            };
            known.is_none_or(|list| own(&list)).then_some(())?;
            let has = |id: &str| known.is_some_and(|list| list.items().into_iter().any(|item| item.text() == Some(id)));
            let ids: Vec<String> = given.iter().map(|given| given.id().to_owned()).filter(|id| !has(id)).collect();
            let inside = |holder: &&Holder<'_>| holder.parent.is_some_and(|parent| std::ptr::eq(parent, owner.node()));
            let inside = holders.iter().find(inside);
            let gone = inside.map(|holder| holder.gone.as_slice()).unwrap_or_default();
            let members = Members::of_lines(&ids, true);
            pass.patch.exchange(owner.node(), "args", gone, "secrets", &members, layout.sequence)?;
        }
        for holder in holders.iter().filter(|holder| holder.parent.is_none()) {
            pass.patch.remove_members(holder.node, &holder.gone)?;
        }
        Some(())
    }

    fn paths(&self, holders: &[Holder<'d>], owners: &[Cursor<'d>]) -> Option<Vec<Path>> {
        let mut paths = Vec::new();
        for owner in owners {
            let path = path_to(self.documents, owner.node().range)?;
            for key in ["args", "secrets"] {
                paths.push([path.as_slice(), &[Step::Key(key.to_owned())]].concat());
            }
        }
        for holder in holders {
            paths.push(path_to(self.documents, holder.node.range)?);
        }
        Some(paths)
    }
}

/// The mappings in which the arguments of services are written, each once.
fn owners<'d>(users: &[&(Service<'d>, Build)]) -> Option<Vec<Cursor<'d>>> {
    let mut owners: Vec<Cursor<'d>> = Vec::new();
    for (service, _) in users {
        let owner = service.build.owner("args")?;
        if !owners.iter().any(|known| std::ptr::eq(known.node(), owner.node())) {
            owners.push(owner);
        }
    }
    Some(owners)
}

/// The zero-based place at which the text `at` is a member of `node`.
fn place(node: &Node, at: TextRange) -> Option<usize> {
    match &node.content {
        Content::Mapping(mapping) => mapping.entries.iter().position(|entry| entry.range() == at),
        Content::Sequence(sequence) => sequence.items.iter().position(|item| item.range == at),
        Content::Scalar(_) | Content::Alias(_) => None,
    }
}

fn visit<'d>(node: &'d Node, visitor: &mut dyn FnMut(&'d Node)) {
    visitor(node);
    node.children().for_each(|child| visit(child, visitor));
}

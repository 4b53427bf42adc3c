//! What the targets of a bake file build: blocks of one name are merged, `inherits` takes over other targets
//! (docker/buildx `bake/bake.go`, `Config.ResolveTarget` and `Target.Merge`).

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::file::{BakeFile, Block, Content, Entry, Piece, Value};
use crate::callers::command::UNKNOWN;
use crate::callers::location::{Place, Reading, absolute, choose, inside, is_remote, join, upwards};
use crate::callers::{
    Argument, ArgumentValue, Build, Builder, Dockerfiles, Format, PassedSecret, SecretSource, SecretValue, Surroundings,
};
use crate::source::TextRange;

/// The files that bake reads by itself from one folder (`bake.go`, `defaultFilenames`); the later ones win.
pub(super) const DEFAULT_FILES: [&str; 4] =
    ["docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl"];

/// How deep targets inherit, and how often a value that names another is looked up.
const DEPTH: usize = 12;

/// The most combinations of a matrix that are looked at.
const MANY: usize = 64;

/// The target that docker/metadata-action defines while a workflow runs: it sets no argument but its own
/// (`DOCKER_META_…`).
const METADATA: &str = "docker-metadata-action";

/// One combination of a matrix: values by their path, such as `item.context`.
type Row = BTreeMap<String, String>;

/// A file with those that bake reads besides it.
pub(super) struct Files<'a> {
    /// The file that is looked at.
    pub own: &'a BakeFile,
    /// Its path from the repository's root.
    pub path: &'a Utf8Path,
    /// The others of its folder.
    pub others: Vec<(Utf8PathBuf, BakeFile)>,
}

/// A target that is built, and where it stands.
pub(super) struct Target<'a> {
    /// Its name.
    pub name: &'a str,
    /// The blocks of this file that make it up, with their zero-based places: what it inherits first, its own last.
    pub blocks: Vec<(usize, &'a Block)>,
    /// The build.
    pub build: Build,
    /// Its build context as it is written, where it is fixed.
    pub context: Option<String>,
    /// The arguments that a target of another file sets, with that file.
    pub foreign: Vec<(String, Utf8PathBuf)>,
}

impl<'a> Files<'a> {
    /// The targets that the file builds, in the order of its text.
    pub(super) fn targets(&'a self, around: &dyn Surroundings) -> Vec<Target<'a>> {
        let mut targets: Vec<Target<'a>> = Vec::new();
        for block in self.own.of_kind("target") {
            let known = targets.iter().any(|target| target.build.title == title(&block.name));
            if !known && !self.is_abstract(&block.name) {
                let index = targets.len();
                targets.push(self.target(block, index, around));
            }
        }
        targets
    }

    fn all(&self) -> impl Iterator<Item = &BakeFile> {
        self.others.iter().map(|(_, file)| file).chain([self.own])
    }

    /// Whether a target only exists for others to inherit from it: nothing says what it builds, and no group names it.
    fn is_abstract(&self, name: &str) -> bool {
        let blocks = || self.all().flat_map(|file| file.named("target", name));
        let says = |block: &Block| {
            ["context", "dockerfile", "dockerfile-inline", "tags", "output", "matrix"]
                .iter()
                .any(|key| block.get(key).is_some())
        };
        let lists = |block: &Block, key: &str| {
            block.get(key).is_some_and(|entry| texts(&entry.value).iter().any(|text| text == name))
        };
        let inherited = self.own.of_kind("target").any(|block| lists(block, "inherits"));
        let grouped = self.all().flat_map(|file| file.of_kind("group")).any(|block| lists(block, "targets"));
        inherited && !grouped && name != "default" && !blocks().any(says)
    }

    fn target(&'a self, block: &'a Block, index: usize, around: &dyn Surroundings) -> Target<'a> {
        let whole = self.chain(&block.name, DEPTH);
        let own: Vec<(usize, &Block)> = whole.iter().filter_map(|part| Some((self.place(part)?, *part))).collect();
        let rows = self.rows(&whole);
        let places: Vec<Place> = rows.iter().map(|row| self.location(&whole, row, around)).collect();
        let mut build = Build {
            outside: None,
            format: Format::Bake,
            file: self.path.to_owned(),
            range: block.range,
            title: title(&block.name),
            dockerfiles: Dockerfiles::Elsewhere,
            context: None,
            target: self.text(&whole, "target", rows.first()),
            tags: self.tags(&whole, &rows),
            builder: Builder::BuildKit,
            arguments: self.arguments(&own, block, &rows),
            secrets: own.iter().flat_map(|(_, part)| secrets(part)).collect(),
            ssh: whole.iter().any(|part| part.get("ssh").is_some_and(|ssh| !ssh.value.items().is_empty())),
            opaque: opaque(&own),
            index,
        };
        let mut places = places.into_iter();
        if let Some(first) = places.next() {
            (build.dockerfiles, build.context) = (first.dockerfiles, first.context);
        }
        for place in places {
            build.dockerfiles = build.dockerfiles.or(&place.dockerfiles);
            build.context = build.context.filter(|context| place.context.as_ref() == Some(context));
        }
        let foreign = self.foreign(&whole, &block.name);
        for (name, _) in &foreign {
            let range = block.get("inherits").map_or(block.range, Entry::range);
            build.arguments.push(Argument {
                name: name.clone(),
                value: ArgumentValue::Composite,
                range,
                shared: false,
            });
        }
        let context =
            self.value(&whole, "context").map_or_else(|| Some(".".to_owned()), |_| self.text(&whole, "context", None));
        Target { name: &block.name, blocks: own, build, context, foreign }
    }

    /// Which block of the own file it is.
    fn place(&self, block: &Block) -> Option<usize> {
        self.own.blocks.iter().position(|own| std::ptr::eq(own, block))
    }

    /// The blocks that make up a target, the last ones win.
    fn chain(&'a self, name: &str, depth: usize) -> Vec<&'a Block> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        let mut chain: Vec<&'a Block> = Vec::new();
        let files = self.others.iter().map(|(_, file)| file).chain([self.own]);
        let own: Vec<&'a Block> =
            files.flat_map(|file| &file.blocks).filter(|one| one.kind == "target" && one.name == name).collect();
        for block in &own {
            for base in block.get("inherits").map(|entry| texts(&entry.value)).unwrap_or_default() {
                chain.extend(self.chain(&base, depth));
            }
        }
        chain.extend(own);
        chain
    }

    /// The arguments that inherited targets of other files set. Blocks of the same name there are builds of their own file.
    fn foreign(&self, whole: &[&Block], name: &str) -> Vec<(String, Utf8PathBuf)> {
        let parts = whole.iter().filter(|part| part.name != name && self.place(part).is_none());
        let mut foreign = Vec::new();
        for part in parts {
            let holds = |file: &BakeFile| file.blocks.iter().any(|block| std::ptr::eq(block, *part));
            let Some((path, _)) = self.others.iter().find(|(_, file)| holds(file)) else { continue };
            let args = part.get("args").map(|args| args.value.entries()).unwrap_or_default();
            foreign.extend(args.iter().filter_map(|arg| Some((arg.key.clone()?, path.clone()))));
        }
        foreign
    }

    /// The combinations of the matrix: one empty row without a matrix.
    fn rows(&self, whole: &[&Block]) -> Vec<Row> {
        let mut rows = vec![Row::new()];
        let Some(matrix) = self.value(whole, "matrix") else { return rows };
        for axis in matrix.entries() {
            let Some(key) = &axis.key else { continue };
            let mut multiplied = Vec::new();
            for row in &rows {
                for item in axis.value.items() {
                    let mut row = row.clone();
                    self.flatten(key, item, &mut row);
                    multiplied.push(row);
                }
            }
            rows = multiplied;
            rows.truncate(MANY);
        }
        rows
    }

    fn flatten(&self, path: &str, value: &Value, row: &mut Row) {
        match &value.content {
            Content::Text(pieces) => {
                let text = self.evaluate(pieces, &Row::new(), DEPTH);
                row.insert(path.to_owned(), text);
            }
            _ => value.entries().iter().for_each(|entry| {
                let key = entry.key.as_deref().unwrap_or("");
                self.flatten(&format!("{path}.{key}"), &entry.value, row);
            }),
        }
    }

    /// The value of an attribute of a target: the last one of its blocks wins.
    fn value(&self, whole: &[&'a Block], key: &str) -> Option<&'a Value> {
        whole.iter().rev().find_map(|block| block.get(key)).map(|entry| &entry.value)
    }

    /// The text of an attribute, where it is known.
    fn text(&self, whole: &[&'a Block], key: &str, row: Option<&Row>) -> Option<String> {
        let Content::Text(pieces) = &self.value(whole, key)?.content else { return None };
        let empty = Row::new();
        let text = self.evaluate(pieces, row.unwrap_or(&empty), DEPTH);
        (!text.contains(UNKNOWN)).then_some(text)
    }

    fn tags(&self, whole: &[&'a Block], rows: &[Row]) -> Vec<String> {
        let items = self.value(whole, "tags").map(Value::items).unwrap_or_default();
        let pieces =
            items.iter().filter_map(|item| if let Content::Text(pieces) = &item.content { Some(pieces) } else { None });
        let tags = pieces.flat_map(|pieces| rows.iter().map(|row| self.evaluate(pieces, row, DEPTH)));
        let mut tags: Vec<String> = tags.filter(|tag| !tag.contains(UNKNOWN)).collect();
        tags.dedup();
        tags
    }

    /// The text of `pieces`; [`UNKNOWN`] stands for what can't be told. A variable counts as what it is without the
    /// environment's help.
    fn evaluate(&self, pieces: &[Piece], row: &Row, depth: usize) -> String {
        let unknown = || UNKNOWN.to_string();
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Computed => unknown(),
            Piece::Reference(name) => match row.get(name) {
                Some(text) => text.clone(),
                None => self.variable(name, depth).unwrap_or_else(unknown),
            },
        };
        pieces.iter().map(piece).collect()
    }

    fn variable(&self, name: &str, depth: usize) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let Content::Text(pieces) = &self.default_of(name)?.content else { return None };
        Some(self.evaluate(pieces, &Row::new(), depth))
    }

    /// What a variable is where the environment does not say, or the value of an attribute outside of blocks.
    fn default_of(&self, name: &str) -> Option<&Value> {
        let is_it = |block: &&Block| block.kind == "variable" && block.name == name;
        let declared = self.all().flat_map(|file| &file.blocks).filter(is_it).last();
        if let Some(block) = declared {
            return block.get("default").map(|entry| &entry.value);
        }
        let mut attributes = self.all().flat_map(|file| &file.attributes);
        attributes.find(|entry| entry.key.as_deref() == Some(name)).map(|entry| &entry.value)
    }

    fn is_variable(&self, name: &str) -> bool {
        self.all().any(|file| file.named("variable", name).next().is_some())
    }

    fn location(&self, whole: &[&'a Block], row: &Row, around: &dyn Surroundings) -> Place {
        let elsewhere = Place { outside: None, dockerfiles: Dockerfiles::Elsewhere, context: None };
        if self.value(whole, "dockerfile-inline").is_some() {
            return elsewhere;
        }
        let evaluated = |key: &str, default: &str| match self.value(whole, key).map(|value| &value.content) {
            Some(Content::Text(pieces)) => self.evaluate(pieces, row, DEPTH),
            Some(Content::Null) | None => default.to_owned(),
            Some(_) => UNKNOWN.to_string(),
        };
        let (context, dockerfile) = (evaluated("context", "."), evaluated("dockerfile", "Dockerfile"));
        let local = context.strip_prefix("cwd://").unwrap_or(&context);
        let local = if local.is_empty() { "." } else { local };
        if is_remote(local) {
            return elsewhere;
        }
        let home = self.path.parent().unwrap_or(Utf8Path::new(""));
        let readings = upwards(home).into_iter().map(|directory| {
            let context = join(&absolute(&directory), local);
            let dockerfile = match dockerfile.strip_prefix("cwd://") {
                Some(path) => join(&absolute(&directory), path),
                None => join(&context, &dockerfile),
            };
            let written = format!("{local}/{dockerfile}");
            let context = inside(&context).filter(|path| !path.as_str().contains(UNKNOWN));
            Reading { dockerfile, written, context }
        });
        let shown = |text: &str| text.replace(UNKNOWN, "…");
        choose(&readings.collect::<Vec<_>>(), &[], home, &shown(&format!("{local}/{dockerfile}")), around)
    }

    fn arguments(&self, own: &[(usize, &'a Block)], block: &Block, rows: &[Row]) -> Vec<Argument> {
        let mut arguments = Vec::new();
        for (_, part) in own {
            let shared = !std::ptr::eq(*part, block);
            for entry in part.get("args").map(|args| args.value.entries()).unwrap_or_default() {
                let Some(name) = entry.key.clone() else { continue };
                let value = self.classify(&entry.value, rows);
                arguments.push(Argument { name, value, range: entry.range(), shared });
            }
        }
        arguments
    }

    /// Where the value of an argument comes from. A variable without a default is the environment's of the same name.
    fn classify(&self, value: &Value, rows: &[Row]) -> ArgumentValue {
        self.classify_within(value, rows, DEPTH)
    }

    fn classify_within(&self, value: &Value, rows: &[Row], depth: usize) -> ArgumentValue {
        if value.content == Content::Null {
            return ArgumentValue::Empty;
        }
        if let Some(text) = value.literal() {
            return if text.is_empty() { ArgumentValue::Empty } else { ArgumentValue::Literal(SecretValue::new(text)) };
        }
        let (Some(name), Some(depth)) = (value.reference(), depth.checked_sub(1)) else {
            return ArgumentValue::Composite;
        };
        if name.contains('.') || rows.iter().any(|row| row.contains_key(name)) {
            return ArgumentValue::Composite;
        }
        match self.default_of(name) {
            Some(attribute) if !self.is_variable(name) => self.classify_within(attribute, rows, depth),
            Some(default) if default.content != Content::Null && default.literal().as_deref() != Some("") => {
                ArgumentValue::Composite
            }
            _ => ArgumentValue::Variable(name.to_owned()),
        }
    }

    /// The targets that a `bake` command with `names` builds: those of groups, and without names those of `default`.
    pub(super) fn chosen(&self, names: &[String]) -> Vec<String> {
        let default = ["default".to_owned()];
        let names = if names.is_empty() { &default[..] } else { names };
        let mut chosen = Vec::new();
        names.iter().for_each(|name| self.choose(name, DEPTH, &mut chosen));
        chosen
    }

    fn choose(&self, name: &str, depth: usize, chosen: &mut Vec<String>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let groups = self.all().flat_map(|file| file.named("group", name)).filter_map(|group| group.get("targets"));
        let members: Vec<String> = groups.flat_map(|entry| texts(&entry.value)).collect();
        if members.is_empty() {
            chosen.push(name.to_owned());
        }
        members.iter().for_each(|member| self.choose(member, depth, chosen));
    }
}

impl Target<'_> {
    /// Whether it is the target of this name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name
    }
}

/// How a target is shown to a person.
fn title(name: &str) -> String {
    format!("target `{name}`")
}

/// The fixed texts of a list.
fn texts(value: &Value) -> Vec<String> {
    value.items().iter().filter_map(Value::literal).filter(|text| text != METADATA).collect()
}

/// What may set arguments but can't be read.
fn opaque(own: &[(usize, &Block)]) -> Option<String> {
    own.iter().find_map(|(_, block)| {
        let args = block.get("args")?;
        let read =
            matches!(&args.value.content, Content::Map(entries) if entries.iter().all(|entry| entry.key.is_some()));
        (!read && args.value.content != Content::Null).then(|| format!("args of target `{}`", block.name))
    })
}

/// The secrets that a block passes.
fn secrets(block: &Block) -> Vec<PassedSecret> {
    let items = block.get("secret").map(|entry| entry.value.items()).unwrap_or_default();
    items.iter().filter_map(passed).collect()
}

fn passed(item: &Value) -> Option<PassedSecret> {
    if let Some(text) = item.literal() {
        return Some(PassedSecret::written(&text, item.range));
    }
    let text = |key: &str| item.get(key).and_then(Value::literal);
    let source = match (text("env"), text("src")) {
        (Some(variable), _) => SecretSource::Variable(variable),
        (None, Some(path)) => SecretSource::File(path),
        (None, None) => SecretSource::Unknown,
    };
    Some(PassedSecret { id: text("id")?, source, range: item.range })
}

/// Where an entry stands in the file, by the block that holds it.
pub(super) fn written<'a>(target: &Target<'a>, name: &str) -> Vec<(usize, &'a Block, usize, TextRange)> {
    let mut found = Vec::new();
    for (place, block) in &target.blocks {
        let entries = block.get("args").map(|args| args.value.entries()).unwrap_or_default();
        for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.key.as_deref() == Some(name)) {
            found.push((*place, *block, index, entry.range()));
        }
    }
    found
}

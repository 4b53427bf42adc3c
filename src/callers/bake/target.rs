//! What the targets of a bake file build: blocks of one name are merged, `inherits` takes over other targets
//! (docker/buildx `bake/bake.go`, `Config.ResolveTarget` and `Target.Merge`).

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::file::{BakeFile, Block, Content, Entry, Piece, Value};
use crate::callers::command::UNKNOWN;
use crate::callers::location::{Place, Reading, absolute, choose, inside, is_around, is_remote, join, upwards};
use crate::callers::outside::of_address;
use crate::callers::{
    Argument, ArgumentValue, Build, Dockerfiles, Format, PassedSecret, SecretSource, SecretValue, Surroundings,
};
use crate::source::TextRange;

/// The files that bake reads by itself from one folder (`bake.go`, `defaultFilenames`); the later ones win.
pub(super) const DEFAULT_FILES: [&str; 4] =
    ["docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl"];

/// How deep targets inherit, and how often a value that names another is looked up.
const DEPTH: usize = 12;

/// The most combinations of a matrix that are looked at.
const MANY: usize = 64;

/// The name of an axis of a matrix whose name can't be told.
const ANY: &str = "";

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
    /// The arguments that other targets of this file set and that it may inherit, and where: from which, it works out.
    pub unseen: Vec<(String, TextRange)>,
}

impl<'a> Files<'a> {
    /// The targets that the file builds, in the order of its text.
    pub(super) fn targets(&'a self, around: &dyn Surroundings) -> Vec<Target<'a>> {
        let mut targets: Vec<Target<'a>> = Vec::new();
        for block in self.own.of_kind("target") {
            let known = targets.iter().any(|target| target.is(&block.name));
            if !known && !self.is_abstract(&block.name) {
                let index = targets.len();
                targets.push(self.target(block, index, around));
            }
        }
        // Whoever inherits from what is left can't be seen; its arguments are passed somewhere all the same.
        for (place, block) in self.own.blocks.iter().enumerate().filter(|(_, block)| block.kind == "target") {
            let taken = targets.iter().any(|target| target.is(&block.name) || target.has(place));
            if !taken && block.get("args").is_some() {
                let target = self.target(block, targets.len(), around);
                let dockerfiles = Dockerfiles::Unknown(target.build.title.clone());
                targets.push(Target { build: Build { dockerfiles, context: None, ..target.build }, ..target });
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
        let lists = |block: &Block| {
            block.get("targets").is_some_and(|entry| texts(&entry.value).iter().any(|text| text == name))
        };
        let inherited = self.own.of_kind("target").any(|block| self.bases(block).iter().any(|base| base == name));
        let grouped = self.all().flat_map(|file| file.of_kind("group")).any(lists);
        inherited && !grouped && name != "default" && !blocks().any(says)
    }

    fn target(&'a self, block: &'a Block, index: usize, around: &dyn Surroundings) -> Target<'a> {
        let whole = self.chain(&block.name, DEPTH);
        let own: Vec<(usize, &Block)> = whole.iter().filter_map(|part| Some((self.place(part)?, *part))).collect();
        let rows = self.rows(&whole);
        let places: Vec<Place> = rows.iter().map(|row| self.location(&whole, row, around)).collect();
        let mut build = Build {
            target: self.text(&whole, "target", rows.first()),
            tags: self.tags(&whole, &rows),
            arguments: self.arguments(&own, block, &rows),
            secrets: own.iter().flat_map(|(_, part)| secrets(part)).collect(),
            ssh: whole.iter().any(|part| part.get("ssh").is_some_and(|ssh| !ssh.value.items().is_empty())),
            opaque: opaque(&own),
            index,
            ..Build::at(Format::Bake, self.path, block.range, title(&block.name))
        };
        let mut places = places.into_iter();
        if let Some(first) = places.next() {
            (build.dockerfiles, build.context, build.outside) = (first.dockerfiles, first.context, first.outside);
        }
        for place in places {
            build.dockerfiles = build.dockerfiles.or(&place.dockerfiles);
            build.context = build.context.filter(|context| place.context.as_ref() == Some(context));
            build.outside = build.outside.filter(|outside| place.outside.as_ref() == Some(outside));
        }
        let foreign = self.foreign(&whole, &block.name);
        let unseen = self.unseen(&whole, &build);
        let range = block.get("inherits").map_or(block.range, Entry::range);
        let inherited = foreign.iter().map(|(name, _)| (name, range, false));
        for (name, range, shared) in inherited.chain(unseen.iter().map(|(name, range)| (name, *range, true))) {
            build.arguments.push(Argument { name: name.clone(), value: ArgumentValue::Composite, range, shared });
        }
        let context =
            self.value(&whole, "context").map_or_else(|| Some(".".to_owned()), |_| self.text(&whole, "context", None));
        Target { name: &block.name, blocks: own, build, context, foreign, unseen }
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
            for base in self.bases(block) {
                chain.extend(self.chain(&base, depth));
            }
        }
        chain.extend(own);
        chain
    }

    /// The targets that a block inherits from; [`UNKNOWN`] stands in the names of those that can't be told.
    fn bases(&self, block: &Block) -> Vec<String> {
        let Some(inherits) = block.get("inherits").filter(|entry| entry.value.content != Content::Null) else {
            return Vec::new();
        };
        let Content::List(items) = &self.resolved(&inherits.value, DEPTH).content else {
            return vec![UNKNOWN.to_string()];
        };
        let rows = self.rows(&[block]);
        let names = items.iter().flat_map(|item| rows.iter().map(|row| self.text_of(item, row)));
        let mut names: Vec<String> = names.filter(|name| name != METADATA).collect();
        names.dedup();
        names
    }

    /// The arguments of the other targets, where it can't be told what `build`, of the blocks `whole`, inherits.
    fn unseen(&self, whole: &[&Block], build: &Build) -> Vec<(String, TextRange)> {
        if !whole.iter().any(|block| self.bases(block).iter().any(|base| base.contains(UNKNOWN))) {
            return Vec::new();
        }
        let args = self.own.of_kind("target").filter_map(|block| block.get("args"));
        let all = args.flat_map(|args| args.value.entries());
        let all = all.filter_map(|entry| Some((entry.key.clone()?, entry.range())));
        all.filter(|(_, range)| build.arguments.iter().all(|given| given.range != *range)).collect()
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

    /// The combinations of the matrix: one empty row without a matrix, and at least one in any case. What can't be told in
    /// it is [`UNKNOWN`].
    fn rows(&self, whole: &[&Block]) -> Vec<Row> {
        let mut rows = vec![Row::new()];
        let Some(matrix) = whole.iter().rev().find_map(|block| block.get("matrix")) else { return rows };
        let matrix = self.resolved(&matrix.value, DEPTH);
        if !matches!(matrix.content, Content::Map(_) | Content::Null) {
            return vec![Row::from([(ANY.to_owned(), UNKNOWN.to_string())])];
        }
        for axis in matrix.entries() {
            let key = axis.key.as_deref().unwrap_or(ANY);
            let items = self.resolved(&axis.value, DEPTH).items();
            let unknown = Row::from([(key.to_owned(), UNKNOWN.to_string())]);
            let mut values: Vec<Row> = items.iter().take(MANY).map(|item| self.flattened(key, item)).collect();
            if values.is_empty() || items.len() > MANY || values.len() * rows.len() > MANY {
                values.truncate((MANY / rows.len()).saturating_sub(1));
                values.push(unknown);
            }
            let with = |row: &Row| -> Vec<Row> {
                values
                    .iter()
                    .map(|value| row.iter().chain(value).map(|(key, text)| (key.clone(), text.clone())).collect())
                    .collect()
            };
            rows = rows.iter().flat_map(with).collect();
        }
        rows
    }

    /// One value of an axis of a matrix, and what is taken from it.
    fn flattened(&self, key: &str, item: &Value) -> Row {
        let mut row = Row::new();
        self.flatten(key, item, &mut row);
        row
    }

    fn flatten(&self, path: &str, value: &Value, row: &mut Row) {
        match &value.content {
            Content::Map(entries) => entries.iter().for_each(|entry| {
                let key = entry.key.as_deref().unwrap_or(ANY);
                self.flatten(&format!("{path}.{key}"), &entry.value, row);
            }),
            _ => drop(row.insert(path.to_owned(), self.text_of(value, &Row::new()))),
        }
    }

    /// What stands for `value`: the default of a variable, as far as names lead to it.
    fn resolved<'v>(&'v self, value: &'v Value, depth: usize) -> &'v Value {
        let next = value.reference().zip(depth.checked_sub(1));
        let next = next.and_then(|(name, depth)| Some((self.default_of(name)?, depth)));
        next.map_or(value, |(default, depth)| self.resolved(default, depth))
    }

    /// The text of a value; [`UNKNOWN`] stands for what can't be told.
    fn text_of(&self, value: &Value, row: &Row) -> String {
        match &value.content {
            Content::Text(pieces) => self.evaluate(pieces, row, DEPTH),
            _ => UNKNOWN.to_string(),
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
        if self.value(whole, "dockerfile-inline").is_some() {
            return Place::elsewhere(None);
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
            return Place::elsewhere(of_address(local, Some(&dockerfile)));
        }
        let home = self.path.parent().unwrap_or(Utf8Path::new(""));
        let readings = upwards(home).into_iter().map(|directory| {
            let context = join(&absolute(&directory), local);
            let dockerfile = match dockerfile.strip_prefix("cwd://") {
                Some(path) => join(&absolute(&directory), path),
                None => join(&context, &dockerfile),
            };
            let written = format!("{local}/{dockerfile}");
            let around = is_around(&context);
            let context = inside(&context).filter(|path| !path.as_str().contains(UNKNOWN));
            Reading { dockerfile, written, context, around }
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
        let of_matrix = |row: &Row| row.contains_key(name) || row.contains_key(ANY) && !self.is_variable(name);
        if name.contains('.') || rows.iter().any(of_matrix) {
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

    /// Whether it is made up of the block at this zero-based place of its file as well.
    fn has(&self, place: usize) -> bool {
        self.blocks.iter().any(|(own, _)| *own == place)
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

//! A Dockerfile of the corpus as it can be built here: every base is the stub, and the last image holds what all stages made.

use std::collections::BTreeSet;

use dfmigrate::source::{Edit, apply_edits};
use dfmigrate::syntax::dockerfile::{self, DirectiveKind, Instruction, Keyword, Word};

/// The folder of the image that holds the files of the other stages, each below its number.
pub const STAGES: &str = ".stages";
/// What stands for a source whose name only a variable knows, and for one that would be fetched.
pub const UNTOLD: &str = "stub-untold";

const LAST: &str = "stub-last";

/// `text` without its header, which nothing here could pull, and with `image` in the place of every image.
pub fn offline(text: &str, image: &str) -> anyhow::Result<String> {
    let parse = dockerfile::parse(text);
    let root = parse.root();
    let headers = root.directives().into_iter().filter(|directive| directive.kind == DirectiveKind::Syntax);
    let mut edits: Vec<Edit> = headers.map(|header| Edit::delete(header.range)).collect();
    let mut stages: BTreeSet<String> = BTreeSet::from(["scratch".to_owned()]);
    for instruction in root.instructions() {
        match instruction.keyword() {
            Some(Keyword::From) => {
                let words = instruction.words();
                let Some(base) = words.first() else { continue };
                if !stages.contains(&base.value.to_lowercase()) {
                    edits.push(Edit::replace(base.range, image));
                }
                edits.extend(platform(&instruction));
                stages.extend(stage_name(&words).map(str::to_lowercase));
            }
            Some(Keyword::Copy) => {
                let from = instruction.flags().into_iter().find(|flag| flag.name == "from");
                let other = from.filter(|flag| is_image(flag.value.as_deref().unwrap_or_default(), &stages));
                edits.extend(other.and_then(|flag| flag.value_range).map(|at| Edit::replace(at, image)));
            }
            Some(Keyword::Run) => {
                for flag in instruction.flags().into_iter().filter(|flag| flag.name == "mount") {
                    let from = flag.mount().and_then(|mount| mount.get("from").map(str::to_owned));
                    if let (Some(from), Some(at)) = (from.filter(|from| is_image(from, &stages)), flag.value_range) {
                        let value = flag.value.unwrap_or_default().replace(&from, image);
                        edits.push(Edit::replace(at, value));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(apply_edits(text, &edits)?)
}

fn is_image(name: &str, stages: &BTreeSet<String>) -> bool {
    !stages.contains(&name.to_lowercase()) && name.parse::<usize>().is_err()
}

fn stage_name(words: &[Word]) -> Option<&str> {
    words.windows(2).find(|pair| pair[0].value.eq_ignore_ascii_case("as")).map(|pair| pair[1].value.as_str())
}

/// The base is there for one platform only.
fn platform(from: &Instruction) -> Option<Edit> {
    let flag = from.flags().into_iter().find(|flag| flag.name == "platform")?;
    flag.value_range.map(|at| Edit::replace(at, "$BUILDPLATFORM"))
}

/// `text` with sources that need not be there, and a last stage that adds the files of all others to those of the last one.
pub fn buildable(text: &str) -> anyhow::Result<String> {
    let parse = dockerfile::parse(text);
    let mut edits = Vec::new();
    let mut stages = 0;
    let mut last = (None, None);
    for instruction in parse.root().instructions() {
        match instruction.keyword() {
            Some(Keyword::From) => {
                stages += 1;
                let words = instruction.words();
                last = (words.last().map(|word| word.range.end()), stage_name(&words).map(str::to_owned));
            }
            Some(Keyword::Copy | Keyword::Add) => edits.extend(sources(text, &instruction)),
            Some(Keyword::Run) if is_of_the_system(&instruction) => edits.push(Edit::delete(instruction.text_range())),
            _ => {}
        }
    }
    let (Some(end), name) = last else { return Ok(text.to_owned()) };
    if name.is_none() {
        edits.push(Edit::insert(end, format!(" AS {LAST}")));
    }
    let mut text = apply_edits(text, &edits)?;
    text.push_str(&format!("\nFROM {}\n", name.as_deref().unwrap_or(LAST)));
    (0..stages - 1).for_each(|stage| text.push_str(&format!("COPY --from={stage} / /{STAGES}/{stage}/\n")));
    Ok(text)
}

/// Whether a RUN only installs packages and the like, which reads nothing that a build hands over: it is left out, for the time.
fn is_of_the_system(run: &Instruction) -> bool {
    const WORDS: [&str; 22] = [
        "apt-get",
        "apt",
        "apk",
        "yum",
        "dnf",
        "microdnf",
        "zypper",
        "rpm",
        "dpkg",
        "rm",
        "mkdir",
        "chmod",
        "set",
        "true",
        "update-ca-certificates",
        "locale-gen",
        "groupadd",
        "addgroup",
        "useradd",
        "adduser",
        "a2enmod",
        "ldconfig",
    ];
    let Some(view) = run.shell() else { return false };
    let text = view.text();
    let commands = text.split(['\n', ';', '|', '&']).map(str::trim).filter(|command| !command.is_empty());
    let mut first = commands.map(|command| command.split_whitespace().next().unwrap_or_default());
    // What it removes may be a credential.
    let is_plain = !text.contains(['$', '<', '>', '`', '(', '~']) && !text.contains("/root") && !text.contains("/home");
    is_plain && first.all(|word| WORDS.contains(&word))
}

/// What a program would have made is not there: a pattern may match nothing (BuildKit `dockerfile2llb/convert.go`, `AllowEmptyWildcard`).
/// A source of the context is there; one that can't be told has another name.
fn sources(text: &str, instruction: &Instruction) -> Vec<Edit> {
    let from_stage = instruction.flags().iter().any(|flag| flag.name == "from");
    let words = instruction.words();
    let sources = words.get(..words.len().saturating_sub(1)).unwrap_or_default();
    let replaced = |word: &Word| {
        let written = dfmigrate::source::slice(text, word.range);
        let quote = if written.starts_with('"') { "\"" } else { "" };
        let value = match (is_untold(&word.value), from_stage) {
            (true, true) => "/nothin[g]".to_owned(),
            (true, false) => UNTOLD.to_owned(),
            (false, true) => optional(&word.value)?,
            (false, false) => return None,
        };
        Some(Edit::replace(word.range, format!("{quote}{value}{quote}")))
    };
    sources.iter().filter(|word| !word.value.starts_with("<<")).filter_map(replaced).collect()
}

/// Whether only a build knows what a source is.
pub fn is_untold(source: &str) -> bool {
    source.contains('$') || source.contains("://") || source.starts_with("git@")
}

/// A pattern that matches the path and nothing else. It begins with the first part: what stands in front of it has to be there.
fn optional(path: &str) -> Option<String> {
    let (root, rest) = path.split_at(path.len() - path.trim_start_matches(['.', '/']).len());
    let first = rest.chars().next().filter(char::is_ascii_alphanumeric)?;
    let is_plain = !path.contains(['*', '?', '[', ' ', '\\']);
    is_plain.then(|| format!("{root}[{first}]{}", &rest[1..]))
}

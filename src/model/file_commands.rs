//! What the commands of a RUN do with one file of the image.

use camino::Utf8Path;

use crate::knowledge::files::{FileVerdict, classify_file, matches_name};
use crate::knowledge::tools;
use crate::source::{TextRange, slice};
use crate::syntax::shell::{Command, CommandContext, RedirectKind, Word};

use super::ImagePath;
use super::reading::effective_words;

/// The file in question and where the commands run.
#[derive(Clone)]
pub(super) struct Scene<'f> {
    /// The file.
    pub file: &'f ImagePath,
    /// The shell text that the commands stand in.
    pub text: &'f str,
    /// The working directory; `None` behind a `cd` that can't be followed.
    pub directory: Option<ImagePath>,
    /// The home directory, where it can be told.
    pub home: Option<ImagePath>,
    /// The values of the variables that the file's path may be written with.
    pub variables: &'f dyn Fn(&str) -> Option<String>,
}

/// Whether a word is the path of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denotes {
    /// It is.
    File,
    /// It is a folder that the file lies in.
    Folder,
    /// It is neither.
    Other,
    /// It ends like the file's path, and the rest can't be told.
    Unclear,
}

/// What a command does with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// It removes the file or changes its mode or owner: without the file the operands `words` have no object, or, where
    /// `whole` holds, all of the command.
    Tends {
        /// The operands, as ranges of the view.
        words: Vec<TextRange>,
        /// Whether they are all its operands.
        whole: bool,
        /// Whether it removes the file.
        removes: bool,
    },
    /// It changes a folder around the file, which a mounted file does not survive (`chown -R`, `rm -r`): the sentence, and
    /// the text of a command that does the same and leaves the file alone.
    Disturbs(String, Option<String>),
    /// It puts the file at another place, under that path.
    Moves {
        /// The operands that are the file, as ranges of the view.
        words: Vec<TextRange>,
        /// Whether they are all of its sources.
        whole: bool,
        /// The new place.
        to: ImagePath,
        /// Whether the file stays at the old place as well.
        keeps: bool,
    },
    /// It copies the file or writes it anew: the clause says which.
    Spreads(String),
    /// It stores what it reads from the file elsewhere in the image: the clause says where and what to do instead.
    Keeps(String),
    /// It names the file.
    Names,
    /// Nothing.
    Nothing,
}

impl Scene<'_> {
    /// What `command` does with the file.
    pub(super) fn deed(&self, command: &Command) -> Deed {
        let words = effective_words(command);
        let program = words.first().cloned().flatten().unwrap_or_default();
        let program = program.rsplit('/').next().unwrap_or("").to_owned();
        let operands = self.operands(command, &program);
        let denotes: Vec<Denotes> = operands.iter().map(|word| self.denotes(word)).collect();
        let names = denotes.iter().any(|found| matches!(found, Denotes::File | Denotes::Unclear));
        let around = denotes.contains(&Denotes::Folder);
        let recursive = command.words.iter().filter_map(Word::literal).any(|word| is_recursive(&word));
        if self.is_written_by(command) {
            return Deed::Spreads(format!("`{program}` writes `{}`", self.file.file_name()));
        }
        if operands.iter().any(|word| self.is_among(word)) {
            let clause = format!("`{program}` takes `{}` by a pattern", self.file.file_name());
            let forced = program == "rm" && command.words.iter().filter_map(Word::literal).any(|word| is_forced(&word));
            // Without `-f` a pattern that matches nothing any more is an error.
            return if forced { Deed::Disturbs(clause, None) } else { Deed::Spreads(clause) };
        }
        match program.as_str() {
            "rm" | "unlink" | "shred" | "chmod" | "chown" | "chgrp" if names => {
                self.tends(&program, &operands, &denotes)
            }
            "rm" | "chmod" | "chown" | "chgrp" if around && recursive => {
                let reason = format!("`{program}` changes the folder that `{}` lies in", self.file.file_name());
                Deed::Disturbs(reason, self.sparing(command, &program))
            }
            "find" if around && deletes_or_changes(command, self.file.file_name()) => {
                Deed::Disturbs(format!("`find` changes the folder that `{}` lies in", self.file.file_name()), None)
            }
            "mv" | "cp" | "ln" | "install" if names && self.moves(command, &operands).is_some() => {
                self.moves(command, &operands).unwrap_or(Deed::Names)
            }
            "cp" | "mv" | "ln" | "install" | "tee" | "dd" | "rsync" | "tar" | "zip" if names => {
                Deed::Spreads(format!("`{program}` copies or writes `{}`", self.file.file_name()))
            }
            "cp" | "rsync" | "tar" | "zip" | "mv" if around && (recursive || program != "cp") => {
                let reason = format!("`{program}` copies the folder that `{}` lies in", self.file.file_name());
                Deed::Disturbs(reason, None)
            }
            "sed" | "perl"
                if names && command.words.iter().filter_map(Word::literal).any(|word| is_in_place(&word)) =>
            {
                Deed::Spreads(format!("`{program} -i` changes `{}`", self.file.file_name()))
            }
            "ssh-keygen" if names && command.words.iter().filter_map(Word::literal).any(|word| word == "-p") => {
                Deed::Spreads(format!("`{program} -p` changes `{}`", self.file.file_name()))
            }
            "openssl" if names && command.words.iter().filter_map(Word::literal).any(|word| word == "-out") => {
                Deed::Spreads(format!(
                    "`{program}` reads or writes `{}`, and makes another file of it",
                    self.file.file_name()
                ))
            }
            _ if self.is_kept_by(&words) => {
                Deed::Spreads(format!("`{program}` writes its settings into `{}`", self.file.file_name()))
            }
            _ => match self.kept(command, &words, &program) {
                Some(reason) => Deed::Keeps(reason),
                None if names => Deed::Names,
                None => Deed::Nothing,
            },
        }
    }

    /// Whether `command` removes the file, by its own path or with a folder around it.
    pub(super) fn removes(&self, command: &Command) -> bool {
        let program = command.effective_name().unwrap_or_default();
        let recursive = command.words.iter().filter_map(Word::literal).any(|word| is_recursive(&word));
        let gone = |word: &&Word| match self.denotes(word) {
            Denotes::File => true,
            Denotes::Folder => recursive,
            Denotes::Other | Denotes::Unclear => false,
        };
        matches!(program.as_str(), "rm" | "unlink" | "shred") && self.operands(command, &program).iter().any(gone)
    }

    /// Where a tool that is given the file keeps its content: `gcloud auth activate-service-account --key-file=FILE`.
    fn kept(&self, command: &Command, words: &[Option<String>], program: &str) -> Option<String> {
        let kept = tools::persists(words)?;
        let given = command.words.iter().map(Word::lossy).any(|word| {
            let value =
                word.split_once('=').filter(|_| word.starts_with('-')).map_or(word.as_str(), |(_, value)| value);
            let path = value.strip_prefix("file://").unwrap_or(value);
            self.resolve(path).is_some_and(|path| self.file.below(&path).is_some_and(|rest| rest.as_str().is_empty()))
        });
        let name = self.file.file_name();
        given.then(|| format!("`{program}` keeps what it reads from `{name}` in {}", kept.place_and_remedy()))
    }

    /// What `mv`, `cp`, `ln -s` or `install` of the file does, where all of its operands are plain paths.
    fn moves(&self, command: &Command, operands: &[&Word]) -> Option<Deed> {
        let plain = command.effective().index == 0 && command.redirects.is_empty();
        let program = command.effective_name()?;
        let is_value = |word: &Word| {
            let mut pairs = command.words.windows(2);
            program == "install"
                && pairs
                    .any(|pair| pair[1].range == word.range && matches!(pair[0].lossy().as_str(), "-m" | "-o" | "-g"))
        };
        let operands: Vec<&Word> = operands.iter().copied().filter(|word| !is_value(word)).collect();
        let (target, sources) = operands.split_last().filter(|(_, sources)| plain && !sources.is_empty())?;
        let flags: Vec<String> = command.words.iter().map(Word::lossy).filter(|word| word.starts_with('-')).collect();
        let allowed = |flag: &String| movable(&program, flag);
        if !flags.iter().all(allowed) || (program == "ln" && !flags.iter().any(|flag| flag.contains('s'))) {
            return None;
        }
        let words: Vec<TextRange> =
            sources.iter().filter(|word| self.denotes(word) == Denotes::File).map(|word| word.range).collect();
        let to = self.destination(&target.lossy(), sources.len())?;
        let whole = words.len() == sources.len();
        let moved = to != *self.file && self.denotes(target) != Denotes::File;
        (!words.is_empty() && moved).then(|| Deed::Moves { words, whole, to, keeps: program != "mv" })
    }

    /// Where a copy of the file lands: below the target where that is a folder, else under its name. `None` where that can't
    /// be told.
    fn destination(&self, written: &str, sources: usize) -> Option<ImagePath> {
        let target = self.resolve(written)?;
        let named = matches!(written.rsplit('/').next(), Some("" | "." | ".."));
        let home = self.home.as_ref() == Some(&target) || self.directory.as_ref() == Some(&target);
        if named || home || sources > 1 || target.is_usual_folder() {
            return Some(target.join(self.file.file_name()));
        }
        let speaks = |path: &ImagePath| matches!(classify_file(path.path().as_str()), FileVerdict::BuildInput(input) if !input.ssh || path.file_name() != ".ssh");
        let as_file = target.file_name() == self.file.file_name() || speaks(&target);
        as_file.then_some(target)
    }

    /// The same command with the file left out of what it changes, by `find`: of `chown -R`, `chmod -R` and `rm -r`.
    fn sparing(&self, command: &Command, program: &str) -> Option<String> {
        let text = |word: &Word| slice(self.text, word.range).to_owned();
        let operands = self.operands(command, program);
        let around: Vec<&&Word> = operands.iter().filter(|word| self.denotes(word) == Denotes::Folder).collect();
        let [folder] = around.as_slice() else { return None };
        let plain = command.effective().index == 0 && command.redirects.is_empty() && command.assignments.is_empty();
        let rest = self.file.below(&self.resolve(&folder.lossy())?)?;
        if !plain || rest.as_str().contains(['*', '?', '[', ' ']) {
            return None;
        }
        let path = text(folder);
        let path = path.trim_end_matches('/');
        let spared = format!("! -path {path}/{rest}");
        let all = operands.iter().map(|word| text(word)).collect::<Vec<_>>().join(" ");
        let flags = command.words.iter().skip(1).filter(|word| word.lossy().starts_with('-'));
        let flags: Vec<String> = flags.filter_map(|word| without_recursion(&word.lossy())).collect();
        let flags = flags.iter().map(|flag| format!(" {flag}")).collect::<String>();
        // With -R a link itself is changed, without it what it leads to (coreutils' chown-core.c); chmod leaves links alone.
        match program {
            "chown" | "chgrp" => {
                let owner = command.words.iter().skip(1).find(|word| !word.lossy().starts_with('-'))?;
                Some(format!("find {all} {spared} -exec {program}{flags} -h {} {{}} +", text(owner)))
            }
            "chmod" => {
                let mode = command.words.iter().skip(1).find(|word| !word.lossy().starts_with('-'))?;
                Some(format!("find {all} ! -type l {spared} -exec chmod{flags} {} {{}} +", text(mode)))
            }
            "rm" if !rest.as_str().contains('/') => {
                let others: Vec<String> =
                    operands.iter().filter(|word| !std::ptr::eq(**word, **folder)).map(|word| text(word)).collect();
                let options = command.words.iter().skip(1).map(text).filter(|word| word.starts_with('-'));
                let options = options.collect::<Vec<_>>().join(" ");
                let first =
                    if others.is_empty() { String::new() } else { format!("rm {options} {} && ", others.join(" ")) };
                Some(format!("{first}find {path} -mindepth 1 {spared} -delete"))
            }
            _ => None,
        }
    }

    fn tends(&self, program: &str, operands: &[&Word], denotes: &[Denotes]) -> Deed {
        if denotes.contains(&Denotes::Unclear) {
            return Deed::Spreads(format!("which file is meant by `{}` can't be told", self.file.file_name()));
        }
        let of_file = operands.iter().zip(denotes).filter(|(_, found)| **found == Denotes::File);
        let words: Vec<TextRange> = of_file.map(|(word, _)| word.range).collect();
        let whole = words.len() == operands.len();
        Deed::Tends { words, whole, removes: matches!(program, "rm" | "unlink") }
    }

    /// The words that are no options; of `chmod` and `chown` those behind the mode or owner.
    fn operands<'c>(&self, command: &'c Command, program: &str) -> Vec<&'c Word> {
        let start = command.effective().index + 1;
        let words = command.words.iter().skip(start);
        let plain = words.filter(|word| !word.lossy().starts_with('-'));
        plain.skip(usize::from(matches!(program, "chmod" | "chown" | "chgrp"))).collect()
    }

    /// Whether a redirection writes the file.
    fn is_written_by(&self, command: &Command) -> bool {
        command.redirects.iter().any(|redirect| {
            let writes = matches!(redirect.kind, RedirectKind::Write | RedirectKind::Append | RedirectKind::ReadWrite);
            writes && matches!(self.denotes(&redirect.target), Denotes::File | Denotes::Unclear)
        })
    }

    /// Whether it is a tool that keeps credentials in the file, as far as can be told.
    pub(super) fn is_kept_by(&self, words: &[Option<String>]) -> bool {
        self.is_one_of(&tools::persists(words).map(|kept| kept.files).unwrap_or_default())
    }

    /// Whether it is one of these files of a tool, as far as can be told.
    pub(super) fn is_one_of(&self, files: &[String]) -> bool {
        let of_name = |path: &&String| Utf8Path::new(path).file_name() == Some(self.file.file_name());
        files.iter().filter(of_name).any(|path| match self.resolve(path) {
            Some(known) if known.is_absolute() == self.file.is_absolute() => known == *self.file,
            _ => true,
        })
    }

    /// How many words of `command` are paths of other files with the same name.
    pub(super) fn names_of_others(&self, command: &Command) -> usize {
        let targets = command.redirects.iter().map(|redirect| &redirect.target);
        let same_name = |word: &&Word| word.lossy().rsplit('/').next() == Some(self.file.file_name());
        let words = command.words.iter().chain(targets).filter(same_name);
        words.filter(|word| self.denotes(word) == Denotes::Other).count()
    }

    /// What `word` is to the file.
    pub(super) fn denotes(&self, word: &Word) -> Denotes {
        let written = word.lossy();
        let same_name = written.rsplit('/').next() == Some(self.file.file_name());
        let unclear = if same_name { Denotes::Unclear } else { Denotes::Other };
        let Some(path) = self.resolve(&written) else { return unclear };
        match self.file.below(&path) {
            Some(rest) if rest.as_str().is_empty() => Denotes::File,
            Some(_) => Denotes::Folder,
            None if path.is_absolute() != self.file.is_absolute() => unclear,
            None => Denotes::Other,
        }
    }

    /// Whether `word` is a pattern that matches the file: `~/.ssh/*`.
    fn is_among(&self, word: &Word) -> bool {
        let written = word.lossy();
        let (folder, name) = written.rsplit_once('/').unwrap_or((".", written.as_str()));
        let Some((front, rest)) = name.split_once(['*', '?', '[']).filter(|_| !word.is_quoted()) else { return false };
        let back = rest.rsplit(['*', '?', ']']).next().unwrap_or("");
        let own = self.file.file_name();
        let matches = own.starts_with(front) && own.ends_with(back) && own.len() >= front.len() + back.len();
        let rest =
            self.resolve(folder).and_then(|folder| self.file.below(&folder).map(|rest| rest.as_str().to_owned()));
        matches && rest.as_deref() == Some(own)
    }

    /// The path that a word is; `None` where a variable in it or the directory can't be told.
    pub(super) fn resolve(&self, written: &str) -> Option<ImagePath> {
        for home in ["~", "$HOME", "${HOME}"] {
            if let Some(rest) = written.strip_prefix(home).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                return Some(self.home.as_ref()?.join(rest.trim_start_matches('/')));
            }
        }
        let text = self.with_values(written)?;
        if text.starts_with('/') {
            return Some(ImagePath::from_root(&text));
        }
        Some(self.directory.as_ref()?.join(&text))
    }

    /// The text with its variables replaced.
    fn with_values(&self, written: &str) -> Option<String> {
        let Some((front, rest)) = written.split_once('$') else { return Some(written.to_owned()) };
        if let Some((name, behind)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            return Some(format!("{front}{}{}", (self.variables)(name)?, self.with_values(behind)?));
        }
        let name: String = rest.chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_').collect();
        let value = (!name.is_empty()).then(|| (self.variables)(&name)).flatten()?;
        let behind = self.with_values(rest.get(name.len()..).unwrap_or(""))?;
        Some(format!("{front}{value}{behind}"))
    }

    /// Follows a `cd`.
    pub(super) fn follow(&mut self, context: &CommandContext<'_>) {
        if !matches!(context.command.name().as_deref(), Some("cd" | "pushd" | "popd")) {
            return;
        }
        let operand = context.command.arguments().iter().find(|word| !word.lossy().starts_with('-'));
        let followed = operand.filter(|_| context.depth == 0).and_then(|word| self.resolve(&word.lossy()));
        self.directory = followed;
    }
}

/// Whether an option of a program that moves or copies changes neither where the file lands nor what is there afterwards.
fn movable(program: &str, flag: &str) -> bool {
    let letters = flag.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    match program {
        // The mode is that of the mount.
        "install" => letters.is_some_and(|letters| letters.starts_with(['m', 'o', 'g', 'v', 'p'])),
        "ln" => letters.is_some_and(|letters| letters.chars().all(|letter| "sfnv".contains(letter))),
        _ => letters.is_some_and(|letters| letters.chars().all(|letter| "fpavu".contains(letter))),
    }
}

/// A flag without the letters that make a command go through folders; `None` where nothing is left.
fn without_recursion(flag: &str) -> Option<String> {
    if matches!(flag, "--recursive" | "-R" | "-r" | "-h" | "--no-dereference") {
        return None;
    }
    let letters = flag.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    let rest: Option<String> =
        letters.map(|letters| letters.chars().filter(|letter| !"Rrh".contains(*letter)).collect());
    match rest {
        Some(rest) if rest.is_empty() => None,
        Some(rest) => Some(format!("-{rest}")),
        None => Some(flag.to_owned()),
    }
}

/// Whether a `find` that may find a file of this name removes it, or fails where one of the commands that it starts does.
fn deletes_or_changes(command: &Command, name: &str) -> bool {
    let words: Vec<String> = command.words.iter().map(Word::lossy).collect();
    let apart = words.windows(2).any(|pair| match pair[0].as_str() {
        "-name" | "-iname" => !matches_name(&pair[1], name),
        "-type" => pair[1] != "f",
        _ => false,
    });
    if apart {
        return false;
    }
    let changes = words
        .windows(2)
        .any(|pair| pair[0] == "-exec" && matches!(pair[1].as_str(), "chmod" | "chown" | "chgrp" | "rm"));
    words.iter().any(|word| word == "-delete") || (changes && words.last().is_some_and(|word| word == "+"))
}

fn is_recursive(word: &str) -> bool {
    word == "--recursive"
        || word == "--archive"
        || word.starts_with('-') && !word.starts_with("--") && word.contains(['r', 'R', 'a'])
}

fn is_forced(word: &str) -> bool {
    word == "--force" || word.starts_with('-') && !word.starts_with("--") && word.contains('f')
}

fn is_in_place(word: &str) -> bool {
    word.starts_with("--in-place") || word.starts_with('-') && !word.starts_with("--") && word.contains('i')
}

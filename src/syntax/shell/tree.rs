//! Shell text as data: what the rest of the crate sees of a script. Every range is in bytes of the parsed text.

use crate::source::TextRange;

/// Which language the text is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// POSIX sh: Debian's dash, busybox ash.
    Posix,
    /// GNU bash (also used for zsh and ksh, whose everyday constructs are the same).
    Bash,
}

/// A parsed script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// The commands in order, each with the operator behind it.
    pub items: Vec<Item>,
    /// Whether the library parsed all of it without an error and every range could be verified. Nothing may be edited
    /// on the strength of a broken parse, and a use may be missing from it.
    pub clean: bool,
}

/// One member of a list: `a && b; c` has three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// From the first to the last byte of the command, `!` included, without the operator and without heredoc bodies.
    pub range: TextRange,
    /// What it is.
    pub node: Node,
    /// The operator that stands behind it, and where; `None` for the last item without one.
    pub operator: Option<(Operator, TextRange)>,
    /// Whether a `!` stands in front.
    pub negated: bool,
}

/// What joins two items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `&&`
    And,
    /// `||`
    Or,
    /// `;`
    Semicolon,
    /// A line break.
    Newline,
    /// `&`
    Background,
}

/// What an item of a list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A simple command.
    Command(Command),
    /// Commands joined by `|` or `|&`; at least two.
    Pipeline(Vec<Item>),
    /// Everything with a body.
    Compound(Compound),
}

/// A command with bodies: `if`, loops, groups, functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compound {
    /// Its kind.
    pub kind: CompoundKind,
    /// The name of a function, the variable of a `for`, `time` or `coproc` for those prefixes.
    pub name: Option<String>,
    /// Where that name stands.
    pub name_range: Option<TextRange>,
    /// Words outside the bodies: what a `for` runs over, the subject of a `case` and then its patterns, the operands
    /// of `[[ … ]]`, the expressions of `(( … ))`.
    pub words: Vec<Word>,
    /// Its bodies in order, conditions included.
    pub bodies: Vec<Body>,
    /// Redirections of the whole compound.
    pub redirects: Vec<Redirect>,
}

/// The kind of a [`Compound`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompoundKind {
    /// `( … )`
    Subshell,
    /// `{ …; }`
    Group,
    /// `if … then … fi`
    If,
    /// `while` and `until`
    While,
    /// `for` and `select`
    For,
    /// `case … esac`
    Case,
    /// A function definition.
    Function,
    /// `[[ … ]]` and `(( … ))`
    Test,
    /// Anything else that the library knows.
    Other,
}

/// One body of a [`Compound`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Whether it is a condition (`if X`, `while X`) and not what runs because of one.
    pub condition: bool,
    /// Its commands.
    pub items: Vec<Item>,
}

/// A simple command: `A=1 name word >file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// From the first to the last byte, redirections included, bodies of heredocs not.
    pub range: TextRange,
    /// The assignments in front.
    pub assignments: Vec<Assignment>,
    /// The words; the first is the command's name. Empty for a bare assignment. The operands of `export`, `local`,
    /// `readonly` and `declare` are ordinary words here (`X=1` is a word).
    pub words: Vec<Word>,
    /// The operands `NAME=value` of `export`, `local` and their like once more, as the assignments that they are. The elements of
    /// `NAME=(…)` are told here only.
    pub declared: Vec<Assignment>,
    /// The redirections.
    pub redirects: Vec<Redirect>,
}

/// `NAME=value`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// All of it.
    pub range: TextRange,
    /// The variable.
    pub name: String,
    /// Where its name stands.
    pub name_range: TextRange,
    /// Whether it is `NAME+=value`.
    pub append: bool,
    /// What is assigned; an array's elements are the parts of one word, separated by blank text.
    pub value: Word,
    /// The elements, if it is an array: `NAME=(a b c)`.
    pub elements: Option<Vec<Word>>,
}

/// A word with its pieces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word {
    /// From its first to its last byte, quotes included.
    pub range: TextRange,
    /// Its pieces in order.
    pub parts: Vec<Part>,
}

/// How a piece of a word is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// Not at all (an escaped character counts as unquoted text with its value).
    None,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `$'…'`
    Ansi,
}

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it stands, without the quotes around it.
    pub range: TextRange,
    /// How it is quoted.
    pub quote: Quote,
    /// What it is.
    pub kind: PartKind,
}

/// What a piece of a word is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartKind {
    /// Text, with quotes and escapes removed.
    Text(String),
    /// `$NAME`, `${NAME}`, `${NAME:-word}`, …
    Variable(Variable),
    /// `$(…)` or backquotes.
    Command(Script),
    /// `<(…)` or `>(…)`.
    Process(Script),
    /// `$((…))`: its expression as one word. A name without `$` is a [`Variable`] there as well, because arithmetic
    /// reads it; one that is assigned has the assignment (`=`, `+=`, `++`, …) as its operator.
    Arithmetic(Word),
    /// Anything else, as written: the characters of a glob (`*`, `?`, `[…]`) or of a brace expansion (`{`, `,`, `}`).
    Other(String),
}

/// A parameter expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The parameter: a name, a digit or a special character. Array subscripts are left off.
    pub name: String,
    /// Where the name stands.
    pub name_range: TextRange,
    /// What stands between the name and its operand (`:-`, `-`, `+`, `?`, `#`, `/`, …); `None` for `$NAME` and `${NAME}`.
    /// The prefixes of `${#NAME}` and `${!NAME}` are operators without an operand, a subscript (`[`) is one whose operand
    /// is the index.
    pub operator: Option<String>,
    /// The operand behind the operator up to the closing brace, with its own expansions.
    pub operand: Option<Box<Word>>,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// All of it.
    pub range: TextRange,
    /// The file descriptor in front, if written.
    pub descriptor: Option<u32>,
    /// What it does.
    pub kind: RedirectKind,
    /// The file name, the other descriptor, or the delimiter of a heredoc.
    pub target: Word,
    /// The body of a heredoc: one word whose range is the body, without the line of the delimiter. Its parts count as
    /// [`Quote::Double`]; where the delimiter was quoted it is one text with [`Quote::Single`].
    pub heredoc: Option<Word>,
}

/// What a redirection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectKind {
    /// `<`
    Read,
    /// `>`, `>|`, `&>`
    Write,
    /// `>>`, `&>>`
    Append,
    /// `<>`
    ReadWrite,
    /// `<<`, `<<-`
    Heredoc,
    /// `<<<`
    HereString,
    /// `>&`, `<&`
    Duplicate,
}

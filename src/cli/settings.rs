//! `--config`, `--isolated` and `dfmigrate config`: what was decided, by whom.

use camino::Utf8PathBuf;
use clap::Args;

use super::{Arguments, Failure, Outcome, Streams, ids};
use crate::{
    callers, codemods,
    config::{self, Configuration, Layer, Origin},
    knowledge::engines::Release,
    repository::{self, Decided},
};

/// What is decided outside of the repositories.
#[derive(Debug, Clone, Default, Args)]
pub struct Deciding {
    /// Take settings from this file as well: those of an organisation, for all of its repositories.
    ///
    /// The repository's own settings add to them and override them, unless --isolated is given.
    #[arg(
        long,
        value_name = "FILE",
        env = "DFMIGRATE_CONFIG",
        hide_env_values = true,
        global = true,
        help_heading = "Settings"
    )]
    pub config: Option<Utf8PathBuf>,

    /// Ignore the settings of the repository itself: only --config and the options count.
    ///
    /// For checks of changes that somebody else proposes, who could switch them off.
    #[arg(long, global = true, help_heading = "Settings")]
    pub isolated: bool,
}

/// What `config` does.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Print the settings for PATH as TOML, each with who decided it: a line of a file, the command line, or nobody.
    #[arg(long, required = true)]
    pub show: bool,

    /// The Dockerfile or directory that the settings are for.
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: Utf8PathBuf,
}

pub(super) fn run(config: &Config, deciding: &Deciding, streams: &mut Streams) -> Result<Outcome, Failure> {
    for root in repository::discover(std::slice::from_ref(&config.path))? {
        let repository = repository::read_as_decided(&root, &of(deciding)?, |_, _| false)?;
        check(&repository.configuration)?;
        // A directory's settings are those for what is in it.
        let path = root.selection.first().cloned().unwrap_or_default();
        let path = if repository.is_file(&path) { path } else { path.join("Dockerfile") };
        streams.print_exact(repository.configuration.show(&path).as_bytes())?;
    }
    Ok(Outcome::Clean)
}

/// What the options of all commands decide.
pub(super) fn of(deciding: &Deciding) -> Result<Decided, Failure> {
    let organisation = deciding.config.as_deref().map(repository::organisation).transpose()?;
    Ok(Decided { organisation: organisation.unwrap_or_default(), run: Vec::new(), isolated: deciding.isolated })
}

/// What the options of the search for findings decide.
pub(super) fn of_arguments(arguments: &Arguments) -> Result<Decided, Failure> {
    let run = of_run(&arguments.select, &arguments.ignore)?;
    let mut table = toml::Table::new();
    if !arguments.engines.is_empty() {
        table.insert("engines".to_owned(), list(arguments.engines.iter().map(Release::written)));
    }
    if let Some(date) = arguments.keep_arg_fallback {
        table.insert("keep-arg-fallback".to_owned(), toml::Value::String(date.to_string()));
    }
    if arguments.cache_key {
        table.insert("cache-key".to_owned(), toml::Value::Boolean(true));
    }
    let building = Layer::of_command_line(&table.to_string())?;
    Ok(Decided { run: vec![run, building], ..of(&arguments.deciding)? })
}

/// What some options decide for one run.
pub(super) fn of_run(select: &[String], ignore: &[String]) -> Result<Layer, Failure> {
    ids::check(select.iter().chain(ignore))?;
    let mut table = toml::Table::new();
    let mut codemods = toml::Table::new();
    for (key, ids) in [("select", select), ("ignore", ignore)] {
        if !ids.is_empty() {
            codemods.insert(key.to_owned(), list(ids.iter().cloned()));
        }
    }
    table.insert("codemods".to_owned(), toml::Value::Table(codemods));
    Ok(Layer::of_command_line(&table.to_string())?)
}

fn list(texts: impl Iterator<Item = String>) -> toml::Value {
    toml::Value::Array(texts.map(toml::Value::String).collect())
}

/// Checks the words of settings that name something of the program: codemods, formats.
pub(super) fn check(configuration: &Configuration) -> Result<(), Failure> {
    let ids = || codemods::ALL.iter().map(|codemod| codemod.id);
    let formats = || callers::ALL.iter().map(|caller| caller.format().name());
    let unknown = |named: Vec<(String, Origin)>, known: &[&str]| {
        named.into_iter().find(|(word, _)| !known.contains(&word.as_str()))
    };
    let (ids, formats): (Vec<&str>, Vec<&str>) = (ids().collect(), formats().collect());
    if let Some((id, origin)) = unknown(configuration.codemods(), &ids) {
        return Err(mistake(&origin, &format!("there is no codemod `{id}`"), config::nearest(&id, ids)));
    }
    if let Some((format, origin)) = unknown(configuration.formats(), &formats) {
        let message = format!("`{format}` is no format of a caller; there are `{}`", formats.join("`, `"));
        return Err(mistake(&origin, &message, config::nearest(&format, formats)));
    }
    Ok(())
}

fn mistake(origin: &Origin, message: &str, nearest: Option<&str>) -> Failure {
    let meant = nearest.map(|word| format!("; `{word}` was probably meant")).unwrap_or_default();
    match origin {
        Origin::File(file, line) => Failure::new(format!("`{file}` has a mistake in line {line}: {message}{meant}")),
        _ => Failure::new(format!("{message}{meant}")),
    }
}

//! `docker dfmigrate`: the same program as a plugin of the Docker CLI, under the name `docker-dfmigrate`.

use std::ffi::OsString;
use std::path::Path;

use serde_json::json;

use super::{Failure, Outcome, Streams};

const NAME: &str = "docker-dfmigrate";

/// The arguments as the program takes them: Docker hands the plugin's own name over in front of them (docker/cli,
/// `cli-plugins/manager`).
pub(super) fn arguments(arguments: impl IntoIterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut arguments = arguments.into_iter().peekable();
    let program = arguments.next();
    let is_plugin = program.as_ref().is_some_and(|path| Path::new(path).file_stem().is_some_and(|stem| stem == NAME));
    if is_plugin {
        arguments.next_if(|argument| argument == "dfmigrate");
    }
    program.into_iter().chain(arguments)
}

/// What Docker asks every plugin for (docker/cli, `cli-plugins/metadata`).
pub(super) fn metadata(streams: &mut Streams) -> Result<Outcome, Failure> {
    let metadata = json!({
        "SchemaVersion": "0.1.0",
        "Vendor": "The dfmigrate authors",
        "Version": env!("CARGO_PKG_VERSION"),
        "ShortDescription": "Move the secrets that builds leak to BuildKit mounts",
    });
    streams.print(metadata)?;
    Ok(Outcome::Clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_hands_over_the_name_of_the_plugin() {
        let given = |words: &[&str]| {
            let words = words.iter().map(OsString::from).collect::<Vec<_>>();
            arguments(words).map(|word| word.into_string().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(given(&["/x/docker-dfmigrate", "dfmigrate", "--diff"]), ["/x/docker-dfmigrate", "--diff"]);
        assert_eq!(given(&["dfmigrate", "dfmigrate"]), ["dfmigrate", "dfmigrate"]);
        assert_eq!(given(&["docker-dfmigrate", "flags"]), ["docker-dfmigrate", "flags"]);
    }
}

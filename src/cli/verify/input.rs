//! From the name of an image to its bytes.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    process::{Child, Command, Stdio},
};

use super::{super::Failure, progress::Progress};
use crate::image::ImageReader;

/// Gives the image to `reader`: standard input, a path that exists, or else an image of the engine.
pub(super) fn read(image: &str, reader: &mut ImageReader<'_>, with_progress: bool) -> Result<(), Failure> {
    if image == "-" {
        reader.archive(&mut Progress::new(io::stdin().lock(), None, with_progress));
        return Ok(());
    }
    let path = Path::new(image);
    if path.is_dir() {
        return reader.directory(path).map_err(|error| {
            let failure = unreadable(image, error);
            failure.hint(format!(
                "an image of the engine with the name of a folder is given with its tag: `{image}:latest`"
            ))
        });
    }
    if path.exists() {
        let file = File::open(path).map_err(|error| unreadable(image, error))?;
        let length = file.metadata().map_err(|error| unreadable(image, error))?.len();
        reader.archive(&mut Progress::new(file, Some(length), with_progress));
        return Ok(());
    }
    if is_meant_as_path(image) {
        return Err(Failure::new(format!("there is no file or folder `{image}`")));
    }
    engine(image, reader, with_progress)
}

fn unreadable(image: &str, error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::from(anyhow::Error::new(error).context(format!("`{image}` can't be read")))
}

fn is_meant_as_path(image: &str) -> bool {
    let ends = [".tar", ".tar.gz", ".tgz", ".tar.zst", ".oci"];
    image.starts_with(['/', '.', '~']) || image.contains('\\') || ends.iter().any(|end| image.ends_with(end))
}

/// Reads what `docker save` writes. The program talks to the engine that `DOCKER_HOST` or the context tells.
fn engine(image: &str, reader: &mut ImageReader<'_>, with_progress: bool) -> Result<(), Failure> {
    let mut command = Command::new("docker");
    command.args(["image", "save", "--", image]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut saving = command.spawn().map_err(|error| {
        let failure = Failure::from(anyhow::Error::new(error).context("`docker` can't be started"));
        failure.hint(format!("there is no file `{image}`, so it was taken for an image of a running engine"))
    })?;
    if let Some(mut output) = saving.stdout.take() {
        let head = first_byte(&mut output)?;
        // An engine that refuses writes nothing; that is told in its own words.
        if !head.is_empty() {
            let mut output = head.as_slice().chain(output);
            reader.archive(&mut Progress::new(&mut output, None, with_progress));
            // The engine would fail if nobody read the end.
            io::copy(&mut output, &mut io::sink())?;
        }
    }
    ended(&mut saving, image)
}

fn first_byte(output: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    output.take(1).read_to_end(&mut head)?;
    Ok(head)
}

fn ended(saving: &mut Child, image: &str) -> Result<(), Failure> {
    let mut words = String::new();
    if let Some(errors) = saving.stderr.take() {
        errors.take(4 << 10).read_to_string(&mut words)?;
    }
    if saving.wait()?.success() {
        return Ok(());
    }
    let cause = anyhow::Error::msg(words.trim().to_owned());
    let failure = Failure::from(cause.context(format!("`docker save` can't give the image `{image}`")));
    Err(failure.hint("IMAGE is the path of an archive or folder, `-`, or the name of an image in a running engine"))
}

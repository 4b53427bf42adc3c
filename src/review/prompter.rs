use std::io;

use dialoguer::console::Key;

/// The person at the other end: shows texts and waits for answers.
pub trait Prompter {
    /// How wide a line may be.
    fn columns(&self) -> usize;

    /// Shows a text, with colours as escape codes, and ends its line.
    ///
    /// # Errors
    /// The terminal can't be written.
    fn show(&mut self, text: &str) -> io::Result<()>;

    /// Asks for one key. An interrupt is [`Key::CtrlC`], and it is up to the caller to end.
    ///
    /// # Errors
    /// The terminal can't be read or written.
    fn key(&mut self, question: &str) -> io::Result<Key>;

    /// Lets the person edit `text`, the content of a file called `name`. Gives the content as it was left, or a sentence
    /// that says why there is none.
    ///
    /// # Errors
    /// The copy for the editor can't be written or read.
    fn edit(&mut self, name: &str, text: &[u8]) -> io::Result<Result<Vec<u8>, String>>;

    /// Asks for one of `choices`, which are lines; `None` if the person wants none of them.
    ///
    /// # Errors
    /// The terminal can't be read or written.
    fn choose(&mut self, question: &str, choices: &[String]) -> io::Result<Option<usize>>;
}

//! Edits in the user's words.

//! The rules of the house, as tests: the order of the rooms, the size of files, words, pages, licences, and nothing in
//! the repository that doesn't belong there.

mod book;
mod layers;
mod licences;
mod manifest;
mod pages;
mod patterns;
mod release;
mod secrets;
mod size;
mod tree;
mod words;

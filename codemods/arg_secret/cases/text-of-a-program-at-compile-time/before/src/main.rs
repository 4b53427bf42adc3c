//! A program that holds a text from the build.
const T: &str = env!("SERVICE_SECRET");
fn main() {}

//! Looks into archives, and writes findings in one line.

use dfmigrate::image::{Finding, ImageReader, Limits, NamedSecret, Report, Searcher};

/// A value that stands nowhere else; made at run time.
pub fn canary() -> String {
    format!("c{}{}", "4n4ry", "x7Zq9Lw2")
}

/// Looks into an archive for one value.
pub fn verify(archive: &[u8], value: &str) -> Report {
    let secret = NamedSecret::new("planted", value).expect("the value is long enough");
    verify_with(archive, vec![secret], Limits::default())
}

/// Looks into an archive.
pub fn verify_with(archive: &[u8], secrets: Vec<NamedSecret>, limits: Limits) -> Report {
    let searcher = Searcher::new(secrets).expect("the values compile");
    let mut reader = ImageReader::new(&searcher, limits);
    reader.archive(&mut &archive[..]);
    reader.finish()
}

/// A finding in one line for comparisons: place, codemod, encoding or kind.
pub fn line(finding: &Finding) -> String {
    let what = dfmigrate::image::report::what(&finding.what);
    format!("{} | {what} | {}", dfmigrate::image::report::place(finding), finding.codemod)
}

//! Which git the images of a tag have.

/// Marks in the names of images: distributions with a git before 2.31 (packages.debian.org, packages.ubuntu.com: bullseye has
/// 2.30, focal 2.25; pkgs.alpinelinux.org: Alpine 3.13 has 2.30).
const DISTRIBUTIONS: [&str; 15] = [
    "wheezy", "jessie", "stretch", "buster", "bullseye", "precise", "trusty", "xenial", "bionic", "focal", "groovy",
    "hirsute", "centos7", "el7", "centos6",
];

/// The last version of an image that was built on such a distribution: on Debian or Ubuntu, and on Alpine where the tag says so
/// (github.com/docker-library/official-images, history of the library folder).
const LAST: [(&str, Version, Version); 12] = [
    ("debian", [11, ANY], NONE),
    ("ubuntu", [21, 4], NONE),
    ("alpine", [3, 13], NONE),
    ("centos", [8, ANY], NONE),
    ("amazonlinux", [1, ANY], NONE),
    ("golang", [1, 18], [1, 14]),
    ("node", [14, ANY], [10, ANY]),
    ("python", [3, 6], [3, 5]),
    ("ruby", [2, 7], [2, 5]),
    ("php", [7, 4], [7, 2]),
    ("openjdk", [11, ANY], [8, ANY]),
    ("rust", [1, 69], [1, 47]),
];

/// A major and a minor number.
type Version = [u32; 2];

const ANY: u32 = u32::MAX;
const NONE: Version = [0, 0];

/// Whether the name and tag of an image tell that it has a git before 2.31, which reads no `GIT_CONFIG_COUNT` (git 2.31 release
/// notes). An image that does not say so may have one as well.
#[must_use]
pub fn is_before_variables(image: &str) -> bool {
    let image = image.split('@').next().unwrap_or_default().to_lowercase();
    let name = image.rsplit('/').next().unwrap_or_default();
    let (name, tag) = name.split_once(':').unwrap_or((name, ""));
    let mut words = name.split(['-', '_']).chain(tag.split(['-', '_', '.']));
    if words.any(|word| DISTRIBUTIONS.contains(&word)) {
        return true;
    }
    let alpine = tag.split_once("alpine").map(|(_, version)| version);
    if let Some(version) = alpine.filter(|version| !version.is_empty()).and_then(version) {
        return version <= [3, 13];
    }
    // `-bookworm`, `-noble`: another distribution than the usual one.
    let suffixes = || tag.split('-').skip(1);
    let usual = |suffix: &str| matches!(suffix, "slim" | "alpine" | "jdk" | "jre" | "cli" | "fpm" | "apache");
    let known = suffixes().all(|suffix| usual(suffix) || suffix.starts_with(|char: char| char.is_ascii_digit()));
    let row = LAST.iter().find(|(known, _, _)| *known == name);
    row.zip(version(tag)).is_some_and(|((_, last, last_of_alpine), found)| {
        known && found <= if alpine.is_some() { *last_of_alpine } else { *last }
    })
}

/// The first two numbers of a tag: `1.12` of `1.12.4-stretch`. A tag of one number stands for its last minor version, unless that
/// is not what decides.
fn version(tag: &str) -> Option<Version> {
    let mut numbers = tag.split(|char: char| !char.is_ascii_digit() && char != '.').next()?.split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(ANY);
    Some([major, minor])
}

#[cfg(test)]
mod tests {
    use super::is_before_variables;

    #[test]
    fn tags_tell_of_an_old_git() {
        for image in [
            "golang:1.12-alpine",
            "golang:1.14-alpine3.13",
            "golang:1.17",
            "node:12",
            "node:12-slim",
            "node:10-alpine",
            "node:16-bullseye-slim",
            "python:3.6",
            "python:2.7-alpine",
            "ruby:2.7.4",
            "php:7.4-fpm",
            "debian:11",
            "debian:10-slim",
            "debian:bullseye-20211011",
            "docker.io/library/ubuntu:20.04",
            "alpine:3.13",
            "alpine:3.9.4",
            "centos:7",
            "registry.example.com/mirror/ubuntu:18.04@sha256:0123",
        ] {
            assert!(is_before_variables(image), "{image}");
        }
    }

    #[test]
    fn other_tags_do_not() {
        for image in [
            "golang:1.12-alpine3.15",
            "golang:1.22",
            "golang:1",
            "golang",
            "golang:1.15-alpine",
            "node:14-alpine",
            "node:14-bookworm",
            "node:22",
            "node:lts",
            "python:3",
            "python:3.11-slim",
            "debian:12",
            "ubuntu:22.04",
            "ubuntu",
            "alpine:3",
            "alpine:3.20",
            "acme/tools:3",
            "openjdk:17",
        ] {
            assert!(!is_before_variables(image), "{image}");
        }
    }
}

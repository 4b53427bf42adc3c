//! Repositories that are put together of short pieces, in which every value is one and the same canary.

use std::collections::BTreeMap;

use arbitrary::{Result, Unstructured};

use crate::Miniature;

/// A value that no report may show.
pub const CANARY: &str = "c4n4ryV4lu3xQ9zT7";

/// Names of secrets, and one that is none.
pub const NAMES: [&str; 5] = ["NPM_TOKEN", "GITHUB_TOKEN", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "VERSION"];

/// Instructions; `@` is a name, `%` the value.
pub const INSTRUCTIONS: [&str; 34] = [
    "ARG @",
    "ARG @=%",
    "ARG @ OTHER=1",
    "ENV @=%",
    "ENV @=$@",
    "ENV @ %",
    "ENV A=1 \\\n    @=${@} \\\n    # why\n    B=2",
    "ENV COPY_OF=${@:-x}",
    "LABEL token=$@",
    "RUN npm ci",
    "RUN echo $@ | tool login",
    "RUN curl -H \"Authorization: Bearer $@\" https://api.example.com/x",
    "RUN echo \"//npm.example.com/:_authToken=$@\" > ~/.npmrc && npm ci && rm ~/.npmrc",
    "RUN echo \"//npm.example.com/:_authToken=$@\" > ~/.npmrc\nRUN npm ci\nRUN rm -f ~/.npmrc",
    "RUN git config --global url.\"https://$@@git.example.com/\".insteadOf https://git.example.com/",
    "RUN if [ -n \"$@\" ]; then npm ci; else npm i; fi",
    "RUN sh -c 'echo $@'",
    "RUN sh -c \"echo $@\"",
    "RUN a=$@; b \"$a\"",
    "RUN export @ && make",
    "RUN <<E\nset -e\necho $@\nE",
    "RUN <<'E'\necho $@\nE",
    "RUN [\"npm\", \"ci\"]",
    "RUN --mount=type=secret,id=x,env=@ npm ci",
    "RUN --mount=type=cache,target=/root/.npm \\\n  # note\n  npm ci \\\n  && echo \"$@\"",
    "COPY .npmrc package.json ./",
    "COPY . .",
    "COPY id_rsa /root/.ssh/id_rsa\nRUN git clone git@git.example.com:a/b\nRUN rm /root/.ssh/id_rsa",
    "ONBUILD RUN npm ci",
    "ONBUILD ARG @",
    "USER node",
    "CMD [\"sh\", \"-c\", \"echo $@\"]",
    "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]",
    "FROM base AS other",
];

/// Callers: the path and the text.
pub const CALLERS: [(&str, &str); 18] = [
    ("build.sh", "#!/bin/sh\ndocker build --build-arg @ .\n"),
    ("build.sh", "#!/bin/sh\nset -eu\ndocker build --build-arg @=\"$@\" --build-arg V=1 -t app .\n"),
    ("build.sh", "#!/bin/bash\nargs=(--build-arg \"@=$(cat token)\")\ndocker build \"${args[@]}\" .\n"),
    ("build.sh", "export @=%\ndocker build \\\n  --build-arg @=$@ \\\n  .\n"),
    ("Makefile", "build:\n\tdocker build --build-arg @=$(@) .\n"),
    ("Makefile", "ARGS = --build-arg @\nbuild:\n\tdocker build $(ARGS) -t $$USER .\n"),
    ("compose.yml", "services:\n  app:\n    build:\n      context: .\n      args:\n        @: ${@}\n"),
    ("compose.yml", "services:\n  app:\n    build:\n      context: .\n      args:\n        - @\n        - A=1\n"),
    (
        ".github/workflows/a.yml",
        "on: push\njobs:\n  b:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          build-args: |\n            @=${{ secrets.@ }}\n            A=1\n",
    ),
    (
        ".github/workflows/a.yml",
        "on: push\njobs:\n  b:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build --build-arg @=${{ secrets.@ }} .\n",
    ),
    (".gitlab-ci.yml", "build:\n  script:\n    - docker build --build-arg @=$@ .\n"),
    ("docker-bake.hcl", "variable \"@\" {}\ntarget \"default\" {\n  args = { @ = @ }\n}\n"),
    ("Jenkinsfile", "node {\n  sh 'docker build --build-arg @=$@ .'\n}\n"),
    ("README.md", "```sh\ndocker build --build-arg @=% .\n```\n"),
    ("package.json", "{\n  \"scripts\": { \"image\": \"docker build --build-arg @ .\" }\n}\n"),
    (".npmrc", "//npm.example.com/:_authToken=${@}\n"),
    (".dockerignore", "*\n!package.json\n!.npmrc\n"),
    ("tool.py", "subprocess.run(['docker', 'build', '--build-arg', '@=' + token, '.'])\n"),
];

/// A Dockerfile of up to nine of these instructions, with up to three callers.
pub fn repository(bytes: &mut Unstructured<'_>) -> Result<Miniature> {
    let (crlf, unsafe_fixes) = (bytes.ratio(1, 4)?, bytes.arbitrary()?);
    let mut dockerfile = String::new();
    if bytes.ratio(1, 4)? {
        dockerfile.push_str("# syntax=docker/dockerfile:1\n");
    }
    dockerfile.push_str("FROM node:22 AS base\n");
    for _ in 0..bytes.int_in_range(1..=9)? {
        dockerfile.push_str(&filled(bytes.choose(&INSTRUCTIONS)?, bytes)?);
        dockerfile.push('\n');
    }
    if bytes.ratio(1, 5)? {
        dockerfile.pop();
    }
    let mut files = BTreeMap::from([("Dockerfile".to_owned(), dockerfile)]);
    for _ in 0..bytes.int_in_range(0..=3)? {
        let (path, text) = bytes.choose(&CALLERS)?;
        files.insert((*path).to_owned(), filled(text, bytes)?);
    }
    if bytes.ratio(1, 3)? {
        files.insert("package.json".to_owned(), "{}\n".to_owned());
    }
    if crlf {
        files.values_mut().for_each(|text| *text = text.replace('\n', "\r\n"));
    }
    Ok(Miniature { files, unsafe_fixes, canary: true })
}

/// The text with names and values in the places for them.
pub fn filled(text: &str, bytes: &mut Unstructured<'_>) -> Result<String> {
    let name = bytes.choose(&NAMES)?;
    Ok(text
        .replace("git@git", "git\0git")
        .replace("\"${args[@]}\"", "\0")
        .replace("build-push-action@", "build-push-action\0")
        .replace("$@@git", "$@\0git")
        .replace('@', name)
        .replace("git\0git", "git@git")
        .replace("build-push-action\0", "build-push-action@")
        .replace("\0git", "@git")
        .replace('\0', "\"${args[@]}\"")
        .replace('%', CANARY))
}

use super::*;

/// Words as the shell would see them; a word with a `$` in it is not static.
fn words(command: &str) -> Vec<Option<String>> {
    command.split(' ').map(|word| (!word.contains('$')).then(|| word.to_owned())).collect()
}

fn reading(command: &str, variable: &str) -> &'static str {
    match reads(&words(command), variable) {
        Reading::Never => "never",
        Reading::Reads { certain: true, .. } => "reads",
        Reading::Reads { certain: false, .. } => "may read",
        Reading::RunsCode { .. } => "runs code",
        Reading::Unknown => "unknown",
    }
}

#[test]
fn the_table_is_well_formed() -> Result<(), Box<dyn std::error::Error>> {
    let tools: Tools = crate::knowledge::check(table::TEXT)?;
    let mut names: Vec<_> = tools.tool.iter().flat_map(|entry| &entry.names).collect();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
    for id in tools.tool.iter().flat_map(|entry| &entry.config) {
        assert!(tools.config.iter().any(|file| file.id == *id), "{id}");
    }
    Ok(())
}

#[test]
fn variables_and_commands() {
    for (expected, variable, command) in [
        ("never", "NPM_TOKEN", "apt-get install -y curl"),
        ("never", "GITHUB_TOKEN", "mkdir -p /app"),
        ("never", "GITHUB_TOKEN", "git clone https://git.example.com/o/r"),
        ("never", "GITHUB_TOKEN", "curl -fsSL https://example.com/x"),
        ("reads", "HTTPS_PROXY", "curl -fsSL https://example.com/x"),
        ("reads", "http_proxy", "apt-get update"),
        ("never", "NPM_TOKEN", "pip install -r requirements.txt"),
        ("never", "PIP_INDEX_URL", "npm ci"),
        ("never", "PIP_INDEX_URL", "bundle install"),
        ("reads", "PIP_INDEX_URL", "pip3 install -r requirements.txt"),
        ("reads", "PIP_INDEX_URL", "python3.11 -m pip install x"),
        ("reads", "PIP_EXTRA_INDEX_URL", "/opt/venv/bin/pip install x"),
        ("never", "PIP_INDEX_URL", "uv sync --frozen"),
        ("runs code", "DATABASE_URL", "uv run manage.py migrate"),
        ("reads", "UV_DEFAULT_INDEX", "uv sync --frozen"),
        ("may read", "NPM_TOKEN", "npm ci"),
        ("may read", "NODE_AUTH_TOKEN", "yarn install --frozen-lockfile"),
        ("may read", "FONTAWESOME_TOKEN", "npm install"),
        ("reads", "YARN_NPM_AUTH_TOKEN", "yarn"),
        ("runs code", "GITHUB_TOKEN", "npm ci"),
        ("runs code", "PIP_INDEX_URL", "npm run build"),
        ("runs code", "SENTRY_AUTH_TOKEN", "yarn build"),
        ("runs code", "GITHUB_TOKEN", "pip install ."),
        ("reads", "COMPOSER_AUTH", "php composer.phar install --no-dev"),
        ("reads", "COMPOSER_AUTH", "composer install"),
        ("reads", "BUNDLE_GITHUB__COM", "bundle install"),
        ("runs code", "RAILS_MASTER_KEY", "bundle exec rake assets:precompile"),
        ("reads", "RAILS_MASTER_KEY", "bin/rails assets:precompile"),
        ("never", "GITHUB_TOKEN", "go build ./..."),
        ("never", "NPM_TOKEN", "go mod download"),
        ("runs code", "GITHUB_TOKEN", "go generate ./..."),
        ("reads", "GOPRIVATE", "go mod download"),
        ("runs code", "GITHUB_TOKEN", "cargo build --release"),
        ("reads", "CARGO_REGISTRIES_CORP_TOKEN", "cargo fetch"),
        ("reads", "VSS_NUGET_EXTERNAL_FEED_ENDPOINTS", "dotnet restore"),
        ("runs code", "FEED_TOKEN", "dotnet build"),
        ("runs code", "GITHUB_TOKEN", "make -j4"),
        ("runs code", "GITHUB_TOKEN", "./configure --prefix=/usr"),
        ("runs code", "GITHUB_TOKEN", "/install-tools.sh"),
        ("runs code", "GITHUB_TOKEN", "./install"),
        ("never", "GITHUB_TOKEN", "/usr/bin/install -m 755 a b"),
        ("runs code", "DATABASE_URL", "python manage.py collectstatic"),
        ("reads", "DATABASE_URL", "npx prisma generate"),
        ("reads", "HF_TOKEN", "hf download org/model"),
        ("reads", "AWS_SECRET_ACCESS_KEY", "aws s3 cp s3://b/k ."),
        ("reads", "SENTRY_AUTH_TOKEN", "sentry-cli sourcemaps upload dist"),
        ("reads", "GITHUB_TOKEN", "mise install"),
        ("unknown", "GITHUB_TOKEN", "frobnicate --all"),
        ("unknown", "GITHUB_TOKEN", "$TOOL install"),
        ("runs code", "GITHUB_TOKEN", "npm $COMMAND"),
        ("never", "GITHUB_TOKEN", "find / -name x -delete"),
        ("never", "GITHUB_TOKEN", "find / -type f -exec rm {} ;"),
        ("runs code", "GITHUB_TOKEN", "find / -exec make {} ;"),
        ("may read", "NPM_TOKEN", "corepack yarn install"),
        ("may read", "NPM_TOKEN", "env CI=1 npm ci"),
        ("may read", "TOKEN", "envsubst"),
        ("reads", "TOKEN", "printenv TOKEN"),
        ("never", "TOKEN", "jq .name package.json"),
    ] {
        assert_eq!(reading(command, variable), expected, "{variable}: {command}");
    }
    assert_eq!(reads(&[], "A"), Reading::Never);
    let quoted = |program: &str| ["awk", program].map(|word| Some(word.to_owned()));
    assert!(matches!(reads(&quoted("{ print ENVIRON[\"A\"] }"), "A"), Reading::Reads { certain: true, .. }));
    assert_eq!(reads(&quoted("{ print $1 }"), "A"), Reading::Never);
    let script = ["sh", "-c", "curl -u $A"].map(|word| Some(word.to_owned()));
    assert!(matches!(reads(&script, "A"), Reading::Reads { certain: true, .. }));
}

#[test]
fn ecosystems() {
    assert_eq!(ecosystem_of_variable("NODE_AUTH_TOKEN"), Some(Ecosystem::Node));
    assert_eq!(ecosystem_of_variable("VSS_NUGET_EXTERNAL_FEED_ENDPOINTS"), Some(Ecosystem::DotNet));
    assert_eq!(ecosystem_of_variable("AWS_SECRET_ACCESS_KEY"), None);
    assert_eq!(ecosystem_of_variable("GITHUB_TOKEN"), None);
    assert_eq!(ecosystem_of_tool(&words("python -m pip install x")), Some(Ecosystem::Python));
    assert_eq!(tool(&words("/usr/local/bin/python3.12 app.py")).map(|tool| tool.name()), Some("python"));
}

#[test]
fn configuration_files() {
    let paths: Vec<_> = config_files(&words("mvn -B package")).iter().flat_map(|file| &file.paths).collect();
    assert!(paths.iter().any(|path| *path == "~/.m2/settings.xml"), "{paths:?}");
    assert!(config_files(&words("ls")).is_empty());
    for text in [
        "//npm.example.com/:_authToken=${TOKEN}",
        "npmAuthToken: \"${TOKEN-}\"",
        "<password>${env.TOKEN}</password>",
        "value=\"%TOKEN%\"",
        "ENV[\"TOKEN\"]",
        "ENV.fetch('TOKEN', nil)",
        "process.env.TOKEN",
        "os.environ[\"TOKEN\"]",
        "os.Getenv(\"TOKEN\")",
        "$(TOKEN)",
        "$TOKEN/",
        "System.getenv(\"TOKEN\")",
        "env(\"TOKEN\")",
        "$env:TOKEN",
        "option_env!(\"TOKEN\")",
    ] {
        assert!(references(text, "TOKEN"), "{text}");
    }
    for text in ["TOKEN=1", "${TOKENS}", "${MY_TOKEN}", "TOKEN", "", "env.TOKENIZER", "# the TOKEN"] {
        assert!(!references(text, "TOKEN"), "{text}");
    }
}

fn kept(command: &str) -> Option<String> {
    persists(&words(command)).and_then(|kept| kept.files.into_iter().next())
}

#[test]
fn what_remains() {
    for (file, command) in [
        ("~/.npmrc", "npm config set //npm.example.com/:_authToken $T"),
        ("~/.npmrc", "npm config --global set //npm.example.com/:_authToken=$T"),
        ("~/.npm/_logs", "npm ci --//npm.example.com/:_authToken=$T"),
        ("~/.config/pip/pip.conf", "pip3 config set global.index-url https://u:$T@pypi.example.com/simple"),
        ("~/.gitconfig", "git config --global url.https://$T@git.example.com/.insteadOf https://git.example.com/"),
        ("~/.gitconfig", "git config --global credential.helper store"),
        (".git/config", "git clone --depth 1 https://x:$T@git.example.com/o/r"),
        (".git/config", "git clone -c http.extraHeader=$H https://git.example.com/o/r"),
        ("~/.config/composer/auth.json", "composer config --global github-oauth.git.example.com $T"),
        ("~/.bundle/config", "bundle config set --global gems.example.com $T"),
        (
            "~/.nuget/NuGet/NuGet.Config",
            "dotnet nuget add source -u x -p $T --store-password-in-clear-text https://nuget.example.com",
        ),
        ("~/.docker/config.json", "docker login -u x --password-stdin reg.example.com"),
        ("~/.aws/credentials", "aws configure set aws_secret_access_key $T"),
        ("~/.config/pypoetry/auth.toml", "poetry config http-basic.corp u $T"),
        ("/etc/shadow", "chpasswd"),
        ("/root/.npmrc", "tee /root/.npmrc"),
        ("app.conf", "sed -i s/X/$T/ app.conf"),
        ("app.conf", "sed -i.bak s/X/$T/ app.conf"),
        ("app.conf", "sed -ri s/X/$T/ app.conf"),
        ("the data directory of the database", "mysql -uroot -Be $SQL"),
        ("…", "tee -a $FILE"),
        ("f", "dd of=f"),
        ("/tmp", "cp /run/secrets/x /tmp"),
        ("~/.kube/config", "oc login --token=$T https://o.example.com"),
        ("~/.pulumi/credentials.json", "pulumi login"),
        (".dvc/config.local", "dvc remote modify --local r password $T"),
        ("~/.config/argocd/config", "argocd login a.example.com --username u --password $T"),
        ("~/.config/ngrok/ngrok.yml", "ngrok config add-authtoken $T"),
        ("~/.jfrog/jfrog-cli.conf.v6", "jf c add --interactive=false --access-token=$T"),
        ("~/.conan/.conan.db", "conan user -p $T -r r ci"),
        ("~/.netrc", "buf registry login --token-stdin"),
        ("~/.microsoft/usersecrets/ID/secrets.json", "dotnet user-secrets set A:B $T"),
        ("~/.config/doctl/config.yaml", "doctl auth init --access-token $T"),
        ("~/.hex/hex.config", "mix hex.organization auth acme --key $T"),
        ("~/.modal.toml", "modal token set --token-id a --token-secret $T"),
    ] {
        assert_eq!(kept(command).as_deref(), Some(file), "{command}");
    }
}

#[test]
fn what_does_not_remain() {
    for command in [
        "npm config set registry https://npm.example.com",
        "git -c http.extraHeader=$H clone https://git.example.com/o/r",
        "git clone https://git.example.com/o/r",
        "git config --global user.email me@example.com",
        "curl -H $T https://example.com",
        "sed -i s/a/b/ f",
        "cp a b",
        "pip install --index-url $U x",
        "sed s/X/$T/ f",
        "docker build .",
        "mysql -uroot -p$P",
        "pulumi preview",
        "pulumi login --local",
        "conan user --clean",
        "dart pub token add https://pub.example.com --env-var T",
        "doctl --access-token $T apps list",
    ] {
        assert_eq!(kept(command), None, "{command}");
    }
}

#[test]
fn output() {
    for command in [
        "echo $T",
        "env",
        "printenv T",
        "set -x",
        "set -euxo pipefail",
        "set -o xtrace",
        "bash -x f.sh",
        "export -p",
        "curl -v $U",
        "cat f",
        "set",
    ] {
        assert!(logs(&words(command)), "{command}");
    }
    for command in ["set -e", "set -eu", "export A=1", "env -i make", "curl -fsSL $U", "bash f.sh -x", "git clone $U"] {
        assert!(!logs(&words(command)), "{command}");
    }
    for command in [
        "curl -H $T https://example.com",
        "wget --header=$T https://example.com",
        "mysql -p$P",
        "test -n $T",
        "twine upload -p $T dist",
        "export A=$T",
    ] {
        assert!(passes_through(&words(command)), "{command}");
    }
    for command in ["frobnicate $T", "echo $T", "git clone $U", "curl -v -H $T x", "npm ci --x=$T", "./run.sh $T"] {
        assert!(!passes_through(&words(command)), "{command}");
    }
}

proptest::proptest! {
    #[test]
    fn nothing_panics(words in proptest::collection::vec(proptest::option::of("(npm|git|sed|set|-[a-z]{0,4}|config|env|find|-exec|[^\\s]{0,6})"), 0..6)) {
        let _ = (reads(&words, "NPM_TOKEN"), persists(&words), logs(&words), passes_through(&words), config_files(&words));
    }
}

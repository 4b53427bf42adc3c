use std::collections::HashMap;
use std::path::Path;

use super::*;

fn class(name: &str) -> &'static str {
    match classify_name(name) {
        NameVerdict::Secret(secret) => match secret.kind {
            SecretKind::Fetch => "fetch",
            SecretKind::Application => "application",
            SecretKind::IndexUrl => "index",
            SecretKind::SshKey => "ssh",
            SecretKind::ConnectionUrl => "connection",
        },
        NameVerdict::LookAlike { .. } => "look-alike",
        NameVerdict::Plain => "plain",
    }
}

fn assert_class(expected: &str, names: &str) {
    let wrong: Vec<_> = names
        .split_whitespace()
        .filter(|name| class(name) != expected)
        .map(|name| format!("{name}: {}", class(name)))
        .collect();
    assert!(wrong.is_empty(), "not {expected}: {wrong:#?}");
}

#[test]
fn the_table_is_well_formed() -> Result<(), Box<dyn std::error::Error>> {
    let tables: Tables = crate::knowledge::check(include_str!("../names.toml"))?;
    for entry in &tables.exact {
        assert!(entry.names.iter().all(|name| *name == name.to_ascii_uppercase()), "{:?}", entry.names);
    }
    for pattern in &tables.pattern {
        Regex::new(&pattern.regex)?;
    }
    Ok(())
}

#[test]
fn credentials_that_fetch() {
    assert_class(
        "fetch",
        "NPM_TOKEN GITHUB_TOKEN GITHUB_PAT gh_token HF_TOKEN SENTRY_AUTH_TOKEN AWS_SECRET_ACCESS_KEY ACCESSTOKEN
         TOKEN COMPOSER_AUTH composer_auth MICROSCANNER_TOKEN ARTIFACTORY_PASSWORD PACKAGE_TOKEN FONTAWESOME_PACKAGE_TOKEN
         ACTIONS_RUNTIME_TOKEN BUNDLE_GITHUB__COM BUNDLE_GEM__FURY__IO BUNDLE_RUBYGEMS__PKG__GITHUB__COM BUNDLE_ENTERPRISE__CONTRIBSYS__COM
         NODE_AUTH_TOKEN KV_CACHE_MANAGER_TOKEN FEED_ACCESSTOKEN FONTAWESOME_NPM_AUTH_TOKEN VERDACCIO_TOKEN
         MISE_GITHUB_TOKEN CI_JOB_TOKEN NM_TOKEN LARGE_FILES_TOKEN NPMRC PIP_NETRC VSS_NUGET_EXTERNAL_FEED_ENDPOINTS IBMID_PWD
         REDHAT_PASSWORD UV_INDEX_RAIF_PASSWORD POETRY_HTTP_BASIC_CORP_PASSWORD CARGO_REGISTRIES_CORP_TOKEN
         NuGetPackageSourceCredentials_corp TF_TOKEN_app_terraform_io AZURE_DEVOPS_EXT_PAT GITHUBTOKEN PYPI_AUTH
         TWINE_PASSWORD CODEARTIFACT_TOKEN NPM_TOKEN_READONLY GIT_PASSWORD PASS_GIT GH_APPS_PRIVATEKEY YARN_NPM_AUTH_TOKEN",
    );
}

#[test]
fn passwords_and_keys_of_applications() {
    assert_class(
        "application",
        "PASSWORD password DB_PASSWORD MYSQL_PASSWORD ADMIN_PASSWORD BLACKFIRE_CLIENT_TOKEN QUERY_DB_PASSWORD MYSQL_ROOT_PASSWORD
         DB_PASS SMTP_PASSWORD PGPASSWORD POSTGRES_PASSWORD NEXTAUTH_SECRET OBSERVIUM_DB_PASS SECRET_KEY RAILS_MASTER_KEY
         JENKINS_PASSWORD MYSQL_PASS SECRET_KEY_BASE PRIVATE_KEY_PASSPHRASE GOOGLE_CLIENT_SECRET MYSQL_ROOT_PASS VNC_PW
         SPRING_DATASOURCE_PASSWORD FACEBOOK_CLIENT_SECRET MAILCHIMP_API_KEY AUTH_SECRET TWITTER_CLIENT_SECRET LIVEKIT_API_KEY
         GITHUB_CLIENT_SECRET CAPTCHA_SECRET_KEY MEET_JWT_APP_SECRET POSTMARK_SERVER_API_TOKEN LIVEKIT_API_SECRET MAIL_PASSWORD
         VNC_PASSWD OBSERVIUM_ADMIN_PASS ROOT_PASSWORD argBasedPassword NONMEM_ZIP_PASS_74 sidekiq_license
         X_API_KEY DBROOTPASS RPCM_LICENSEKEY SHAREDKEY JBOSS_ADMIN_PASSWORD_ARG DB_PASS_VALUE password_db CALENDSO_ENCRYPTION_KEY
         KEYSTORE_PASSWORD GPG_PASSWORD JWT_SECRET MYSQLROOT_PASSWORD vaultpassword WALLETPASS SLACK_WEBHOOK_URL token_bot
         DBTarsPass secretKey NGINX_BASIC_AUTH REDISCLI_AUTH WP_SALTS APP_KEY NEW_RELIC_LICENSE_KEY KEYCLOAK_ADMIN_PASSWORD client_keys PRIVATE_KEY docker_root_pass",
    );
}

#[test]
fn addresses_and_ssh_keys() {
    assert_class(
        "index",
        "PIP_INDEX_URL PIP_EXTRA_INDEX_URL UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL GOPROXY INDEX_URL PIP_INDEX pip_index_url",
    );
    assert_class(
        "connection",
        "DATABASE_URL MONGO_URL REDIS_URL DIRECT_URL DB_CONNECTION_STRING connectionString MYSQL_DSN MONGODB_URI BROKER_URL
         STORAGE_CONNECTIONSTRING",
    );
    assert_class(
        "ssh",
        "SSH_PRIVATE_KEY ssh_prv_key PRIVATE_SSH_KEY SSHKEYPVT SSH_PRIV_KEY SSH_KEY git_key ID_RSA client_ssh_keys DEPLOY_KEY",
    );
}

#[test]
fn look_alikes() {
    assert_class(
        "look-alike",
        "GPG_KEY GPG_KEYS AWS_ACCESS_KEY_ID AUTHORIZED_KEYS NUX_GPG_KEY_URL APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE
         SSH_AUTH_SOCK ZS_SSLKeyLocation KEY_PEM NEXT_PUBLIC_STRIPE_KEY VITE_SUPABASE_ANON_KEY SUPABASE_ANON_KEY SENTRY_DSN
         GLUU_SECRET_ADAPTER DB_PASSWORD_FILE ALLOW_EMPTY_PASSWORD MYSQL_ALLOW_EMPTY_PASSWORD AUTH_MODE SSH_KEY_DIR SSH_PUBLIC_KEY
         ssh_pub_key COBBLER_PUBLIC_SSH_KEY NEXT_PUBLIC_API_TOKEN REACT_APP_CLOUDINARY_API_SECRET
         SCCACHE_S3_NO_CREDENTIALS EDC_OAUTH_TOKEN_URL GLUU_KEY_ROTATION_INTERVAL XDEBUG_IDE_KEY STRIPE_PUBLISHABLE_KEY MAX_TOKENS
         SPARK_VERSION_KEY OPENSSL_PGP_KEY_IDS KONNECTD_DOCKER_SECRETS_PATH GOOGLE_APPLICATION_CREDENTIALS PWD BUNDLE_BUILD__NOKOGIRI BUNDLE_GEM__TEST BUNDLE_GEM__PUSH_KEY
         MYSQL_RANDOM_ROOT_PASSWORD CLIENT_SECRET_MARKER EDC_OAUTH_PRIVATE_KEY_ALIAS SECRET_BUCKET_NAME AZURE_KEY_VAULT_ENABLED",
    );
}

#[test]
fn plain_names() {
    assert_class(
        "plain",
        "PATH LD_LIBRARY_PATH GOPATH NEXT_PUBLIC_APP_URL AUTHOR GIT_AUTHOR_NAME AUTHORS PASSENGER_VERSION OAUTH2_PROXY_VERSION KEYCLOAK_VERSION KEYCLOAK_PORT TOKENIZERS_PARALLELISM INSTALL_TOKENIZER
         KEYRING KEYBOARD MONKEY BYPASS COMPASS_VERSION KERNEL_PATCH SALT_VERSION NODE_VERSION MY_PATCHES CERT_PEM PUBKEY KEYSTORE_DIR
         HASHICORP_VERSION PATTERN PATCH_LEVEL SPATIALITE_VERSION KAFKA_CONNECT_DEBEZIUM_MYSQL_URL LIB_MYSQL_CONNECTOR_URL
         REDIS_DOWNLOAD_URL DB_MAXCONN BUILDKIT_SBOM_SCAN_CONTEXT COSIGN_VERSION INSTALL_SSHPASS TURKEY_VERSION KEEPASS_VERSION",
    );
}

#[test]
fn what_buildkit_flags_is_never_plain() {
    for name in
        ["API_KEY", "AUTH", "KEY_X", "x_password_y", "A_SECRET_B", "token", "pword", "CREDENTIAL_HELPER", "MY_AUTH_X"]
    {
        assert!(buildkit_flags(name), "{name}");
        assert_ne!(classify_name(name), NameVerdict::Plain, "{name}");
    }
    assert!(!buildkit_flags("PUBLIC_KEY") && !buildkit_flags("TOKENS") && !buildkit_flags("MONKEY"));
}

proptest::proptest! {
    #[test]
    fn no_combination_of_words_is_flagged_and_plain(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "key", "auth", "token", "secret", "password", "salt", "public", "gpg", "url", "x", "in", "2", "ALLOW", "Pat", "", "apikey", "id",
        ]), 1..5),
    ) {
        let name = parts.join("_");
        proptest::prop_assert!(!buildkit_flags(&name) || classify_name(&name) != NameVerdict::Plain, "{name}");
    }
}

/// Names of ARG and ENV in the corpus beside the project, when it is there.
fn corpus_names() -> HashMap<String, usize> {
    let mut names = HashMap::new();
    let declaration = Regex::new(r"(?im)^[ \t]*(?:ONBUILD[ \t]+)?(?:ARG|ENV)[ \t]+((?:.*\\\r?\n)*.*)$");
    let pair = Regex::new(r"(?m)(?:^|[ \t])([A-Za-z_][A-Za-z0-9_]*)=|^([A-Za-z_][A-Za-z0-9_]*)(?:[ \t\r]|$)");
    let (Ok(declaration), Ok(pair)) = (declaration, pair) else { return names };
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name.to_string_lossy().to_lowercase().contains("dockerfile"))
            {
                let text = std::fs::read(&path).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                for body in declaration.captures_iter(&text).filter_map(|captures| captures.get(1)) {
                    for found in pair.captures_iter(body.as_str()).filter_map(|pair| pair.get(1).or(pair.get(2))) {
                        *names.entry(found.as_str().to_owned()).or_default() += 1;
                    }
                }
            }
        }
    }
    names
}

#[test]
fn names_of_the_corpus() {
    let mut classes: HashMap<&str, Vec<(usize, String)>> = HashMap::new();
    for (name, count) in corpus_names() {
        assert!(!buildkit_flags(&name) || class(&name) != "plain", "{name}");
        classes.entry(class(&name)).or_default().push((count, name));
    }
    for (class, mut names) in classes {
        names.sort_unstable_by(|left, right| right.cmp(left));
        let shown: Vec<_> = names.iter().take(100).map(|(count, name)| format!("{name} {count}")).collect();
        println!("{class}: {} names\n  {}", names.len(), shown.join(", "));
    }
}

#[test]
fn names_of_what_belongs_to_a_secret_are_no_secrets() {
    let names = "AUTHORIZED_KEYS AUTH_MODE AUTH_URL AWS_KMS_KEY_ID AZURE_KEYVAULT_NAME CA_BUNDLE CACHE_KEY CLIENT_ID \
                 COSIGN_PUBLIC_KEY CREDENTIAL_HELPER GPG_KEY GPG_KEYS JWT_ALGORITHM JWT_ISSUER KEYCLOAK_AUTH_URL KEYCLOAK_URL \
                 KEYRING KEY_VAULT_URI KNOWN_HOSTS KUBERNETES_SECRET_NAME LICENSE_URL MINISIGN_KEY NODE_EXTRA_CA_CERTS \
                 OAUTH_CLIENT_ID PASSTHROUGH PASSWORD_MIN_LENGTH PASSWORD_RESET_URL PGP_KEY PUBLIC_KEY RECAPTCHA_SITE_KEY \
                 REFRESH_TOKEN_EXPIRES SECRETS_BACKEND SECRET_NAME SECRET_ROTATION_DAYS SIGNING_KEY_ID SSH_KEY_NAME \
                 SSH_PUBLIC_KEY SSL_KEY_FILE TLS_KEY_PATH TOKEN_AUDIENCE TOKEN_ENDPOINT TOKEN_TTL TOKEN_TYPE XDEBUG_IDEKEY";
    for name in names.split_whitespace() {
        assert_eq!(classify_name(name).kind(), None, "{name}");
    }
}

//! Where a setting's value comes from, and what is kept of it.

use super::{Boot, KEYS, Kind, Layers, Settings, find, parse_flag};
use crate::audit::Actor;
use crate::error::Error;
use crate::seal::Seal;
use crate::store::args;
use crate::testing::{World, worlds};
use atrium::settings::{SettingView, Source};
use std::collections::BTreeMap;

const KEY: &str = "sk-geheim-0123456789";

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn resolve(file: Option<&str>, dot_env: &[(&str, &str)], env: &[(&str, &str)]) -> Result<Boot, String> {
    Boot::resolve(&Layers { file, dot_env: pairs(dot_env), env: pairs(env), options: BTreeMap::new() })
}

fn from_env(env: &[(&str, &str)]) -> Result<Boot, String> {
    resolve(None, &[], env)
}

fn view(settings: &Settings, world: &World, key: &str) -> SettingView {
    settings.list(&world.ada).unwrap().into_iter().find(|it| it.key == key).unwrap()
}

async fn change(world: &World, settings: &Settings, changes: &[(&str, Option<&str>)]) -> crate::Result<()> {
    let changes = changes.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect();
    settings.change(&world.store, &world.ports, Actor { viewer: &world.ada, address: "test" }, changes).await
}

#[tokio::test]
async fn each_layer_comes_before_the_one_below() {
    let file = "ollama_base_url = 'http://file'";
    let dot_env = [("OLLAMA_BASE_URL", "http://dot-env")];
    let env = [("OLLAMA_BASE_URL", "http://env")];
    for (boot, expected) in [
        (resolve(None, &[], &[]), ("http://127.0.0.1:11434", Source::BuiltIn)),
        (resolve(Some(file), &[], &[]), ("http://file", Source::File)),
        (resolve(Some(file), &dot_env, &[]), ("http://dot-env", Source::DotEnv)),
        (resolve(Some(file), &dot_env, &env), ("http://env", Source::Environment)),
    ] {
        let boot = boot.unwrap();
        assert_eq!((boot.text("ollama_base_url"), boot.source("ollama_base_url")), expected);
    }
    let options = BTreeMap::from([("listen", "127.0.0.1:1".to_owned())]);
    let boot = Boot::resolve(&Layers {
        file: None,
        dot_env: BTreeMap::new(),
        env: pairs(&[("ATRIUM_LISTEN", "127.0.0.1:2")]),
        options,
    })
    .unwrap();
    assert_eq!(boot.text("listen"), "127.0.0.1:1", "the command line comes before the environment");

    for world in worlds().await {
        let settings = Settings::new(resolve(Some(file), &dot_env, &env).unwrap(), Seal::new("s"));
        change(&world, &settings, &[("ollama_base_url", Some(" http://database "))]).await.unwrap();
        let shown = view(&settings, &world, "ollama_base_url");
        assert_eq!((shown.value.as_str(), shown.source), ("http://database", Source::Database));
        assert_eq!(settings.text("ollama_base_url"), "http://database");
        let restarted = Settings::new(resolve(None, &[], &env).unwrap(), Seal::new("s"));
        assert_eq!(restarted.text("ollama_base_url"), "http://env", "before the database was read");
        restarted.load(&world.store).await.unwrap();
        assert_eq!(restarted.text("ollama_base_url"), "http://database");
        change(&world, &restarted, &[("ollama_base_url", None)]).await.unwrap();
        assert_eq!(view(&restarted, &world, "ollama_base_url").source, Source::Environment);
        assert_eq!(restarted.text("ollama_base_url"), "http://env");
        settings.load(&world.store).await.unwrap();
        assert_eq!(settings.text("ollama_base_url"), "http://env", "another server hears of it");
    }
}

#[test]
fn the_names_that_operators_have_keep_working() {
    for (name, value, key) in [
        ("SECRET_KEY", "s", "secret_key"),
        ("DEBUG", "True", "debug"),
        ("ALLOWED_HOSTS", "a.example,.b.example", "allowed_hosts"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example", "cors_allowed_origins"),
        ("CORS_ALLOW_CREDENTIALS", "1", "cors_allow_credentials"),
        ("SECURE_SSL_REDIRECT", "on", "secure_ssl_redirect"),
        ("SECURE_HSTS_SECONDS", "31536000", "secure_hsts_seconds"),
        ("SECURE_HSTS_INCLUDE_SUBDOMAINS", "true", "secure_hsts_include_subdomains"),
        ("SECURE_HSTS_PRELOAD", "true", "secure_hsts_preload"),
        ("JWT_SECRET_KEY", "j", "jwt_secret_key"),
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "5", "jwt_access_token_expire_minutes"),
        ("JWT_REFRESH_TOKEN_EXPIRE_DAYS", "9", "jwt_refresh_token_expire_days"),
        ("OPENAI_API_KEY", "k", "openai_api_key"),
        ("OPENAI_BASE_URL", "http://o/v1", "openai_base_url"),
        ("OLLAMA_BASE_URL", "http://o", "ollama_base_url"),
        ("GEMINI_API_KEY", "k", "gemini_api_key"),
        ("ANTHROPIC_API_KEY", "k", "anthropic_api_key"),
        ("DEFAULT_LLM_PROVIDER", "ollama", "default_provider"),
        ("DEFAULT_MODEL", "m", "default_model"),
        ("N8N_BASE_URL", "http://n", "n8n_base_url"),
        ("N8N_API_KEY", "k", "n8n_api_key"),
        ("ATRIUM_LISTEN", "0.0.0.0:80", "listen"),
        ("ATRIUM_DATA", "/srv", "data"),
        ("DATABASE_URL", "postgres://a/b", "database_url"),
        ("RUST_LOG", "debug", "log_level"),
        ("EMAIL_HOST", "smtp.example", "smtp_host"),
        ("EMAIL_PORT", "2525", "smtp_port"),
        ("EMAIL_HOST_USER", "u", "smtp_user"),
        ("EMAIL_HOST_PASSWORD", "p", "smtp_password"),
        ("DEFAULT_FROM_EMAIL", "Atrium <a@b.example>", "mail_from"),
    ] {
        let boot = from_env(&[(name, value)]).unwrap();
        assert_eq!((boot.text(key), boot.source(key)), (value, Source::Environment), "{name}");
        let boot = resolve(None, &[(name, value)], &[]).unwrap();
        assert_eq!((boot.text(key), boot.source(key)), (value, Source::DotEnv), "{name} in .env");
    }
    assert_eq!(
        from_env(&[("ATRIUM_LOG", "warn"), ("RUST_LOG", "debug")]).unwrap().text("log_level"),
        "warn",
        "our own name first"
    );
    assert_eq!(
        from_env(&[("ATRIUM_LOG", ""), ("RUST_LOG", "debug")]).unwrap().text("log_level"),
        "debug",
        "an empty one is none"
    );
    assert_eq!(
        resolve(None, &[("DEFAULT_MODEL", "m")], &[("DEFAULT_MODEL", "")]).unwrap().text("default_model"),
        "m",
        "an empty one hides nothing"
    );
    let hosts = from_env(&[("ALLOWED_HOSTS", " a , ,b ")]).unwrap();
    assert_eq!(hosts.list("allowed_hosts").collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn mysql_is_refused_with_a_sentence() {
    for name in ["MYSQL_HOST", "BACKEND_DB", "BACKEND_DB_HOST"] {
        for outcome in [from_env(&[(name, "x")]), resolve(None, &[(name, "x")], &[])] {
            let message = outcome.unwrap_err();
            assert!(
                message.contains(name) && message.contains("MySQL") && message.contains("DATABASE_URL"),
                "{message}"
            );
        }
    }
}

#[test]
fn the_pieces_of_a_postgres_address_are_put_together() {
    let all = [
        ("DB_NAME", "at/rium"),
        ("DB_HOST", "db.example"),
        ("DB_USER", "a@da"),
        ("DB_PASSWORD", "p:w/d?#é"),
        ("DB_PORT", "5433"),
    ];
    let boot = from_env(&all).unwrap();
    assert_eq!(boot.text("database_url"), "postgres://a%40da:p%3Aw%2Fd%3F%23%C3%A9@db.example:5433/at%2Frium");
    assert_eq!(boot.source("database_url"), Source::Environment);
    let options: sqlx::postgres::PgConnectOptions = boot.text("database_url").parse().unwrap();
    assert_eq!(
        (options.get_host(), options.get_port(), options.get_username(), options.get_database()),
        ("db.example", 5433, "a@da", Some("at/rium"))
    );
    let few = resolve(None, &[("DB_NAME", "atrium"), ("DB_HOST", "db")], &[]).unwrap();
    assert_eq!(
        (few.text("database_url"), few.source("database_url")),
        ("postgres://postgres:@db:5432/atrium", Source::DotEnv)
    );
    let both = from_env(&[("DB_NAME", "x"), ("DB_HOST", "y"), ("DATABASE_URL", "postgres://z/w")]).unwrap();
    assert_eq!(both.text("database_url"), "postgres://z/w", "DATABASE_URL comes first");
    assert_eq!(from_env(&[("DB_NAME", "x")]).unwrap().text("database_url"), "", "half an address is none");
}

#[test]
fn djangos_switches_say_how_the_mail_server_is_reached() {
    for (env, expected) in [
        (&[][..], "starttls"),
        (&[("EMAIL_USE_TLS", "True")], "starttls"),
        (&[("EMAIL_USE_SSL", "True")], "tls"),
        (&[("EMAIL_USE_TLS", "False")], "none"),
        (&[("EMAIL_USE_TLS", "False"), ("EMAIL_USE_SSL", "True")], "tls"),
        (&[("EMAIL_USE_TLS", "True"), ("EMAIL_USE_SSL", "False")], "starttls"),
        (&[("EMAIL_USE_SSL", "True"), ("ATRIUM_SMTP_TLS", "none")], "none"),
    ] {
        assert_eq!(from_env(env).unwrap().text("smtp_tls"), expected, "{env:?}");
    }
    for (name, value) in [("EMAIL_USE_TLS", "perhaps"), ("ATRIUM_SMTP_TLS", "ssl"), ("DEFAULT_FROM_EMAIL", "nobody")] {
        assert!(from_env(&[(name, value)]).unwrap_err().contains(if name.starts_with("DEFAULT") {
            "ATRIUM_MAIL_FROM"
        } else {
            name
        }));
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let refused = |outcome: Result<Boot, String>, part: &str| {
        let message = outcome.unwrap_err();
        assert!(message.contains(part), "{message}");
    };
    refused(resolve(Some("opnai_api_key = 'x'"), &[], &[]), "opnai_api_key");
    refused(resolve(Some("[server]\nlisten = 'x'"), &[], &[]), "server");
    refused(resolve(Some("listen = "), &[], &[]), "atrium.toml cannot be read");
    refused(from_env(&[("DEBUG", "perhaps")]), "DEBUG");
    refused(from_env(&[("SECURE_HSTS_SECONDS", "a year")]), "SECURE_HSTS_SECONDS");
    refused(from_env(&[("OPENAI_BASE_URL", "localhost:8000")]), "OPENAI_BASE_URL");
    refused(from_env(&[("CORS_ALLOW_ALL_ORIGINS", "true")]), "CORS_ALLOW_ALL_ORIGINS");
    refused(from_env(&[("CORS_ALLOW_ALL_ORIGINS", "true"), ("DEBUG", "false")]), "DEBUG");
    assert!(from_env(&[("CORS_ALLOW_ALL_ORIGINS", "true"), ("DEBUG", "1")]).unwrap().flag("cors_allow_all_origins"));
    assert!(from_env(&[("UNRELATED", "x"), ("PATH", "/bin")]).is_ok());
}

#[test]
fn a_file_may_say_things_in_its_own_types() {
    let file = "debug = true\nsecure_hsts_seconds = 60\nallowed_hosts = ['a', 'b']\nopenai_base_url = 'http://x/v1'";
    let boot = resolve(Some(file), &[], &[]).unwrap();
    assert!(boot.flag("debug"));
    assert_eq!(
        (boot.text("secure_hsts_seconds"), boot.text("allowed_hosts"), boot.source("debug")),
        ("60", "a,b", Source::File)
    );
}

#[test]
fn the_documented_examples_hold() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
    let file = std::fs::read_to_string(format!("{root}atrium.toml.example")).unwrap();
    resolve(Some(&file), &[], &[]).expect("atrium.toml.example is taken as it is");
    // With every line in force no name is unknown.
    for line in file
        .lines()
        .filter_map(|it| it.strip_prefix('#'))
        .map(str::trim)
        .filter(|it| it.split_once('=').is_some_and(|(name, _)| !name.trim().contains(' ')))
    {
        let name = line.split('=').next().unwrap().trim();
        assert!(find(name).is_some(), "atrium.toml.example names {name}");
    }
}

#[test]
fn keys_are_named_once_and_their_defaults_are_sound() {
    for (at, key) in KEYS.iter().enumerate() {
        assert!(
            KEYS[at + 1..].iter().all(|it| it.name != key.name && it.env.iter().all(|name| !key.env.contains(name))),
            "{}",
            key.name
        );
        assert!(key.kind.check(key.default).is_ok(), "{}", key.name);
        assert!(key.kind != Kind::Secret || key.default.is_empty(), "{}", key.name);
    }
    assert_eq!(
        [parse_flag("YES"), parse_flag("off"), parse_flag(""), parse_flag("2")],
        [Some(true), Some(false), Some(false), None]
    );
}

#[tokio::test]
async fn secrets_are_sealed_and_never_shown() {
    for world in worlds().await {
        let settings = Settings::new(from_env(&[]).unwrap(), Seal::new("one"));
        assert_eq!(view(&settings, &world, "openai_api_key").source, Source::BuiltIn);
        change(&world, &settings, &[("openai_api_key", Some(KEY))]).await.unwrap();
        let stored: Vec<(String, String)> =
            world.store.as_system("test").all("SELECT name, value FROM settings", args![]).await.unwrap();
        assert_eq!(stored.len(), 1);
        assert!(
            !stored[0].1.contains(KEY)
                && !stored[0].1.contains("geheim")
                && !stored[0].1.contains(&crate::seal::hex(KEY.as_bytes()))
        );
        let shown = view(&settings, &world, "openai_api_key");
        assert_eq!((shown.value.as_str(), shown.source, shown.is_secret), ("", Source::Database, true));
        assert!(!format!("{settings:?}").contains(KEY), "the debug form may end up in a log");
        use secrecy::ExposeSecret as _;
        assert_eq!(settings.secret("openai_api_key").unwrap().expose_secret(), KEY);

        let same = Settings::new(from_env(&[]).unwrap(), Seal::new("one"));
        same.load(&world.store).await.unwrap();
        assert_eq!(same.text("openai_api_key"), KEY);
        let other = Settings::new(from_env(&[("OPENAI_API_KEY", "from-env")]).unwrap(), Seal::new("two"));
        other.load(&world.store).await.expect("a secret that cannot be opened keeps nobody out");
        assert_eq!(other.text("openai_api_key"), "from-env");
        assert_eq!(view(&other, &world, "openai_api_key").source, Source::Environment);
        change(&world, &other, &[("openai_api_key", Some("again"))]).await.unwrap();
        assert_eq!(other.text("openai_api_key"), "again", "set again it counts again");
    }
}

#[tokio::test]
async fn changes_are_all_or_none() {
    for world in worlds().await {
        let settings = Settings::new(from_env(&[]).unwrap(), Seal::new("one"));
        let outcome = change(
            &world,
            &settings,
            &[
                ("ollama_base_url", Some("http://ok")),
                ("openai_base_url", Some("ftp://no")),
                ("no_such", Some("x")),
                ("listen", Some("x")),
                ("default_provider", Some("skynet")),
            ],
        )
        .await;
        let Err(Error::Invalid(fields)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(
            fields.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(),
            ["openai_base_url", "no_such", "listen", "default_provider"]
        );
        assert_eq!(settings.text("ollama_base_url"), "http://127.0.0.1:11434");
        let (count,): (i64,) =
            world.store.as_system("test").optional("SELECT COUNT(*) FROM settings", args![]).await.unwrap().unwrap();
        assert_eq!(count, 0);
        change(&world, &settings, &[("registration_open", Some("false")), ("default_provider", Some("ollama"))])
            .await
            .unwrap();
        assert!(!settings.flag("registration_open"));
        assert_eq!(settings.text("default_provider"), "ollama");
        change(&world, &settings, &[("default_model", Some("m\0odel"))]).await.unwrap();
    }
}

#[tokio::test]
async fn only_administrators_of_the_server_see_and_change_settings() {
    for world in worlds().await {
        let settings = &world.settings;
        assert!(matches!(settings.list(&world.bob), Err(Error::Forbidden(_))));
        let changes = vec![("registration_open".to_owned(), Some("false".to_owned()))];
        let outcome =
            settings.change(&world.store, &world.ports, Actor { viewer: &world.bob, address: "test" }, changes).await;
        assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
        assert!(settings.flag("registration_open"));
    }
}

#[test]
fn what_would_have_no_effect_is_refused_at_the_start() {
    for (name, value, part) in [
        ("ATRIUM_LOG", "verbose", "error, warn, info"),
        ("ATRIUM_LOG", "info,atrium_domain=loud", "error, warn, info"),
        ("RUST_LOG", "verbose", "ATRIUM_LOG"),
        ("ATRIUM_GUEST_TEMPERATURE", "9", "from 0 to 2"),
        ("ATRIUM_GUEST_TEMPERATURE", "warm", "from 0 to 2"),
        ("ATRIUM_TRUSTED_PROXIES", "10.0.0.0/33", "10.0.0.0/8"),
        ("ATRIUM_TRUSTED_PROXIES", "127.0.0.1, proxy", "addresses and networks"),
    ] {
        let told = from_env(&[(name, value)]).map(|_| ()).unwrap_err();
        assert!(told.contains(part), "{name}={value}: {told}");
    }
    for (name, value) in [
        ("ATRIUM_LOG", "WARN"),
        ("ATRIUM_LOG", "info,atrium_domain=debug, hyper=off"),
        ("ATRIUM_LOG", "[request{method=GET,path=/}]=debug"),
        ("ATRIUM_GUEST_TEMPERATURE", "0,5"),
    ] {
        from_env(&[(name, value)]).unwrap();
    }
    let redirect = ("SECURE_SSL_REDIRECT", "true");
    assert!(from_env(&[redirect]).unwrap().redirects_nowhere());
    assert!(from_env(&[redirect, ("ATRIUM_PUBLIC_URL", "http://a.example")]).unwrap().redirects_nowhere());
    assert!(!from_env(&[redirect, ("ATRIUM_PUBLIC_URL", "https://a.example")]).unwrap().redirects_nowhere());
}

#[test]
fn proxies_are_named_by_address_or_network() {
    let boot = from_env(&[("ATRIUM_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,fd00::/8")]).unwrap();
    for (address, is_trusted) in [
        ("127.0.0.1", true),
        ("127.0.0.2", false),
        ("10.1.2.3", true),
        ("::ffff:10.1.2.3", true),
        ("11.0.0.1", false),
        ("fd00::1", true),
        ("fe80::1", false),
    ] {
        assert_eq!(boot.trusts(address.parse().unwrap()), is_trusted, "{address}");
    }
    assert!(!from_env(&[]).unwrap().trusts("127.0.0.1".parse().unwrap()));
}

#[test]
fn a_line_that_cannot_be_read_is_named_without_its_value() {
    let folder = tempfile::tempdir().unwrap();
    for (text, parts) in [
        ("# mail\nA=1\n\nSMTP_PASSWORD=correct horse geheim\n", &["line 4", "SMTP_PASSWORD"][..]),
        ("A='one\ntwo'\nexport B=\"geheim\nC=2\n", &["line 3", "(B)"]),
        ("A=1\r\ngeheim horse\r\n", &["line 2", "NAME=value"]),
        ("ge heim=x\n", &["line 1:"]),
    ] {
        std::fs::write(folder.path().join(".env"), text).unwrap();
        let told = Layers::read_dot_env(folder.path()).unwrap_err();
        assert!(parts.iter().all(|it| told.contains(it)), "{text}: {told}");
        assert!(!told.contains("geheim") && !told.contains("heim") && !told.contains("horse"), "{told}");
    }
    let told = resolve(Some("data = 'x'\nsmtp_password = 'geheim\n"), &[], &[]).map(|_| ()).unwrap_err();
    assert!(told.contains("line 2") && !told.contains("geheim"), "{told}");
}

//! Starts a sandbox and a server beside each other, on one clock, and a shop that sells.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use jiff::Timestamp;
use klarna_sandbox::{Config, Sandbox};
use kvitt_engine::{Account, Accounts, Clock, Engine, IdSource, Parts, RandomIds, Settings};
use kvitt_server::ServerConfig;
use kvitt_server::users::{self, Password, UserName};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::shop;

/// The sandbox's clock, so that moving it moves both sides.
struct SandboxClock(Sandbox);

#[async_trait]
impl Clock for SandboxClock {
    async fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// All of it, running until this is dropped.
pub(super) struct Running {
    /// Where the server listens.
    pub(super) server: SocketAddr,
    /// Where the sandbox listens.
    pub(super) sandbox: SocketAddr,
    /// Where the shop listens.
    pub(super) shop: SocketAddr,
    /// A key to the merchant API.
    pub(super) key: SecretString,
    /// Who signs in to the dashboard.
    pub(super) user: String,
    /// With which password.
    pub(super) password: SecretString,
    /// Ends when one of the three does.
    pub(super) tasks: JoinSet<Result<()>>,
}

/// Starts Klarna, kvitt and a shop, with kvitt's data in a folder.
pub(super) async fn start(
    folder: &Path,
    server_listener: TcpListener,
    sandbox_listener: TcpListener,
    shop_listener: TcpListener,
) -> Result<Running> {
    let (server, sandbox) = (server_listener.local_addr()?, sandbox_listener.local_addr()?);
    let shop = shop_listener.local_addr()?;

    let klarna = Sandbox::new(Config::default());
    let client = klarna::Client::builder()
        .base_url(klarna::BaseUrl::custom(&format!("http://{sandbox}"))?)
        .credentials(klarna::Credentials::username_password("demo", "demo"))
        .user_agent(concat!("kvitt/", env!("CARGO_PKG_VERSION")))
        .build()?;
    let account = Account::new("sandbox", client);
    let database = folder.join("kvitt.sqlite");
    let ledger = kvitt_ledger::open(&format!("sqlite:{}", database.display()))
        .await
        .with_context(|| format!("the demo's ledger {} cannot be opened", database.display()))?;
    let ids: Arc<dyn IdSource> = Arc::new(RandomIds);
    let mut settings = Settings::new(format!("http://{server}").parse()?);
    // Whoever tries it out takes webhooks on the same machine.
    settings.webhooks.allow_private = true;
    let engine = Engine::new(Parts {
        ledger,
        accounts: Accounts::new([account])?,
        clock: Arc::new(SandboxClock(klarna.clone())),
        ids: Arc::clone(&ids),
        settings,
    });
    let (_, key) =
        kvitt_server::api_keys::create(engine.ledger(), ids.as_ref(), "demo", engine.now().await)
            .await?;

    let password = password(ids.as_ref());
    let user = operator(&engine, ids.as_ref(), &password).await?;

    let router = kvitt_server::router(ServerConfig::new(engine.clone(), Arc::clone(&ids)));
    let seen_by_shop = shop::Kvitt {
        server: format!("http://{server}"),
        key: key.clone(),
        http: reqwest::Client::builder().build()?,
    };
    let shop_router =
        shop::router(seen_by_shop, &format!("http://{sandbox}"), format!("http://{shop}"), ids);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { Ok(axum::serve(shop_listener, shop_router).await?) });
    tasks.spawn(async move { Ok(klarna.serve(sandbox_listener).await?) });
    tasks.spawn(async move { Ok(axum::serve(server_listener, router).await?) });
    tasks.spawn(async move {
        engine.work().await;
        Ok(())
    });
    Ok(Running { server, sandbox, shop, key, user, password, tasks })
}

/// A user for the dashboard, with this password: a new one, or the one that an earlier demo made
/// in the same folder.
async fn operator(engine: &Engine, ids: &dyn IdSource, password: &SecretString) -> Result<String> {
    let ledger = engine.ledger();
    let name: UserName = "demo".parse()?;
    let password = Password::new(password.clone())?;
    match ledger.user_by_name(name.as_str()).await? {
        None => {
            users::create(ledger, ids, &name, &password, engine.now().await).await?;
        }
        Some(user) if user.revoked_at.is_some() => bail!(
            "the user {} is revoked in the demo's ledger: give another folder with --data DIR",
            user.name
        ),
        Some(user) => {
            users::set_password(ledger, ids, user.id, &password).await?;
        }
    }
    Ok(name.as_str().to_owned())
}

/// A random password that can be typed: 80 bits in four groups.
fn password(ids: &dyn IdSource) -> SecretString {
    let secret = ids.secret();
    let digits: Vec<char> = secret.expose_secret().chars().take(20).collect();
    let groups: Vec<String> = digits.chunks(5).map(|group| group.iter().collect()).collect();
    SecretString::from(groups.join("-"))
}

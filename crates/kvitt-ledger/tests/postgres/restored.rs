//! A ledger whose database was restored from a dump, and databases that only look like it.

use kvitt_testing::{Database, Server};

use crate::open;
use crate::suite::sample::{moment, sale, step};

/// A server with a database, and a ledger in it that was opened and has a sale.
async fn written() -> (Server, Database) {
    let server = Server::start(&[]);
    let database = server.database();
    open(&database.url()).await.append(step(sale(1), 0)).await.unwrap();
    (server, database)
}

#[tokio::test]
async fn it_is_frozen_where_it_is_opened_first_and_says_why() {
    let (server, database) = written().await;
    let dump = server.dump(database.name());
    let elsewhere = Server::start(&[]);
    for restored in [server.database(), elsewhere.database()] {
        restored.sql(&dump);

        let frozen = open(&restored.url()).await.frozen().await.unwrap().unwrap();
        assert!(frozen.because.contains("restored from a dump"), "{frozen:?}");
        let ledger = open(&restored.url()).await;
        assert_eq!(ledger.frozen().await.unwrap(), Some(frozen), "until somebody says otherwise");
        assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);

        assert!(ledger.thaw().await.unwrap());
        assert_eq!(open(&restored.url()).await.frozen().await.unwrap(), None);
    }
    assert_eq!(open(&database.url()).await.frozen().await.unwrap(), None, "the dumped one acts");
}

/// `pg_restore --clean` puts a dump where the database was.
#[tokio::test]
async fn a_dump_that_is_restored_in_place_is_noticed() {
    let (server, database) = written().await;
    let dump = server.dump(database.name());
    database.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    database.sql(&dump);
    assert!(open(&database.url()).await.frozen().await.unwrap().is_some());
}

#[tokio::test]
async fn what_somebody_said_before_stays_said() {
    let (server, database) = written().await;
    open(&database.url()).await.freeze(moment(0), "moved").await.unwrap();
    let restored = server.database();
    restored.sql(&server.dump(database.name()));
    let frozen = open(&restored.url()).await.frozen().await.unwrap().unwrap();
    assert_eq!((frozen.since, &*frozen.because), (moment(0), "moved"));
}

#[tokio::test]
async fn upkeep_and_restarts_freeze_nothing() {
    let (mut server, database) = written().await;
    database.sql("VACUUM FULL; REINDEX TABLE event");
    // Nobody is connected after it.
    server.restart();
    let renamed = format!("{}_renamed", database.name());
    server.sql("postgres", &format!("ALTER DATABASE {} RENAME TO {renamed}", database.name()));
    let ledger = open(&server.url(&renamed)).await;
    assert_eq!(ledger.frozen().await.unwrap(), None);
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
}

/// A server may keep its number from its users. Nothing is known then, and nothing is in the way.
#[tokio::test]
async fn a_server_that_does_not_tell_its_number_is_used() {
    let (server, database) = written().await;
    let restored = server.database();
    restored.sql(&server.dump(database.name()));
    restored.sql(
        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC;
         CREATE ROLE shop LOGIN;
         GRANT ALL ON ALL TABLES IN SCHEMA public TO shop;
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO shop",
    );
    let of_shop = restored.url().replace("postgres://postgres@", "postgres://shop@");
    let ledger = open(&of_shop).await;
    assert_eq!(ledger.frozen().await.unwrap(), None);
    ledger.append(step(sale(1), 1)).await.unwrap();
}

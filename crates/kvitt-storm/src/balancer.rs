//! The one address under which Klarna reaches the replicas, as a shop's load balancer has it: each
//! connection goes to the next replica that takes it, and breaks with it.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::Error;
use crate::doors::Addresses;

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Balancer {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Balancer {
    pub(crate) async fn start(replicas: Arc<Addresses>) -> Result<Self, Error> {
        let bound = TcpListener::bind("127.0.0.1:0").await;
        let listener = bound.map_err(Error::io("the load balancer has no port"))?;
        let address = listener.local_addr().map_err(Error::io("the load balancer's address"))?;
        let task = tokio::spawn(async move {
            for nth in 0_usize.. {
                // One that was gone before it was taken is none.
                let Ok((client, _)) = listener.accept().await else { continue };
                let replicas = Arc::clone(&replicas);
                tokio::spawn(async move { pass(client, &replicas, nth).await });
            }
        });
        Ok(Self { address, task })
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Passes a connection on; where no replica takes it, it is closed.
async fn pass(mut client: TcpStream, replicas: &Addresses, nth: usize) {
    for replica in nth..nth + replicas.count() {
        let Some(address) = replicas.of(replica) else { continue };
        if let Ok(mut server) = TcpStream::connect(address).await {
            // However it ends, both sides see it end.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}

//! The embedded broker: the crate `mqtt5`, speaking 3.1.1 and 5.0 over TCP for devices and over WebSocket for
//! browsers. It keeps everything in memory, lets everybody in, and must therefore never serve a real fleet.
//! Started by the binary and by tests.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use mqtt5::broker::config::{StorageBackend, StorageConfig, WebSocketConfig};
use mqtt5::broker::{BrokerConfig, BrokerShutdownHandle, MqttBroker};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::listen::{self, Host, Port, StartError};

/// Where the broker listens. Port 0 takes a free one; [`Broker::tcp`] and [`Broker::websocket`] tell which.
#[derive(Clone, Debug)]
pub struct BrokerOptions {
    /// MQTT over TCP.
    pub tcp: SocketAddr,
    /// MQTT over WebSocket.
    pub websocket: SocketAddr,
    /// The path of the WebSocket address.
    pub path: String,
}

impl Default for BrokerOptions {
    /// Free ports on loopback, path `/mqtt`: what a test wants.
    fn default() -> BrokerOptions {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        BrokerOptions { tcp: free, websocket: free, path: "/mqtt".to_owned() }
    }
}

/// A running broker. Dropping it ends it at once; [`Broker::stop`] also waits until the ports are free again.
pub struct Broker {
    tcp: SocketAddr,
    websocket: SocketAddr,
    path: String,
    shutdown: BrokerShutdownHandle,
    running: JoinHandle<()>,
}

impl Broker {
    /// Starts a broker and returns when both of its ports answer.
    pub async fn start(options: BrokerOptions) -> Result<Broker, StartError> {
        listen::check_free(Port::Tcp, options.tcp).await?;
        listen::check_free(Port::WebSocket, options.websocket).await?;

        let memory = StorageConfig::new().with_backend(StorageBackend::Memory);
        let websocket =
            WebSocketConfig::new().with_bind_addresses(vec![options.websocket]).with_path(&options.path);
        let config = BrokerConfig::default()
            .with_bind_address(options.tcp)
            .with_websocket(websocket)
            .with_storage(memory)
            // The default of 10,000 is also where the delivery of retained QoS 0 messages stops, without a word:
            // a board that subscribes to more topics would show a part of the fleet. The channel takes memory
            // only for what waits in it.
            .with_client_channel_capacity(200_000);

        let mut broker = MqttBroker::with_config(config)
            .await
            .map_err(|error| StartError::Other(Port::Tcp, options.tcp, error.to_string()))?;
        let tcp = broker.local_addr().ok_or(StartError::NotAnswering(Port::Tcp, options.tcp))?;
        // A WebSocket address that cannot be had is only a line in mqtt5's log; here it must be an error.
        let websocket =
            broker.ws_local_addr().ok_or(StartError::InUse(Port::WebSocket, options.websocket))?;

        let shutdown = broker.shutdown_handle();
        let mut ready = broker.ready_receiver();
        let running = tokio::spawn(async move {
            // It returns an error only for a second run.
            let _ = broker.run().await;
        });
        let started = Broker { tcp, websocket, path: options.path, shutdown, running };

        // The accept loops start here; before, a connection would wait in the kernel's queue.
        let _ = timeout(Duration::from_secs(5), ready.wait_for(|ready| *ready)).await;
        listen::wait_until_answering(Port::Tcp, tcp).await?;
        listen::wait_until_answering(Port::WebSocket, websocket).await?;
        Ok(started)
    }

    /// The TCP address, with the real port.
    pub fn tcp(&self) -> SocketAddr {
        self.tcp
    }

    /// The WebSocket address, with the real port.
    pub fn websocket(&self) -> SocketAddr {
        self.websocket
    }

    /// The URL for a browser on this machine: `ws://127.0.0.1:9001/mqtt`.
    pub fn url(&self) -> String {
        let at = listen::dialable(self.websocket);
        format!("ws://{}:{}{}", Host(at.ip()), at.port(), self.path)
    }

    /// Ends the broker and every connection to it; returns when the ports are free again.
    pub async fn stop(mut self) {
        self.shutdown.shutdown();
        if timeout(Duration::from_secs(5), &mut self.running).await.is_err() {
            self.running.abort();
            let _ = (&mut self.running).await;
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.shutdown.shutdown();
        self.running.abort();
    }
}

//! Serves the built page from `dist/` as a static host does: over http or https, at the root and in a folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tower_http::services::ServeDir;

/// A static host on a loopback port, with the page at `/` and again at `/some/folder/`.
pub struct Site {
    origin: String,
    handle: Handle<SocketAddr>,
}

impl Site {
    /// The page over http.
    pub async fn http() -> Site {
        Site::with(&[]).await
    }

    /// The page over http, and below `/<name>/` what lies in these folders.
    pub async fn with(folders: &[(&str, &Path)]) -> Site {
        let pages = folders.iter().fold(pages(), |pages, (name, folder)| {
            pages.nest_service(&format!("/{name}"), ServeDir::new(folder))
        });
        let handle = Handle::new();
        let server = axum_server::bind(any_port()).handle(handle.clone());
        tokio::spawn(server.serve(pages.into_make_service()));
        Site::listening("http", handle).await
    }

    /// The page over https, with a self-signed certificate, which the tests' browser accepts.
    pub async fn https() -> Site {
        // The error means that another test has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let signed = rcgen::generate_simple_self_signed(names).expect("two plain names make a certificate");
        let (certificate, key) = (signed.cert.pem(), signed.signing_key.serialize_pem());
        let tls = RustlsConfig::from_pem(certificate.into_bytes(), key.into_bytes());
        let tls = tls.await.expect("the certificate was made a line above");
        let handle = Handle::new();
        let server = axum_server::bind_rustls(any_port(), tls).handle(handle.clone());
        tokio::spawn(server.serve(pages().into_make_service()));
        Site::listening("https", handle).await
    }

    async fn listening(scheme: &str, handle: Handle<SocketAddr>) -> Site {
        let address = handle.listening().await.expect("a loopback port can be bound");
        Site { origin: format!("{scheme}://{address}"), handle }
    }

    /// The address of the page with this query or fragment behind it.
    pub fn page(&self, query: &str) -> String {
        format!("{}/{query}", self.origin)
    }

    /// The same page in a folder of the host.
    pub fn page_in_a_folder(&self, query: &str) -> String {
        format!("{}/some/folder/{query}", self.origin)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn pages() -> Router {
    let dist = std::env::var_os("WILLOW_DIST")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../dist")), PathBuf::from);
    let index = dist.join("index.html");
    assert!(index.is_file(), "{} is not there: `cargo xtask build` makes it.", index.display());
    Router::new().nest_service("/some/folder", ServeDir::new(&dist)).fallback_service(ServeDir::new(&dist))
}

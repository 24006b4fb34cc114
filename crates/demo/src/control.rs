//! The same orders over HTTP, for programs on this machine: `GET /devices` and `POST /devices/<id>/<action>`.
//! It never listens beyond loopback and never obeys a web page; the binary and tests start it.
//!
//! Any page in the visitor's browser can send requests to localhost, so three things are checked. `Origin`: a
//! browser adds it to every cross-site POST and no program needs it. `X-Willow-Control: 1` for orders: a page
//! cannot set it without a preflight, which is not answered. `Host`: a name that was rebound to 127.0.0.1 is
//! not ours. There are no CORS headers, so a page cannot read the list either.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::command;
use crate::device::{Action, Device};
use crate::fleet::Fleet;
use crate::listen::{Port, StartError};

/// The header that every order must carry, with the value `1`.
pub const HEADER: &str = "x-willow-control";

/// The running control; dropping it ends it.
pub struct Control {
    address: SocketAddr,
    running: JoinHandle<()>,
}

impl Control {
    /// Listens on a loopback address; port 0 takes a free one.
    pub async fn start(address: SocketAddr, fleet: Arc<Fleet>) -> Result<Control, StartError> {
        if !address.ip().is_loopback() {
            return Err(StartError::NotLoopback(address));
        }
        let failed = |error| StartError::from_io(Port::Control, address, &error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let routes = Router::new()
            .route("/devices", get(devices))
            .route("/devices/{id}/{action}", post(act))
            .fallback(elsewhere)
            .method_not_allowed_fallback(elsewhere)
            .layer(middleware::from_fn(guard))
            .with_state(fleet);
        let running = tokio::spawn(async move {
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Control { address, running })
    }

    /// The address, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Lets pass what a program on this machine sends.
async fn guard(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let refused = if headers.contains_key(header::ORIGIN) {
        Some("Requests from web pages (with an Origin) are not answered.")
    } else if !names_this_machine(headers) {
        Some("The Host must be 127.0.0.1, [::1] or localhost.")
    } else if request.method() != Method::GET && headers.get(HEADER).is_none_or(|value| value != "1") {
        Some("An order needs the header X-Willow-Control: 1, so that no web page can give one.")
    } else {
        None
    };
    match refused {
        Some(why) => sentence(StatusCode::FORBIDDEN, why),
        None => next.run(request).await,
    }
}

fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

async fn devices(Shared(fleet): Shared<Arc<Fleet>>) -> Response {
    let list: Vec<Value> = fleet.devices().iter().map(|device| described(device)).collect();
    ([(header::CONTENT_TYPE, "application/json")], Value::from(list).to_string()).into_response()
}

fn described(device: &Device) -> Value {
    let profile = device.profile();
    json!({
        "id": profile.id,
        "convention": profile.convention.slug(),
        "topic": profile.topic,
        "state": device.state().word(),
    })
}

/// The id comes percent-decoded, so that `garage%2Fcam` is one.
async fn act(
    Shared(fleet): Shared<Arc<Fleet>>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Response {
    let Ok(Path((target, word))) = path else {
        return sentence(StatusCode::BAD_REQUEST, "The id must be percent-encoded UTF-8.");
    };
    let Some(action) = Action::from_word(&word) else {
        let words = Action::ALL.map(Action::word).join(", ");
        return sentence(StatusCode::BAD_REQUEST, format!("“{word}” is no action. There are: {words}."));
    };
    match command::act(&fleet, &target, action).await {
        Err(unknown) => sentence(StatusCode::NOT_FOUND, unknown.to_string()),
        Ok((followed, said)) if followed > 0 || command::is_group(&target) => sentence(StatusCode::OK, said),
        Ok((_, said)) => sentence(StatusCode::CONFLICT, said),
    }
}

async fn elsewhere() -> Response {
    sentence(
        StatusCode::NOT_FOUND,
        "There are GET /devices and POST /devices/<id>/<action>, with / in an id written as %2F.",
    )
}

fn sentence(status: StatusCode, text: impl Into<String>) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text.into() + "\n").into_response()
}

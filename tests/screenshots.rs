//! Pictures of the board with the demo's fleet, at desk and phone width, light and dark, in both languages:
//! written to `target/screenshots/`, and looked at for what a machine can see.

use std::net::SocketAddr;

use demo::broker::{Broker, BrokerOptions};
use demo::device::Action;
use demo::fleet::{Fleet, FleetOptions};
use harness::{Mosquitto, MosquittoOptions, Site, Visit, free_port, visit};

#[tokio::test]
async fn the_board_in_every_light() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let broker = Broker::start(BrokerOptions { tcp: any, websocket: any, ..BrokerOptions::default() }).await;
    let broker = broker.expect("free ports");
    let fleet = Fleet::start(FleetOptions::new(broker.tcp(), 40)).await.expect("the fleet connects");
    let site = Site::http().await;
    for (language, word) in [("en-US", "online"), ("zh-CN", "在线")] {
        for dark in [false, true] {
            for (width, height) in [(1440, 900), (390, 844)] {
                let url = site.page(&format!("?broker={}", broker.url()));
                let how =
                    Visit { dark, language: language.to_owned(), ..Visit::new(url).sized(width, height) };
                visit(how, async |page| {
                    page.until_snapshot("complete").await;
                    page.until_count("online", 40).await;
                    for victim in &fleet.devices()[..2] {
                        victim.act(Action::Kill).await.expect("the device obeys");
                    }
                    for restless in &fleet.devices()[4..20] {
                        restless.act(Action::Kill).await.expect("the device obeys");
                        restless.act(Action::Return).await.expect("the device obeys");
                    }
                    page.until_count("offline", 2).await;
                    page.until_count("online", 38).await;
                    let text = page.text().await;
                    assert!(text.contains(word), "{language}:\n{text}");
                    let fits =
                        "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
                    page.until("nothing is wider than the window", fits).await;
                    let theme = if dark { "dark" } else { "light" };
                    page.screenshot(&format!("board-{width}-{theme}-{}", &language[..2])).await;
                    page.js("location.hash = '#/?view=wall'").await;
                    page.until("the wall", "return document.querySelector('.cells')?.width > 0").await;
                    page.until("nothing is wider than the window", fits).await;
                    page.screenshot(&format!("wall-{width}-{theme}-{}", &language[..2])).await;
                })
                .await;
                for victim in &fleet.devices()[..2] {
                    victim.act(Action::Return).await.expect("the device obeys");
                }
            }
        }
    }
    broker.stop().await;
}

/// The states that have to explain themselves.
#[tokio::test]
async fn states_that_explain_themselves() {
    let site = Site::http().await;
    let options = MosquittoOptions { stock_queue: true, ..MosquittoOptions::default() };
    let broker = Mosquitto::start(options).await;
    for (width, height) in [(1440, 900), (390, 844)] {
        let sized = |url: String| Visit::new(url).sized(width, height).with_failing_connections();
        let nowhere = format!("?broker=ws://127.0.0.1:{}/mqtt", free_port());
        let connected = format!("?broker={}", broker.websocket());
        visit(sized(site.page("")), async |page| {
            page.until("the form", "return !!document.querySelector('form.connection')").await;
            page.screenshot(&format!("first-visit-{width}")).await;
        })
        .await;
        visit(sized(site.page(&nowhere)), async |page| {
            page.until_link("waiting").await;
            page.until("why", "return !!document.querySelector('[data-diagnosis]')").await;
            page.screenshot(&format!("no-broker-{width}")).await;
        })
        .await;
        if width > 1_000 {
            visit(sized(site.page(&connected)), async |page| {
                page.until_snapshot("complete").await;
                page.screenshot(&format!("nobody-{width}")).await;
            })
            .await;
            broker.publish_many((0..1_500).map(|n| (format!("node{n}/status"), "online"))).await;
        }
        visit(sized(site.page(&connected)), async |page| {
            page.until_snapshot("cut").await;
            page.screenshot(&format!("cut-{width}")).await;
            page.js("document.querySelector('[data-link]').click()").await;
            page.until("the dialog", "return !!document.querySelector('dialog[open] form.connection')").await;
            page.screenshot(&format!("dialog-{width}")).await;
            page.js(
                "document.querySelector('dialog').close(); document.querySelector('details summary').click()",
            )
            .await;
            page.until("the filters", "return !!document.querySelector('details[open]')").await;
            page.screenshot(&format!("filters-{width}")).await;
        })
        .await;
    }
}

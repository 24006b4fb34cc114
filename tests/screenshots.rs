//! Pictures of the board with the demo's fleet, at desk and phone width, light and dark, in both languages:
//! written to `target/screenshots/`, and looked at for what a machine can see.

use std::net::SocketAddr;

use demo::broker::{Broker, BrokerOptions};
use demo::device::Action;
use demo::fleet::{Fleet, FleetOptions};
use harness::{Site, Visit, visit};

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
                    let fits = "return document.documentElement.scrollWidth <= innerWidth";
                    page.until("nothing is wider than the window", fits).await;
                    let theme = if dark { "dark" } else { "light" };
                    page.screenshot(&format!("board-{width}-{theme}-{}", &language[..2])).await;
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

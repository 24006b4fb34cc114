//! The examples of every convention, played to the page by a real broker.
//!
//! They are the same data that `crates/fleet` tests the fleet alone with, and that `docs/presence.md` shows. What
//! an example calls a replay is retained by mosquitto before the page subscribes.

use fleet::conventions::examples;
use fleet::conventions::examples::{Sequence, Step, Tile};
use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};

/// A single message, live: the tile that it makes, or none.
#[tokio::test]
async fn every_vector_makes_its_tile_or_none() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    let url = site.page(&format!("?broker={}", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("complete").await;
        for (convention, examples) in examples() {
            for vector in examples.vectors {
                broker.publish(vector.topic, vector.payload, false).await;
                if let Some((id, status)) = vector.means {
                    page.until_tile(&convention.slug, id, status.word(), "live").await;
                } else {
                    after_it(page, &broker).await;
                }
                let made = u32::from(vector.means.is_some());
                page.until_count("total", made).await;
                broker.publish(vector.topic, "", false).await;
                page.until_count("total", 0).await;
            }
        }
    })
    .await;
}

/// What was published before has come, and what it could have caused, when this has come and gone.
async fn after_it(page: &Page, broker: &Mosquitto) {
    broker.publish("after-it/status", "online", false).await;
    page.until_tile("esphome", "after-it", "online", "live").await;
    broker.publish("after-it/status", "", false).await;
    page.until("it is gone", "return !document.querySelector('[data-device=\"after-it\"]')").await;
}

/// A story: messages in an order, with the board's own link ending and returning.
#[tokio::test]
async fn every_sequence_ends_with_its_tiles() {
    let (site, mut broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    visit(Visit::new(site.page("")).with_failing_connections(), async |page| {
        let mut left_out = Vec::new();
        for sequence in examples().iter().flat_map(|(_, examples)| examples.sequences) {
            if !can_be_played(sequence) {
                left_out.push(sequence.what);
                continue;
            }
            // Without persistence, a broker that is started again has forgotten everything.
            broker.kill().await;
            broker.run().await;
            play(&site, page, &mut broker, sequence).await;
        }
        // A replay without a new subscription needs a broker that repeats itself.
        assert_eq!(left_out, ["the same, without a break of the link: the replay is no news"]);
    })
    .await;
}

/// Whether every replay stands where a real broker replays: before anything else on a link.
fn can_be_played(sequence: &Sequence) -> bool {
    let mut has_begun = false;
    sequence.steps.iter().all(|step| {
        has_begun = match step {
            Step::Replay(..) => return !has_begun,
            Step::LinkReturns => false,
            Step::Live(..) | Step::LinkEnds | Step::SnapshotEnds => true,
        };
        true
    })
}

async fn play(site: &Site, page: &Page, broker: &mut Mosquitto, sequence: &Sequence) {
    let mut steps = sequence.steps.iter().peekable();
    replay(broker, &mut steps).await;
    let url = site.page(&format!("?broker={}", broker.websocket()));
    page.driver.goto(&url).await.expect("the page opens");
    page.until_snapshot("complete").await;
    let mut is_up = true;
    while let Some(step) = steps.next() {
        match step {
            Step::Live(topic, payload) => broker.publish(topic, payload, false).await,
            Step::LinkEnds => {
                // A broker that is killed passes nothing on: what came before must have arrived.
                after_it(page, broker).await;
                broker.kill().await;
                page.until_link("waiting").await;
                is_up = false;
            }
            Step::LinkReturns => {
                broker.run().await;
                replay(broker, &mut steps).await;
                page.until_link("connected").await;
                page.until_snapshot("complete").await;
                is_up = true;
            }
            Step::SnapshotEnds => page.until_snapshot("complete").await,
            Step::Replay(..) => unreachable!("taken above"),
        }
    }
    for tile in sequence.then {
        check(page, sequence, tile).await;
    }
    page.until_count("total", sequence.then.len() as u32).await;
    if !is_up {
        broker.run().await;
    }
}

/// Publishes what stands there as replays.
async fn replay(broker: &Mosquitto, steps: &mut std::iter::Peekable<std::slice::Iter<'_, Step>>) {
    while let Some(Step::Replay(topic, payload)) = steps.next_if(|step| matches!(step, Step::Replay(..))) {
        broker.publish(topic, payload, true).await;
    }
}

async fn check(page: &Page, sequence: &Sequence, tile: &Tile) {
    let Tile { slug, id, status, evidence, name, is_parent_offline, .. } = *tile;
    let parent = if is_parent_offline { "\"offline\"" } else { "undefined" };
    let body = format!(
        "const all = [...document.querySelectorAll('[data-device]')].filter(t => \
         t.dataset.device === {id:?} && t.dataset.convention === {slug:?});\
         return all.length === 1 && all[0].dataset.status === {:?} && all[0].dataset.evidence === {:?} && \
         all[0].dataset.parent === {parent} && all[0].textContent.includes({:?})",
        status.word(),
        evidence.word(),
        name.unwrap_or(id),
    );
    page.until(&format!("{}: {tile:?}", sequence.what), &body).await;
}

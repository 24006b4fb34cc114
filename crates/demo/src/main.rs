//! The binary `demo`: a broker, a fleet and their control in one process, ended by `quit`, Ctrl-C or SIGTERM.
//! It only reads arguments and lines, and prints; everything else is in the library.

use std::io::{self, BufRead, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use demo::broker::{Broker, BrokerOptions};
use demo::churn::churn;
use demo::command::{self, Command};
use demo::control::Control;
use demo::fleet::{Fleet, FleetOptions};
use demo::listen::{Port, check_free};
use tokio::sync::mpsc;

/// An MQTT broker for browsers and a simulated fleet of devices that crash, fall silent and come back.
#[derive(Parser)]
#[command(name = "demo", version, after_help = AFTER_HELP)]
struct Arguments {
    /// How many devices
    #[arg(long, default_value_t = 40)]
    devices: usize,

    /// Which devices: the same seed gives the same names
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// MQTT over TCP, for devices
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1883")]
    tcp: SocketAddr,

    /// MQTT over WebSocket, for browsers; 0.0.0.0:9001 lets a phone on the same network in
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9001")]
    ws: SocketAddr,

    /// HTTP control, for programs on this machine
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9002")]
    control: SocketAddr,

    /// The devices' keep-alive interval; a silent device counts as dead after one and a half of it
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    keep_alive: u16,

    /// Let random devices crash and return, one event every four seconds
    #[arg(long)]
    busy: bool,

    /// Let random devices crash and return, one event in so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    churn: Option<Duration>,
}

const AFTER_HELP: &str = "\
On standard input:
  list [words] · kill|silence|leave|goodbye|return <id>|all|<convention> · help · quit

Over HTTP, with / in an id written as %2F:
  curl http://127.0.0.1:9002/devices
  curl -X POST -H 'X-Willow-Control: 1' http://127.0.0.1:9002/devices/<id>/kill

The broker lets everybody in and forgets everything when it ends: it is for trying things out.";

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.01..=86_400.0).contains(&number) => Ok(Duration::from_secs_f64(number)),
        _ => Err("a number of seconds from 0.01 to 86400".to_owned()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let mut ended = std::pin::pin!(interrupted());
    allow_open_files(arguments.devices);
    let started = Instant::now();

    // Before thousands of devices connect, not after.
    check_free(Port::Control, arguments.control).await?;
    let options = BrokerOptions { tcp: arguments.tcp, websocket: arguments.ws, ..BrokerOptions::default() };
    let broker = Broker::start(options).await?;
    let options = FleetOptions {
        broker: broker.tcp(),
        devices: arguments.devices,
        seed: arguments.seed,
        keep_alive: Duration::from_secs(arguments.keep_alive.into()),
    };
    // Ctrl-C works while thousands of devices connect, too.
    let fleet = tokio::select! {
        fleet = Fleet::start(options) => Arc::new(fleet?),
        () = &mut ended => return Ok(()),
    };
    let control = Control::start(arguments.control, Arc::clone(&fleet)).await?;

    print(&greeting(&arguments, &broker, &control, started.elapsed()));

    let pause = arguments.churn.or(arguments.busy.then_some(Duration::from_secs(4)));
    let chance = pause.map(|pause| tokio::spawn(churn(Arc::clone(&fleet), pause, arguments.seed)));
    let mut lines = typed_lines();
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            () = &mut ended => break,
        };
        let Some(line) = line else {
            // Standard input has ended, as it does under another process. The demo goes on without it.
            ended.await;
            break;
        };
        match Command::read(&line) {
            Command::Nothing => {}
            Command::Quit => break,
            Command::Help => print(command::HELP),
            Command::List(words) => print(&command::list(&fleet, &words)),
            Command::Mistake(sentence) => print(&sentence),
            Command::Act(action, target) => match command::act(&fleet, &target, action).await {
                Ok((_, sentence)) => print(&sentence),
                Err(unknown) => print(&unknown.to_string()),
            },
        }
    }

    if let Some(chance) = chance {
        chance.abort();
    }
    drop(control);
    // The broker first: a board sees its broker go, not the whole fleet die.
    broker.stop().await;
    print("Ended.");
    // The thread that reads standard input may still wait for a line; leaving `main` does not wait for it.
    Ok(())
}

fn greeting(arguments: &Arguments, broker: &Broker, control: &Control, took: Duration) -> String {
    let mut text = format!(
        "{} devices are online after {:.1} s.\n\n  Browser   {}\n  Devices   mqtt://{}\n  Control   {}\n",
        arguments.devices,
        took.as_secs_f32(),
        broker.url(),
        broker.tcp(),
        control.url(),
    );
    if broker.websocket().ip().is_unspecified() {
        text += "  Phone     the browser's address, with the name or address of this machine in it\n";
    }
    text + "\n" + command::HELP + "\n"
}

/// Lines come from a thread of their own: tokio's standard input would keep the process from ending until
/// somebody presses Enter.
fn typed_lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// Prints to standard output, and goes on if nobody reads it any more.
fn print(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Returns on Ctrl-C and, where there is one, on SIGTERM.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Raises this process's limit of open files to what the fleet needs, as far as the system lets it. Many
/// systems start with 1,024, and a device takes two: its own socket and the broker's end of it.
#[cfg(unix)]
fn allow_open_files(devices: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let needed = 2 * devices as u64 + 1000;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        limit.current = Some(limit.maximum.map_or(needed, |most| most.min(needed)));
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

#[cfg(not(unix))]
fn allow_open_files(_devices: usize) {}

//! `cargo xtask demo`: a broker, simulated devices and the page, from one command.
//!
//! The broker and the devices are the program of `crates/demo`; Trunk serves the page. This finds free ports, starts both
//! programs, prints the address of the page, and ends both together.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::steps::{self, Failure, Steps};
use crate::toolbox::Toolbox;
use crate::tools::FOR_THE_PAGE;

/// The size of the demo, and its ports.
#[derive(clap::Args)]
pub struct Options {
    /// How many simulated devices
    #[arg(long, default_value_t = 40)]
    devices: u32,
    /// The seed of the simulated devices: the same one makes the same devices
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The page's port; without it 8080 or the next free one
    #[arg(long)]
    port: Option<u16>,
    /// The broker's WebSocket port; without it 9001 or the next free one
    #[arg(long)]
    ws_port: Option<u16>,
    /// The broker's TCP port, for the devices; without it 1883 or the next free one
    #[arg(long)]
    tcp_port: Option<u16>,
    /// The port of the HTTP control of the devices; without it 9002 or the next free one
    #[arg(long)]
    control_port: Option<u16>,
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Starts everything, and waits for Ctrl-C, `quit`, or the end of one of the programs.
pub fn run(options: &Options) -> Result<(), Failure> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst))
        .map_err(|error| Failure::new(format!("The handler for Ctrl-C cannot be installed: {error}.")))?;
    let mut steps = Steps::new("demo");
    let mut toolbox = Toolbox::new()?;
    toolbox.install(&mut steps, FOR_THE_PAGE);
    steps.run("the broker and the simulated devices, built", || {
        steps::run(toolbox.cargo().args(["build", "--package", "demo", "--bin", "demo"]))
    });
    steps.run("the page, built", || steps::run(toolbox.command("trunk").arg("build")));
    steps.finish()?;

    let mut ports = Ports::default();
    let page = ports.choose("page", options.port, 8080)?;
    let ws = ports.choose("broker's WebSocket", options.ws_port, 9001)?;
    let tcp = ports.choose("broker's TCP", options.tcp_port, 1883)?;
    let control = ports.choose("control", options.control_port, 9002)?;

    println!("\n── demo: serving the page");
    let mut serve = toolbox.command("trunk");
    serve.args(["serve", "--address", "127.0.0.1", "--port", &page.to_string()]).stdin(Stdio::null());
    let mut serve = Part::start("trunk serve", &mut serve)?;
    serve.wait_until_it_answers(page)?;

    println!("\n── demo: the broker and {} devices", options.devices);
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string();
    let mut fleet = std::process::Command::new(built_by_cargo("demo")?);
    fleet.args(["--devices", &options.devices.to_string(), "--seed", &options.seed.to_string()]);
    fleet.args(["--ws", &local(ws), "--tcp", &local(tcp), "--control", &local(control)]);
    let mut fleet = Part::start("the broker with its devices", &mut fleet)?;
    // The control port opens last, and unlike the broker's it answers HTTP.
    fleet.wait_until_it_answers(control)?;
    println!("\n   Open  http://127.0.0.1:{page}/?broker=ws://127.0.0.1:{ws}/mqtt");
    println!("   Ctrl-C ends the page, the broker and the devices.\n");

    loop {
        if INTERRUPTED.load(Ordering::SeqCst) {
            println!("\nEnding the demo.");
            return Ok(());
        }
        if let Some(status) = fleet.ended() {
            // The user typed `quit`, or the demo has printed why it ended.
            return if status.success() { Ok(()) } else { Err(fleet.failure(status)) };
        }
        if let Some(status) = serve.ended() {
            return Err(serve.failure(status));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The ports chosen so far: no two programs get the same.
#[derive(Default)]
struct Ports(Vec<u16>);

impl Ports {
    fn choose(&mut self, what: &str, wanted: Option<u16>, usual: u16) -> Result<u16, Failure> {
        let free =
            |port: &u16| !self.0.contains(port) && TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
        let port = match wanted {
            Some(port) if !free(&port) => {
                return Err(Failure::new(format!(
                    "Port {port} for the {what} is taken. Choose another, or leave the option out to have a free one chosen."
                )));
            }
            Some(port) => port,
            None => (usual..usual.saturating_add(50)).find(free).ok_or_else(|| {
                Failure::new(format!("No free port for the {what} from {usual} on: choose one by an option."))
            })?,
        };
        if wanted.is_none() && port != usual {
            println!("   Port {usual} is taken, so the {what} port is {port}.");
        }
        self.0.push(port);
        Ok(port)
    }
}

/// A program that runs beside the others and ends with this one.
struct Part {
    name: &'static str,
    child: Child,
}

impl Part {
    fn start(name: &'static str, command: &mut std::process::Command) -> Result<Part, Failure> {
        let child = command
            .spawn()
            .map_err(|error| Failure::new(format!("{name} could not be started: {error}.")))?;
        Ok(Part { name, child })
    }

    /// Waits until it answers an HTTP request on that port: an open port is not a page yet.
    fn wait_until_it_answers(&mut self, port: u16) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_secs(600);
        while Instant::now() < deadline && !INTERRUPTED.load(Ordering::SeqCst) {
            if answers(port) {
                return Ok(());
            }
            if let Some(status) = self.ended() {
                return Err(self.failure(status));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(Failure::new(format!("{} did not answer on port {port}.", self.name)))
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    fn failure(&self, status: ExitStatus) -> Failure {
        Failure::new(format!("{} ended with {status}; its output is above.", self.name))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Ctrl-C has reached the program as well: it gets a moment to end by itself before it is killed.
        let deadline = Instant::now() + Duration::from_secs(2);
        while INTERRUPTED.load(Ordering::SeqCst) && Instant::now() < deadline {
            if self.ended().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that cargo has built into the folder of xtask. It is started directly: killing a `cargo run` would leave the
/// program running.
fn built_by_cargo(program: &str) -> Result<PathBuf, Failure> {
    let us = std::env::current_exe()
        .map_err(|error| Failure::new(format!("xtask cannot find its own executable: {error}.")))?;
    Ok(us.with_file_name(program).with_extension(std::env::consts::EXE_EXTENSION))
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    let timeout = Some(Duration::from_secs(5));
    let request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    stream.set_read_timeout(timeout).is_ok()
        && stream.write_all(request).is_ok()
        && stream.read(&mut [0; 16]).is_ok_and(|n| n > 0)
}

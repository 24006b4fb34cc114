//! Other brokers: aedes, NATS, RabbitMQ and ejabberd, from `target/tools`, where `cargo xtask setup --tests` puts them.
//!
//! Each runs with its defaults, but on free loopback ports and in a folder of its own. It ends with the test program, even
//! if that is killed.

use std::fs;
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::free_port;
use crate::mosquitto::publish;

/// RabbitMQ takes five seconds of its start to wait for other nodes, and the machine may be busy.
const START: Duration = Duration::from_secs(60);

/// The one user of each broker, and the password; for ejabberd it is `willow@localhost`.
pub const LOGIN: (&str, &str) = ("willow", "right");

/// Runs a broker until it ends or the pipe at its standard input closes, which the system does at the latest when the test
/// program ends. Then it removes the broker's folder.
const UNTIL_THE_PIPE_CLOSES: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
broker=$!
{ cat <&3 >/dev/null; kill -KILL $broker; } &
wait $broker
rm -rf "$PWD"
"#;

/// Which broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are the brokers'")]
pub enum Program {
    Aedes,
    Nats,
    RabbitMq,
    Ejabberd,
}

/// A running broker.
pub struct External {
    program: Program,
    tcp: u16,
    websocket: u16,
    process: Option<Child>,
}

impl External {
    /// On free ports.
    pub async fn start(program: Program) -> External {
        let mut broker = External { program, tcp: free_port(), websocket: free_port(), process: None };
        broker.run().await;
        broker
    }

    /// Starts it (again) on the same ports, with nothing in its memory, and waits until both answer.
    pub async fn run(&mut self) {
        let folder = tempfile::tempdir().expect("a temporary folder").keep();
        let log = fs::File::create(folder.join("log")).expect("a file in our own folder");
        let program = match self.program {
            Program::Aedes => self.aedes(),
            Program::Nats => self.nats(&folder),
            Program::RabbitMq => self.rabbitmq(&folder),
            Program::Ejabberd => self.ejabberd(&folder),
        };
        let mut process = Command::new("sh")
            .args(["-c", UNTIL_THE_PIPE_CLOSES, "sh"])
            .arg(program.get_program())
            .args(program.get_args())
            .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("HOME", &folder)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a second handle of a file"))
            .stderr(log)
            // Ctrl-C at the terminal must not end the shell, which has to clean up.
            .process_group(0)
            .spawn()
            .expect("every Unix has a shell");
        let deadline = Instant::now() + START;
        for port in [self.tcp, self.websocket] {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                let ended = process.try_wait().expect("our own child").is_some();
                if ended || Instant::now() > deadline {
                    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                    panic!("{:?} does not listen on {port} (ended: {ended}): {log}", self.program);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        self.process = Some(process);
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            process.wait().expect("our own child");
        }
    }

    /// The address that a browser connects to.
    pub fn websocket(&self) -> String {
        let path = if self.program == Program::RabbitMq { "/ws" } else { "/mqtt" };
        format!("ws://127.0.0.1:{}{path}", self.websocket)
    }

    /// Publishes a retained message and waits until the broker has it.
    pub async fn publish_retained(&self, topic: &str, payload: &str) {
        publish(self.tcp, &[], topic, payload, true).await;
    }

    /// The port for clients over TCP.
    pub fn tcp_port(&self) -> u16 {
        self.tcp
    }

    fn aedes(&self) -> Command {
        let mut node = Command::new("node");
        node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/harness/aedes.mjs"));
        node.arg(tools().join("aedes/node_modules"));
        node.args([self.tcp.to_string(), self.websocket.to_string()]);
        node
    }

    fn nats(&self, folder: &Path) -> Command {
        let (user, password) = LOGIN;
        let config = format!(
            r#"
            server_name: willow
            listen: "127.0.0.1:-1"
            authorization {{ users: [
                {{ user: {user}, password: {password} }}
                {{ user: anybody, password: anything }}
            ] }}
            jetstream {{ store_dir: "{folder}/jetstream" }}
            mqtt {{ listen: "127.0.0.1:{tcp}", no_auth_user: anybody }}
            websocket {{ listen: "127.0.0.1:{websocket}", no_tls: true }}
            "#,
            folder = folder.display(),
            tcp = self.tcp,
            websocket = self.websocket,
        );
        let mut nats = Command::new(tools().join("debian/usr/sbin/nats-server"));
        nats.arg("-c").arg(write(folder, "nats.conf", &config));
        nats
    }

    /// Not by the scripts of its package, which need its own folder and user.
    fn rabbitmq(&self, folder: &Path) -> Command {
        let ((user, password), tcp, websocket) = (LOGIN, self.tcp, self.websocket);
        let config = format!(
            "listeners.tcp = none\n\
             mqtt.listeners.tcp.1 = 127.0.0.1:{tcp}\n\
             web_mqtt.tcp.ip = 127.0.0.1\n\
             web_mqtt.tcp.port = {websocket}\n\
             default_user = {user}\n\
             default_pass = {password}\n\
             mqtt.default_user = {user}\n\
             mqtt.default_pass = {password}\n\
             log.console = true\n\
             log.console.level = warning\n\
             log.file = false\n"
        );
        let home = only(&tools().join("debian/usr/lib/rabbitmq/lib"), "rabbitmq_server-");
        let mut erlang = erlang();
        erlang.env("ERL_LIBS", home.join("plugins"));
        erlang.env("RABBITMQ_CONF_ENV_FILE", "/dev/null");
        erlang.env("RABBITMQ_CONFIG_FILE", write(folder, "rabbitmq.conf", &config));
        let plugins = write(folder, "plugins", "[rabbitmq_mqtt, rabbitmq_web_mqtt].");
        erlang.env("RABBITMQ_ENABLED_PLUGINS_FILE", plugins);
        erlang.env("RABBITMQ_PLUGINS_DIR", home.join("plugins"));
        for place in ["MNESIA_BASE", "LOG_BASE", "QUORUM_DIR", "STREAM_DIR", "GENERATED_CONFIG_DIR"] {
            erlang.env(format!("RABBITMQ_{place}"), folder.join(place));
        }
        erlang.env("RABBITMQ_PID_FILE", folder.join("pid"));
        erlang.env("RABBITMQ_NODENAME", "willow@localhost");
        // It has to be a node of a cluster, even of one. epmd would outlive it and is not needed.
        erlang.args(["-sname", "willow@localhost", "-start_epmd", "false"]);
        erlang.args(["-erl_epmd_port", &free_port().to_string()]);
        erlang.args(["-kernel", "inet_dist_use_interface", "{127,0,0,1}"]);
        erlang.args(["-boot", "start_sasl", "-s", "rabbit", "boot"]);
        erlang
    }

    fn ejabberd(&self, folder: &Path) -> Command {
        let config = format!(
            r#"
hosts: [localhost]
loglevel: warning
listen:
  - {{ ip: 127.0.0.1, port: {}, module: mod_mqtt }}
  - {{ ip: 127.0.0.1, port: {}, module: ejabberd_http, request_handlers: {{ /mqtt: mod_mqtt }} }}
modules: {{ mod_mqtt: {{}} }}
"#,
            self.tcp, self.websocket
        );
        let mut erlang = erlang();
        erlang.env("ERL_LIBS", libraries());
        erlang.env("EJABBERD_CONFIG_PATH", write(folder, "ejabberd.yml", &config));
        erlang.env("EJABBERD_LOG_PATH", folder.join("ejabberd.log"));
        erlang.args(["-mnesia", "dir", &format!("\"{}/mnesia\"", folder.display()), "-s", "ejabberd"]);
        let (user, password) = LOGIN;
        let register =
            format!(r#"ejabberd_auth:try_register(<<"{user}">>, <<"localhost">>, <<"{password}">>)."#);
        erlang.args(["-eval", &register]);
        erlang
    }
}

impl Drop for External {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Erlang, without its own start script, which looks for it in `/usr` only.
fn erlang() -> Command {
    let root = tools().join("debian/usr/lib/erlang");
    let binaries = only(&root, "erts-").join("bin");
    let mut erlang = Command::new(binaries.join("erlexec"));
    erlang.env("ROOTDIR", &root).env("BINDIR", &binaries).env("EMU", "beam").env("PROGNAME", "erl");
    let libraries = libraries();
    // Debian is moving libraries from one of these folders to the other.
    let moved = tools().join("debian/lib").join(libraries.file_name().expect("it has one"));
    erlang.env("LD_LIBRARY_PATH", format!("{}:{}", libraries.display(), moved.display()));
    erlang.arg("-noinput");
    erlang
}

fn tools() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
    assert!(tools.is_dir(), "the brokers are installed (`cargo xtask setup --tests`)");
    tools
}

/// Debian's folder of libraries, named after the architecture.
fn libraries() -> PathBuf {
    let lib = tools().join("debian/usr/lib");
    only(&lib, &format!("{}-linux-", std::env::consts::ARCH))
}

/// The entry of a folder whose name has this prefix, followed by a version.
fn only(folder: &Path, prefix: &str) -> PathBuf {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|_| panic!("{} is not there (`cargo xtask setup --tests`)", folder.display()));
    entries
        .map(|entry| entry.expect("a folder that can be read").path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
        .unwrap_or_else(|| panic!("{} has a {prefix}…", folder.display()))
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, text).expect("a file in our own folder");
    file
}

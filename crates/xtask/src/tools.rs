//! The programs that building and testing the page need: which version, how one sees that it is there,
//! how it is installed, and what to do where that cannot be done from here.
//!
//! Nothing of the user's is replaced: a tool that is there in another version stays, and ours goes into
//! `target/tools`, which comes first on the PATH of everything that xtask starts.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{self, Failure, Steps, output_of};
use crate::{cargo, root};

/// Trunk 0.22 needs a newer rustc than this workspace asks for.
const TRUNK: &str = "0.21.14";
/// The npm package `binaryen`; equal to `wasm_opt` in Trunk.toml.
pub const BINARYEN: &str = "132";
/// What minifies the script that wasm-bindgen writes.
const ESBUILD: &str = "0.28.2";

/// The npm packages of the broker and of its WebSocket. Both run on Debian 12's Node.js 18.
const AEDES_PACKAGES: [&str; 2] = ["aedes@1.2.0", "ws@8.23.0"];

/// One thing that has to be on the machine.
pub struct Tool {
    name: &'static str,
    present: fn(&Toolbox) -> bool,
    install: fn(&Toolbox) -> Result<(), Failure>,
    /// What the user can do when `install` fails.
    otherwise: &'static str,
}

/// What building and serving the page needs.
pub const FOR_THE_PAGE: &[Tool] = &[WASM_TARGET, RUST_SRC, TRUNK_CLI, WASM_BINDGEN, WASM_OPT, ESBUILD_CLI];
/// What `cargo xtask test` needs.
pub const FOR_TESTS: &[Tool] = &[
    WASM_TARGET,
    RUST_SRC,
    TRUNK_CLI,
    WASM_BINDGEN,
    WASM_OPT,
    ESBUILD_CLI,
    RUST_CHECKS,
    MOSQUITTO,
    AEDES,
    DEBIAN_BROKERS,
    AXE,
    MQTT_JS,
    CHROMIUM,
    CJK_FONT,
];

/// What `cargo xtask bench page` needs beside the page.
pub const FOR_THE_PAGE_BENCH: &[Tool] = &[MOSQUITTO, CHROMIUM, MQTT_JS];

const ESBUILD_CLI: Tool = Tool {
    name: "esbuild 0.28.2",
    present: |toolbox| toolbox.prints("esbuild", ESBUILD),
    install: |toolbox| toolbox.npm_install("esbuild", &[&format!("esbuild@{ESBUILD}")]),
    otherwise: "Install Node.js 18 or later with npm (Debian: apt-get install nodejs npm) and run this again.",
};

/// What `cargo xtask bench codec --instructions` counts with.
pub const VALGRIND: Tool = Tool {
    name: "valgrind",
    present: |toolbox| toolbox.has("valgrind"),
    install: |toolbox| toolbox.apt_install(&["valgrind"]),
    otherwise: "Install valgrind (https://valgrind.org) and run this again.",
};

const WASM_TARGET: Tool = Tool {
    name: "Rust's target wasm32-unknown-unknown",
    present: |_| {
        let mut rustc = Command::new("rustc");
        rustc.args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]);
        rustc.current_dir(root());
        output_of(&mut rustc).is_some_and(|libdir| Path::new(libdir.trim()).is_dir())
    },
    install: |toolbox| {
        steps::run(toolbox.command("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
    },
    otherwise: "Install Rust by rustup (https://rustup.rs), or add the target by your system's packages.",
};

const RUST_SRC: Tool = Tool {
    name: "the source of Rust's standard library",
    present: |_| {
        let mut rustc = Command::new("rustc");
        rustc.args(["--print", "sysroot"]).current_dir(root());
        output_of(&mut rustc).is_some_and(|sysroot| {
            Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock").is_file()
        })
    },
    install: |toolbox| steps::run(toolbox.command("rustup").args(["component", "add", "rust-src"])),
    otherwise: "Install Rust by rustup (https://rustup.rs), or the source by your system's packages. Without it \
                `trunk build --release` makes a page that works as well and is larger.",
};

const TRUNK_CLI: Tool = Tool {
    name: "trunk 0.21.14",
    present: |toolbox| toolbox.prints("trunk", TRUNK),
    install: |toolbox| {
        let features = ["--no-default-features", "--features", "rustls"];
        toolbox.cargo_install("trunk", "trunk", TRUNK, &features)
    },
    otherwise: "Install it by hand: cargo install --locked trunk --version 0.21.14 --no-default-features \
                --features rustls. It needs a C compiler (on Debian: apt-get install build-essential).",
};

const WASM_BINDGEN: Tool = Tool {
    name: "wasm-bindgen in the version of Cargo.lock",
    present: |toolbox| {
        let runner = ["wasm-bindgen", "wasm-bindgen-test-runner"];
        runner.iter().all(|program| toolbox.prints(program, &toolbox.wasm_bindgen))
    },
    install: |toolbox| toolbox.cargo_install("wasm-bindgen-cli", "wasm-bindgen", &toolbox.wasm_bindgen, &[]),
    otherwise: "Install it by hand: cargo install --locked wasm-bindgen-cli --version <the version of \
                wasm-bindgen in Cargo.lock>.",
};

const WASM_OPT: Tool = Tool {
    name: "wasm-opt 132",
    present: |toolbox| toolbox.prints("wasm-opt", &format!("version {BINARYEN}")),
    install: |toolbox| toolbox.npm_install("npm", &[&format!("binaryen@{BINARYEN}")]),
    otherwise: "Install Node.js 18 or later with npm (Debian: apt-get install nodejs npm) and run this again, \
                or put wasm-opt 132 on the PATH yourself.",
};

const RUST_CHECKS: Tool = Tool {
    name: "rustfmt and clippy",
    present: |_| ["fmt", "clippy"].iter().all(|tool| output_of(cargo().args([tool, "--version"])).is_some()),
    install: |toolbox| steps::run(toolbox.command("rustup").args(["component", "add", "rustfmt", "clippy"])),
    otherwise: "Add the components rustfmt and clippy to your Rust toolchain.",
};

const MOSQUITTO: Tool = Tool {
    name: "mosquitto and its clients",
    present: |toolbox| ["mosquitto", "mosquitto_sub", "mosquitto_pub"].iter().all(|p| toolbox.has(p)),
    install: |toolbox| toolbox.apt_install(&["mosquitto", "mosquitto-clients"]),
    otherwise: "Install Eclipse Mosquitto 2 with its clients and run this again.",
};

const AEDES: Tool = Tool {
    name: "the broker aedes 1.2.0",
    present: |toolbox| {
        let modules = toolbox.own.join("aedes").join("node_modules");
        let is_there = |package: &&str| {
            let (name, version) = package.split_once('@').expect("both are pinned");
            fs::read_to_string(modules.join(name).join("package.json"))
                .is_ok_and(|json| json.contains(&format!("\"version\": \"{version}\"")))
        };
        AEDES_PACKAGES.iter().all(is_there)
    },
    // A folder of its own: npm takes out what it was not asked for this time.
    install: |toolbox| toolbox.npm_install("aedes", &AEDES_PACKAGES),
    otherwise: "Install Node.js 18.20 or later with npm (Debian: apt-get install nodejs npm) and run this again.",
};

const AXE: Tool = Tool {
    name: "axe-core 4.10.3",
    present: |toolbox| {
        let package = toolbox.own.join("axe").join("node_modules").join("axe-core").join("package.json");
        fs::read_to_string(package).is_ok_and(|json| json.contains("\"version\": \"4.10.3\""))
    },
    install: |toolbox| toolbox.npm_install("axe", &["axe-core@4.10.3"]),
    otherwise: "Install Node.js 18 or later with npm (Debian: apt-get install nodejs npm) and run this again.",
};

/// What the page is compared with; a test sees that the comparison runs.
const MQTT_JS: Tool = Tool {
    name: "MQTT.js 5.16.0",
    present: |toolbox| {
        let package = toolbox.own.join("mqttjs").join("node_modules").join("mqtt").join("package.json");
        fs::read_to_string(package).is_ok_and(|json| json.contains("\"version\": \"5.16.0\""))
    },
    install: |toolbox| toolbox.npm_install("mqttjs", &["mqtt@5.16.0"]),
    otherwise: "Install Node.js 18 or later with npm (Debian: apt-get install nodejs npm) and run this again.",
};

const DEBIAN_BROKERS: Tool = Tool {
    name: "the brokers NATS, RabbitMQ and ejabberd",
    present: |toolbox| {
        let usr = toolbox.own.join("debian").join("usr");
        ["sbin/nats-server", "sbin/rabbitmq-server", "sbin/ejabberdctl"].iter().all(|p| usr.join(p).is_file())
    },
    install: |toolbox| {
        toolbox.apt_unpack("debian", &["nats-server", "rabbitmq-server", "ejabberd"], "erlang-")
    },
    otherwise: "They are taken out of Debian's packages: run the tests on Debian, or in a container of debian:12.",
};

const CHROMIUM: Tool = Tool {
    name: "Chromium and ChromeDriver",
    present: |toolbox| toolbox.has("chromium") && toolbox.has("chromedriver"),
    install: |toolbox| toolbox.apt_install(&["chromium", "chromium-driver"]),
    otherwise: "Install Chromium and the ChromeDriver of the same version and run this again.",
};

const CJK_FONT: Tool = Tool {
    name: "a font for 简体中文",
    present: |_| {
        let list = output_of(Command::new("fc-list").args([":lang=zh-cn", "family"]));
        list.is_some_and(|families| !families.trim().is_empty())
    },
    install: |toolbox| toolbox.apt_install(&["fontconfig", "fonts-noto-cjk"]),
    otherwise: "Install any font with simplified Chinese (such as Noto Sans CJK): without it, the Chinese \
                pictures show boxes.",
};

/// Where the tools are looked for, and started from.
pub struct Toolbox {
    /// `target/tools`: what was installed beside the user's own.
    own: PathBuf,
    /// Cargo's folder of installed programs.
    cargo_bin: PathBuf,
    /// The PATH of every program that xtask starts.
    path: std::ffi::OsString,
    /// The version of wasm-bindgen in Cargo.lock.
    wasm_bindgen: String,
}

impl Toolbox {
    /// Reads what is there; an error if Cargo.lock and Trunk.toml disagree.
    pub fn new() -> Result<Toolbox, Failure> {
        let own = root().join("target").join("tools");
        let home = env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .unwrap_or_else(|| PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cargo"));
        let cargo_bin = home.join("bin");
        let npm = |folder: &str| own.join(folder).join("node_modules").join(".bin");
        let mut folders = vec![own.join("bin"), npm("npm"), npm("esbuild"), cargo_bin.clone()];
        folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        // Debian keeps servers in sbin, which is not on everybody's PATH.
        folders.push(PathBuf::from("/usr/sbin"));
        let path = env::join_paths(folders)
            .map_err(|error| Failure::new(format!("The PATH cannot be extended: {error}.")))?;
        let wasm_bindgen = locked_version("wasm-bindgen")?;
        let trunk = read("Trunk.toml")?;
        for pin in
            [format!("wasm_bindgen = \"{wasm_bindgen}\""), format!("wasm_opt = \"version_{BINARYEN}\"")]
        {
            if !trunk.contains(&pin) {
                return Err(Failure::new(format!(
                    "Trunk.toml does not say {pin}: it must name the versions that xtask installs, for Trunk \
                     ignores a tool of any other."
                )));
            }
        }
        Ok(Toolbox { own, cargo_bin, path, wasm_bindgen })
    }

    /// Installs each of the tools that is not there, a step each.
    pub fn install(&mut self, steps: &mut Steps, tools: &[Tool]) {
        for tool in tools {
            steps.run(tool.name, || {
                if (tool.present)(self) {
                    println!("   already there");
                    return Ok(());
                }
                let explained = |why: &str| Failure::new(format!("{why}\n   {}", tool.otherwise));
                (tool.install)(self).map_err(|failure| explained(&failure.0))?;
                if (tool.present)(self) {
                    return Ok(());
                }
                Err(explained(&format!("{} was installed but is still not found.", tool.name)))
            });
        }
    }

    /// The version of wasm-bindgen, crate and program.
    pub fn wasm_bindgen(&self) -> &str {
        &self.wasm_bindgen
    }

    /// A program found by our PATH, to be started with it in the root of the workspace.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.find(program).unwrap_or_else(|| PathBuf::from(program)));
        command.current_dir(root()).env("PATH", &self.path);
        command
    }

    /// Cargo, with our PATH.
    pub fn cargo(&self) -> Command {
        let mut command = cargo();
        command.env("PATH", &self.path);
        command
    }

    /// Where the program is, if it is on our PATH.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        env::split_paths(&self.path).map(|folder| folder.join(program)).find(|file| file.is_file())
    }

    /// Tells what a shell needs so that `trunk serve` alone works.
    pub fn say_how_to_reach_them(&self) {
        let reached = env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|p| p == self.cargo_bin);
        println!("All tools are there. `trunk serve` alone works from here on.");
        if !reached || self.own.join("bin").is_dir() {
            println!(
                "Your shell does not find all of them yet: put {} and {} first on your PATH.",
                self.own.join("bin").display(),
                self.cargo_bin.display()
            );
        }
        println!(
            "For `trunk build --release` by hand, wasm-opt has to be on the PATH too ({}); `cargo xtask build` \
             sees to it by itself.",
            self.find("wasm-opt").map_or_else(String::new, |file| file.display().to_string())
        );
    }

    fn has(&self, program: &str) -> bool {
        self.find(program).is_some()
    }

    fn prints(&self, program: &str, version: &str) -> bool {
        self.has(program)
            && output_of(self.command(program).arg("--version"))
                .is_some_and(|said| said.split_whitespace().collect::<Vec<_>>().join(" ").contains(version))
    }

    /// Into cargo's own folder if the user has none of it, beside it otherwise.
    fn cargo_install(&self, krate: &str, program: &str, version: &str, more: &[&str]) -> Result<(), Failure> {
        let mut install = self.cargo();
        install.args(["install", "--locked", krate, "--version", version]).args(more);
        // A build of ours must not end up in, or be configured by, the folder of the workspace.
        install.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
        if self.has(program) {
            println!("   another version of {program} is there: ours goes into {}", self.own.display());
            install.arg("--root").arg(&self.own);
        }
        println!("   this compiles {krate} {version} once; it takes some minutes");
        steps::run(&mut install)
    }

    /// Into a folder of `target/tools`.
    fn npm_install(&self, folder: &str, packages: &[&str]) -> Result<(), Failure> {
        let into = self.folder(folder)?;
        let quiet = ["--no-save", "--no-fund", "--no-audit", "--loglevel=error"];
        steps::run(self.command("npm").args(["install", "--prefix"]).arg(into).args(quiet).args(packages))
    }

    fn apt_install(&self, packages: &[&str]) -> Result<(), Failure> {
        self.apt_update(packages)?;
        let install = ["install", "-y", "-qq", "--no-install-recommends"];
        steps::run(self.apt_as_root().args(install).args(packages))
    }

    /// Unpacks packages and what they need into a folder of `target/tools`. They are not installed, for the
    /// package of a server starts it, at once and with the machine from then on. What is installed already is
    /// used from there, but for the family of packages whose parts have to lie in one place.
    fn apt_unpack(&self, folder: &str, packages: &[&str], family: &str) -> Result<(), Failure> {
        self.apt_update(packages)?;
        let into = self.folder(folder)?;
        let cache = self.folder("apt")?;
        let archives = self.folder("apt/archives")?;
        self.folder("apt/archives/partial")?;
        let status = read("/var/lib/dpkg/status")?;
        let is_left_out = |stanza: &str| {
            let name = stanza.strip_prefix("Package: ").and_then(|rest| rest.lines().next()).unwrap_or("");
            packages.contains(&name) || name.starts_with(family)
        };
        let pretended: Vec<_> = status.split("\n\n").filter(|stanza| !is_left_out(stanza)).collect();
        let pretended_status = cache.join("status");
        fs::write(&pretended_status, pretended.join("\n\n"))
            .map_err(|error| Failure::new(format!("{} cannot be written: {error}.", cache.display())))?;

        let mut download = self.command("apt-get");
        download.args(["install", "-y", "-qq", "--no-install-recommends", "--download-only"]);
        // Nothing of the system's is touched, so that it takes neither root nor the system's lock.
        download.args(["-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=root"]);
        download.arg("-o").arg(format!("Dir::Cache={}", cache.display()));
        download.arg("-o").arg(format!("Dir::State::status={}", pretended_status.display()));
        steps::run(download.args(packages))?;
        let entries = fs::read_dir(&archives)
            .map_err(|error| Failure::new(format!("{} cannot be read: {error}.", archives.display())))?;
        for archive in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
            if archive.extension().is_some_and(|extension| extension == "deb") {
                steps::run(self.command("dpkg-deb").arg("--extract").arg(archive).arg(&into))?;
            }
        }
        fs::remove_dir_all(&cache)
            .map_err(|error| Failure::new(format!("{} cannot be removed: {error}.", cache.display())))
    }

    /// The list of packages may be old or not there at all.
    fn apt_update(&self, packages: &[&str]) -> Result<(), Failure> {
        if !self.has("apt-get") {
            return Err(Failure::new(format!("This is no Debian: please install {}.", packages.join(" "))));
        }
        steps::run(self.apt_as_root().args(["update", "-qq"]))
    }

    fn apt_as_root(&self) -> Command {
        let is_root = output_of(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
        let mut command = self.command(if is_root { "apt-get" } else { "sudo" });
        if !is_root {
            command.arg("apt-get");
        }
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    }

    /// A folder of `target/tools`, made if it is not there.
    fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.own.join(name);
        fs::create_dir_all(&folder)
            .map_err(|error| Failure::new(format!("{} cannot be made: {error}.", folder.display())))?;
        Ok(folder)
    }
}

/// The version of a package in Cargo.lock.
fn locked_version(package: &str) -> Result<String, Failure> {
    let lock = read("Cargo.lock")?;
    let entry = format!("name = \"{package}\"\nversion = \"");
    let version =
        lock.split_once(&entry).and_then(|(_, rest)| rest.split_once('"')).map(|(version, _)| version);
    version
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("Cargo.lock has no {package}: run `cargo metadata` once.")))
}

fn read(file: &str) -> Result<String, Failure> {
    fs::read_to_string(root().join(file))
        .map_err(|error| Failure::new(format!("{file} cannot be read: {error}.")))
}

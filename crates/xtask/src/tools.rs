//! The list of tools that building and testing the page need.
//!
//! Each entry says which version, how to see that it is installed, how to install it, and what the user can do where that
//! fails. How programs are found and installed is in [`crate::toolbox`].

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::root;
use crate::steps::{self, Failure, output_of};
use crate::toolbox::{Crate, Toolbox};

/// Trunk 0.22 needs a newer rustc than this workspace asks for.
const TRUNK: &str = "0.21.14";
/// The npm package `binaryen`; equal to `wasm_opt` in Trunk.toml.
pub const BINARYEN: &str = "132";

/// The npm packages of the broker aedes and its WebSocket. Both run on Debian 12's Node.js 18.
const AEDES_PACKAGES: [&str; 2] = ["aedes@1.2.0", "ws@8.23.0"];

/// A program, or something else that has to be installed.
pub struct Tool {
    /// What the step that installs it is called.
    pub name: &'static str,
    /// Whether it is installed, in the right version.
    pub is_present: fn(&Toolbox) -> bool,
    /// Installs it.
    pub install: fn(&Toolbox) -> Result<(), Failure>,
    /// What the user can do when `install` fails.
    pub advice: &'static str,
}

/// What building and serving the page needs.
pub const FOR_THE_PAGE: &[Tool] = &[WASM_TARGET, TRUNK_CLI, WASM_BINDGEN, WASM_OPT];
/// What `cargo xtask test` needs.
pub const FOR_TESTS: &[Tool] = &[
    WASM_TARGET,
    TRUNK_CLI,
    WASM_BINDGEN,
    WASM_OPT,
    RUST_CHECKS,
    MOSQUITTO,
    AEDES,
    DEBIAN_BROKERS,
    AXE,
    MQTT_JS,
    CHROMIUM,
    CJK_FONT,
];

/// What `cargo xtask bench page` needs in addition to [`FOR_THE_PAGE`].
pub const FOR_THE_PAGE_BENCH: &[Tool] = &[MOSQUITTO, CHROMIUM, MQTT_JS];

/// What `cargo xtask bench codec --instructions` counts instructions with.
pub const VALGRIND: Tool = Tool {
    name: "valgrind",
    is_present: |toolbox| toolbox.has("valgrind"),
    install: |toolbox| toolbox.apt_install(&["valgrind"]),
    advice: "Install valgrind (https://valgrind.org) and run this again.",
};

const WASM_TARGET: Tool = Tool {
    name: "Rust's target wasm32-unknown-unknown",
    is_present: |_| {
        let mut rustc = Command::new("rustc");
        rustc.args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]);
        rustc.current_dir(root());
        output_of(&mut rustc).is_some_and(|libdir| Path::new(libdir.trim()).is_dir())
    },
    install: |toolbox| {
        steps::run(toolbox.command("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
    },
    advice: "Install Rust by rustup (https://rustup.rs), or add the target by your system's packages.",
};

const TRUNK_CLI: Tool = Tool {
    name: "trunk 0.21.14",
    is_present: |toolbox| toolbox.prints_version("trunk", TRUNK),
    install: |toolbox| {
        toolbox.cargo_install(&Crate {
            name: "trunk",
            program: "trunk",
            version: TRUNK,
            features: &["--no-default-features", "--features", "rustls"],
            // Level 1 takes twice as long to compile, and makes a build of the page 0.4 s faster.
            opt_level: "0",
        })
    },
    advice: "Install it by hand: cargo install --locked trunk --version 0.21.14 --no-default-features \
                --features rustls. It needs a C compiler (on Debian: apt-get install build-essential).",
};

const WASM_BINDGEN: Tool = Tool {
    name: "wasm-bindgen in the version of Cargo.lock",
    is_present: |toolbox| {
        let runner = ["wasm-bindgen", "wasm-bindgen-test-runner"];
        runner.iter().all(|program| toolbox.prints_version(program, toolbox.wasm_bindgen()))
    },
    install: |toolbox| {
        toolbox.cargo_install(&Crate {
            name: "wasm-bindgen-cli",
            program: "wasm-bindgen",
            version: toolbox.wasm_bindgen(),
            features: &[],
            // It rewrites 20 MB of wasm at every build in development: 0.8 s, as at level 3, and 2.7 s at level 0.
            opt_level: "1",
        })
    },
    advice: "Install it by hand: cargo install --locked wasm-bindgen-cli --version <the version of \
                wasm-bindgen in Cargo.lock>.",
};

const WASM_OPT: Tool = Tool {
    name: "wasm-opt 132",
    is_present: |toolbox| toolbox.prints_version("wasm-opt", &format!("version {BINARYEN}")),
    install: |toolbox| toolbox.npm_install("npm", &[&format!("binaryen@{BINARYEN}")]),
    advice: "Install Node.js 18 or later with npm (Debian: apt-get install nodejs npm) and run this again, \
                or put wasm-opt 132 on the PATH yourself.",
};

const RUST_CHECKS: Tool = Tool {
    name: "rustfmt and clippy",
    is_present: |toolbox| {
        ["fmt", "clippy"].iter().all(|tool| output_of(toolbox.cargo().args([tool, "--version"])).is_some())
    },
    install: |toolbox| steps::run(toolbox.command("rustup").args(["component", "add", "rustfmt", "clippy"])),
    advice: "Add the components rustfmt and clippy to your Rust toolchain.",
};

const MOSQUITTO: Tool = Tool {
    name: "mosquitto and its clients",
    is_present: |toolbox| ["mosquitto", "mosquitto_sub", "mosquitto_pub"].iter().all(|p| toolbox.has(p)),
    install: |toolbox| toolbox.apt_install(&["mosquitto", "mosquitto-clients"]),
    advice: "Install Eclipse Mosquitto 2 with its clients and run this again.",
};

const AEDES: Tool = Tool {
    name: "the broker aedes 1.2.0",
    is_present: |toolbox| {
        let modules = toolbox.own().join("aedes").join("node_modules");
        let is_there = |package: &&str| {
            let (name, version) = package.split_once('@').expect("both are pinned");
            fs::read_to_string(modules.join(name).join("package.json"))
                .is_ok_and(|json| json.contains(&format!("\"version\": \"{version}\"")))
        };
        AEDES_PACKAGES.iter().all(is_there)
    },
    // Into a folder of its own: npm removes packages that it was not asked for this time.
    install: |toolbox| toolbox.npm_install("aedes", &AEDES_PACKAGES),
    advice: "Install Node.js 18.20 or later with npm (Debian: apt-get install nodejs npm) and run this again.",
};

const AXE: Tool = Tool {
    name: "axe-core 4.10.3",
    is_present: |toolbox| {
        let package = toolbox.own().join("axe").join("node_modules").join("axe-core").join("package.json");
        fs::read_to_string(package).is_ok_and(|json| json.contains("\"version\": \"4.10.3\""))
    },
    install: |toolbox| toolbox.npm_install("axe", &["axe-core@4.10.3"]),
    advice: "Install Node.js 18 or later with npm (Debian: apt-get install nodejs npm) and run this again.",
};

/// What `cargo xtask bench page` compares with; a test checks that the comparison runs.
const MQTT_JS: Tool = Tool {
    name: "MQTT.js 5.16.0",
    is_present: |toolbox| {
        let package = toolbox.own().join("mqttjs").join("node_modules").join("mqtt").join("package.json");
        fs::read_to_string(package).is_ok_and(|json| json.contains("\"version\": \"5.16.0\""))
    },
    install: |toolbox| toolbox.npm_install("mqttjs", &["mqtt@5.16.0"]),
    advice: "Install Node.js 18 or later with npm (Debian: apt-get install nodejs npm) and run this again.",
};

const DEBIAN_BROKERS: Tool = Tool {
    name: "the brokers NATS, RabbitMQ and ejabberd",
    is_present: |toolbox| {
        let usr = toolbox.own().join("debian").join("usr");
        ["sbin/nats-server", "sbin/rabbitmq-server", "sbin/ejabberdctl"].iter().all(|p| usr.join(p).is_file())
    },
    install: |toolbox| {
        toolbox.apt_unpack("debian", &["nats-server", "rabbitmq-server", "ejabberd"], "erlang-")
    },
    advice: "They come from Debian's packages: run the tests on Debian, or in a container of debian:12.",
};

const CHROMIUM: Tool = Tool {
    name: "Chromium and ChromeDriver",
    is_present: |toolbox| toolbox.has("chromium") && toolbox.has("chromedriver"),
    install: |toolbox| toolbox.apt_install(&["chromium", "chromium-driver"]),
    advice: "Install Chromium and the ChromeDriver of the same version and run this again.",
};

const CJK_FONT: Tool = Tool {
    name: "a font for 简体中文",
    is_present: |_| {
        let list = output_of(Command::new("fc-list").args([":lang=zh-cn", "family"]));
        list.is_some_and(|families| !families.trim().is_empty())
    },
    install: |toolbox| toolbox.apt_install(&["fontconfig", "fonts-noto-cjk"]),
    advice: "Install a font with simplified Chinese (such as Noto Sans CJK): without one, the Chinese \
             pictures show boxes.",
};

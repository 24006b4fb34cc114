//! Where tools are found, and the ways to install them: cargo, npm, apt.
//!
//! It never replaces what the user has installed: a tool that is there in another version stays, and ours goes into
//! `target/tools`, which comes first on the PATH of every program that xtask starts. Which tools there are is in
//! [`crate::tools`].

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::steps::{self, Failure, Steps, output_of};
use crate::tools::{BINARYEN, Tool};
use crate::{cargo, root};

/// Finds, starts and installs programs.
pub struct Toolbox {
    /// `target/tools`: what was installed beside the user's own programs.
    own: PathBuf,
    /// The cargo that runs xtask.
    cargo: PathBuf,
    /// The folder of the programs that cargo installs.
    cargo_bin: PathBuf,
    /// The PATH of every program that xtask starts.
    path: std::ffi::OsString,
    /// The version of wasm-bindgen in Cargo.lock.
    wasm_bindgen: String,
}

impl Toolbox {
    /// The toolbox of this workspace and this shell; an error if Cargo.lock and Trunk.toml disagree.
    pub fn new() -> Result<Toolbox, Failure> {
        let cargo_home = env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .unwrap_or_else(|| PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cargo"));
        let program = PathBuf::from(cargo().get_program());
        let path = env::var_os("PATH").unwrap_or_default();
        Toolbox::with(root().join("target").join("tools"), program, cargo_home, &path)
    }

    fn with(own: PathBuf, cargo: PathBuf, cargo_home: PathBuf, path: &OsStr) -> Result<Toolbox, Failure> {
        let cargo_bin = cargo_home.join("bin");
        let mut folders =
            vec![own.join("bin"), own.join("npm").join("node_modules").join(".bin"), cargo_bin.clone()];
        folders.extend(env::split_paths(path));
        // Debian keeps servers in sbin, which is often not on the PATH.
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
                    "Trunk.toml does not say {pin}. It must name the versions that xtask installs: Trunk ignores a \
                     tool of any other version and tries to download one."
                )));
            }
        }
        Ok(Toolbox { own, cargo, cargo_bin, path, wasm_bindgen })
    }

    /// Installs each of the tools that is missing, one step for each.
    pub fn install(&mut self, steps: &mut Steps, tools: &[Tool]) {
        for tool in tools {
            steps.run(tool.name, || {
                if (tool.is_present)(self) {
                    println!("   already there");
                    return Ok(());
                }
                let with_advice = |why: &str| Failure::new(format!("{why}\n   {}", tool.advice));
                (tool.install)(self).map_err(|failure| with_advice(&failure.0))?;
                if (tool.is_present)(self) {
                    return Ok(());
                }
                Err(with_advice(&format!("{} was installed but is still not found.", tool.name)))
            });
        }
    }

    /// `target/tools`, where we install what is not the user's.
    pub fn own(&self) -> &PathBuf {
        &self.own
    }

    /// The version of wasm-bindgen, crate and program.
    pub fn wasm_bindgen(&self) -> &str {
        &self.wasm_bindgen
    }

    /// A program found on our PATH, to be started with that PATH in the root of the workspace.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.find(program).unwrap_or_else(|| PathBuf::from(program)));
        command.current_dir(root()).env("PATH", &self.path);
        command
    }

    /// Cargo, with our PATH.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(root()).env("PATH", &self.path);
        command
    }

    /// Where the program is, if it is on our PATH.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        env::split_paths(&self.path).map(|folder| folder.join(program)).find(|file| file.is_file())
    }

    /// Whether the program is on our PATH.
    pub fn has(&self, program: &str) -> bool {
        self.find(program).is_some()
    }

    /// Whether the program is there and `--version` prints this version.
    pub fn prints_version(&self, program: &str, version: &str) -> bool {
        self.has(program)
            && output_of(self.command(program).arg("--version"))
                .is_some_and(|text| text.split_whitespace().collect::<Vec<_>>().join(" ").contains(version))
    }

    /// Prints what has to be on the PATH of a shell, so that `trunk` works there without xtask.
    pub fn print_path_advice(&self) {
        let on_path = env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|p| p == self.cargo_bin);
        println!("All tools are there. `trunk serve` works from here on.");
        if !on_path || self.own.join("bin").is_dir() {
            println!(
                "Your shell does not find all of them yet: put {} and {} first on your PATH.",
                self.own.join("bin").display(),
                self.cargo_bin.display()
            );
        }
        println!(
            "For `trunk build --release` without xtask, wasm-opt has to be on the PATH too ({}). `cargo xtask build` \
             puts it there.",
            self.find("wasm-opt").map_or_else(String::new, |file| file.display().to_string())
        );
    }

    /// Compiles and installs the programs of a crate.
    ///
    /// They go into cargo's own folder, or into `target/tools` if the user has another version of `program`. `features`
    /// are options of `cargo install`.
    pub fn cargo_install(
        &self,
        krate: &str,
        program: &str,
        version: &str,
        features: &[&str],
    ) -> Result<(), Failure> {
        let mut root: Vec<&OsStr> = Vec::new();
        if self.has(program) {
            println!("   another version of {program} is there: ours goes into {}", self.own.display());
            root = vec![OsStr::new("--root"), self.own.as_os_str()];
        }
        let mut install = self.cargo();
        install.args(["install", "--locked", krate, "--version", version]).args(features).args(&root);
        // Settings that are meant for this workspace are not meant for a tool.
        install.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
        println!("   this compiles {krate} {version} once; it takes some minutes");
        steps::run(&mut install)
    }

    /// Installs packages of npm into a folder of `target/tools`.
    pub fn npm_install(&self, folder: &str, packages: &[&str]) -> Result<(), Failure> {
        let into = self.folder(folder)?;
        let quiet = ["--no-save", "--no-fund", "--no-audit", "--loglevel=error"];
        steps::run(self.command("npm").args(["install", "--prefix"]).arg(into).args(quiet).args(packages))
    }

    /// Installs packages of Debian.
    pub fn apt_install(&self, packages: &[&str]) -> Result<(), Failure> {
        self.apt_update(packages)?;
        let install = ["install", "-y", "-qq", "--no-install-recommends"];
        steps::run(self.apt_as_root().args(install).args(packages))
    }

    /// Unpacks packages of Debian and their dependencies into a folder of `target/tools`.
    ///
    /// They are not installed, because the package of a server starts it, at once and at every boot. Dependencies that are
    /// installed already are used from there, except packages whose name begins with `family`: those must lie in one
    /// folder.
    pub fn apt_unpack(&self, folder: &str, packages: &[&str], family: &str) -> Result<(), Failure> {
        self.apt_update(packages)?;
        let into = self.folder(folder)?;
        let cache = self.folder("apt")?;
        let archives = self.folder("apt/archives")?;
        self.folder("apt/archives/partial")?;
        let status = read("/var/lib/dpkg/status")?;
        let is_hidden = |stanza: &str| {
            let name = stanza.strip_prefix("Package: ").and_then(|rest| rest.lines().next()).unwrap_or("");
            packages.contains(&name) || name.starts_with(family)
        };
        // apt-get is given a list of installed packages without those that are to be downloaded.
        let shown: Vec<_> = status.split("\n\n").filter(|stanza| !is_hidden(stanza)).collect();
        let shown_status = cache.join("status");
        fs::write(&shown_status, shown.join("\n\n"))
            .map_err(|error| Failure::new(format!("{} cannot be written: {error}.", cache.display())))?;

        let mut download = self.command("apt-get");
        download.args(["install", "-y", "-qq", "--no-install-recommends", "--download-only"]);
        // This changes nothing in the system, so it needs neither root nor the system's lock.
        download.args(["-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=root"]);
        download.arg("-o").arg(format!("Dir::Cache={}", cache.display()));
        download.arg("-o").arg(format!("Dir::State::status={}", shown_status.display()));
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

    /// Updates the list of packages, which may be old or missing.
    fn apt_update(&self, packages: &[&str]) -> Result<(), Failure> {
        if !self.has("apt-get") {
            return Err(Failure::new(format!(
                "apt-get is not there, so this is not Debian. Please install: {}.",
                packages.join(" ")
            )));
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

    /// A folder of `target/tools`, created if it is missing.
    fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.own.join(name);
        fs::create_dir_all(&folder)
            .map_err(|error| Failure::new(format!("{} cannot be created: {error}.", folder.display())))?;
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

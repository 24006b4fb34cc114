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

/// How tools are compiled: without link-time optimisation and in parallel. With [`Crate::opt_level`], compiling
/// wasm-bindgen-cli takes 183 s of processor time instead of 319 s.
const QUICK_TO_COMPILE: [(&str, &str); 2] =
    [("CARGO_PROFILE_RELEASE_LTO", "off"), ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")];

/// A crate with programs to install.
pub struct Crate<'a> {
    /// Its name.
    pub name: &'a str,
    /// The program that shows whether the user has another version.
    pub program: &'a str,
    /// Its exact version.
    pub version: &'a str,
    /// Options of `cargo install` that choose features.
    pub features: &'a [&'a str],
    /// The optimisation level, where it is compiled: the lowest that costs a build of the page less than a second.
    pub opt_level: &'a str,
}

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

    /// Installs the programs of a crate: prebuilt ones if cargo-binstall is there and finds them, else compiled.
    ///
    /// They go into cargo's own folder, or into `target/tools` if the user has another version.
    pub fn cargo_install(&self, krate: &Crate) -> Result<(), Failure> {
        let Crate { name, program, version, features, opt_level } = *krate;
        let mut root: Vec<&OsStr> = Vec::new();
        if self.has(program) {
            println!("   another version of {program} is there: ours goes into {}", self.own.display());
            root = vec![OsStr::new("--root"), self.own.as_os_str()];
        }
        if self.has("cargo-binstall") {
            let mut binstall = self.command("cargo-binstall");
            // Not to compile: where that is needed, it is done below, with our settings.
            binstall.args(["--no-confirm", "--locked", "--disable-strategies", "compile"]);
            binstall.args(&root).arg(format!("{name}@{version}"));
            match steps::run(&mut binstall) {
                Ok(()) => return Ok(()),
                Err(failure) => println!("   {failure}\n   {name} is compiled instead."),
            }
        }
        let mut install = self.cargo();
        install.args(["install", "--locked", name, "--version", version]).args(features).args(&root);
        // Settings that are meant for this workspace are not meant for a tool.
        install.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS").envs(QUICK_TO_COMPILE);
        install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", opt_level);
        println!("   this compiles {name} {version} once; it takes some minutes");
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

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;
    use crate::tools::FOR_THE_PAGE;

    /// A folder with a stand-in for cargo and, on a PATH of nothing else, one for cargo-binstall. Each notes how it was
    /// called.
    struct StandIns(tempfile::TempDir);

    impl StandIns {
        fn new() -> StandIns {
            let folder = tempfile::tempdir().expect("a temporary folder");
            for name in ["path", "home/bin"] {
                fs::create_dir_all(folder.path().join(name)).expect("a temporary folder");
            }
            StandIns(folder)
        }

        fn at(&self, file: &str) -> PathBuf {
            self.0.path().join(file)
        }

        /// A script that notes how it was called, and then does this.
        fn script(&self, file: &str, body: &str) {
            let text = format!(
                "#!/bin/sh\necho \"${{0##*/}} $*${{CARGO_PROFILE_RELEASE_LTO:+ lto=}}$CARGO_PROFILE_RELEASE_LTO\
                 ${{CARGO_PROFILE_RELEASE_OPT_LEVEL:+ opt-level=}}$CARGO_PROFILE_RELEASE_OPT_LEVEL\" >> \
                 '{}'\n{body}\n",
                self.at("calls").display()
            );
            write_program(&self.at(file), &text);
        }

        /// What a script does that installs trunk, in this version, into the folder of programs below `root`.
        fn installs_trunk(&self, root: &str, version: &str) -> String {
            let (bin, trunk) = (self.at(root).join("bin"), self.at(root).join("bin/trunk"));
            format!(
                "/bin/mkdir -p '{bin}'\nprintf '#!/bin/sh\\necho trunk {version}\\n' > '{trunk}'\n/bin/chmod +x '{trunk}'",
                bin = bin.display(),
                trunk = trunk.display()
            )
        }

        /// Runs the step of `cargo xtask setup` that installs trunk: how the stand-ins were called.
        fn install_trunk(&self) -> (Result<(), Failure>, Vec<String>) {
            let (own, cargo, home) = (self.at("own"), self.at("cargo"), self.at("home"));
            let toolbox = Toolbox::with(own, cargo, home, self.at("path").as_os_str());
            let trunk = FOR_THE_PAGE.iter().position(|tool| tool.name.starts_with("trunk"));
            let trunk = trunk.expect("the page is built by trunk");
            let mut steps = Steps::new("setup");
            toolbox.expect("this workspace's pins agree").install(&mut steps, &FOR_THE_PAGE[trunk..=trunk]);
            let calls = fs::read_to_string(self.at("calls")).unwrap_or_default();
            (steps.finish(), calls.lines().map(str::to_owned).collect())
        }
    }

    fn write_program(file: &Path, text: &str) {
        fs::write(file, text).expect("a temporary file");
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("our own file");
    }

    const BINSTALL: &str = "cargo-binstall --no-confirm --locked --disable-strategies compile trunk@0.21.14";
    const COMPILE: &str = "cargo install --locked trunk --version 0.21.14 --no-default-features --features rustls lto=off opt-level=0";

    /// One test, because a script cannot be started while another thread holds it open for writing across a fork.
    #[test]
    fn trunk_comes_from_binstall_where_that_is_installed_and_is_compiled_otherwise() {
        let prebuilt = StandIns::new();
        prebuilt.script("path/cargo-binstall", &prebuilt.installs_trunk("home", "0.21.14"));
        prebuilt.script("cargo", "exit 1");
        let (outcome, calls) = prebuilt.install_trunk();
        assert!(outcome.is_ok(), "{outcome:?}");
        assert_eq!(calls, [BINSTALL]);
        // Once it is there, nothing is called again.
        assert_eq!(prebuilt.install_trunk().1, [BINSTALL]);

        let failing = StandIns::new();
        failing.script("path/cargo-binstall", "exit 76");
        failing.script("cargo", &failing.installs_trunk("home", "0.21.14"));
        let (outcome, calls) = failing.install_trunk();
        assert!(outcome.is_ok(), "{outcome:?}");
        assert_eq!(calls, [BINSTALL, COMPILE]);

        let without = StandIns::new();
        without.script("cargo", &without.installs_trunk("home", "0.21.14"));
        let (outcome, calls) = without.install_trunk();
        assert!(outcome.is_ok(), "{outcome:?}");
        assert_eq!(calls, [COMPILE]);

        // The user's own trunk, of another version, stays.
        let other = StandIns::new();
        write_program(&other.at("home/bin/trunk"), "#!/bin/sh\necho trunk 0.20.0\n");
        other.script("path/cargo-binstall", &other.installs_trunk("own", "0.21.14"));
        other.script("cargo", "exit 1");
        let (outcome, calls) = other.install_trunk();
        assert!(outcome.is_ok(), "{outcome:?}");
        let root = format!(" --root {} trunk@", other.at("own").display());
        assert_eq!(calls, [BINSTALL.replace(" trunk@", &root)]);
        assert!(fs::read_to_string(other.at("home/bin/trunk")).is_ok_and(|text| text.contains("0.20.0")));
    }
}

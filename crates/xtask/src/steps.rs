//! Named steps, how long they took, and the summary at the end.
//!
//! Knows nothing of what the steps do. A failed step does not end the command: steps that do not depend on it still run, so
//! that one run reports every failure. A step that does depend on it checks [`Steps::ok`] first.

use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

/// What went wrong and what the reader can do about it, in plain sentences.
#[derive(Debug)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Failure {
    /// A failure from anything that can be written as text.
    pub fn new(text: impl Into<String>) -> Failure {
        Failure(text.into())
    }
}

enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// The steps of one command, in the order in which they ran.
pub struct Steps {
    command: &'static str,
    began: Instant,
    done: Vec<(String, Duration, Outcome)>,
}

impl Steps {
    /// Begins the command of that name.
    pub fn new(command: &'static str) -> Steps {
        Steps { command, began: Instant::now(), done: Vec::new() }
    }

    /// Prints the step's name, runs it, and prints why it failed if it did. True if it passed.
    pub fn run(&mut self, name: &str, step: impl FnOnce() -> Result<(), Failure>) -> bool {
        println!("\n── {} {}: {name}", self.command, self.done.len() + 1);
        let began = Instant::now();
        let outcome = match step() {
            Ok(()) => Outcome::Passed,
            Err(failure) => {
                eprintln!("   failed: {failure}");
                Outcome::Failed(failure.0)
            }
        };
        let passed = matches!(outcome, Outcome::Passed);
        self.done.push((name.to_owned(), began.elapsed(), outcome));
        passed
    }

    /// Records a step that cannot run because an earlier one failed.
    pub fn skip(&mut self, name: &str, why: &str) {
        println!("\n── {} {}: {name}: skipped, {why}", self.command, self.done.len() + 1);
        self.done.push((name.to_owned(), Duration::ZERO, Outcome::Skipped(why.to_owned())));
    }

    /// Whether every step so far has passed.
    pub fn ok(&self) -> bool {
        self.done.iter().all(|(_, _, outcome)| matches!(outcome, Outcome::Passed))
    }

    /// Prints the summary; an error if any step failed or was skipped.
    pub fn finish(self) -> Result<(), Failure> {
        println!("\n{:─<72}", format!("── summary of {} ", self.command));
        for (name, took, outcome) in &self.done {
            let (mark, note) = match outcome {
                Outcome::Passed => ("passed ", ""),
                Outcome::Failed(why) => ("FAILED ", why.lines().next().unwrap_or("")),
                Outcome::Skipped(why) => ("skipped", why.as_str()),
            };
            println!("{mark} {:>7.1} s  {name}{}{note}", took.as_secs_f64(), separator(note));
        }
        let failed = self.done.iter().filter(|(_, _, outcome)| !matches!(outcome, Outcome::Passed)).count();
        println!("        {:>7.1} s  in all", self.began.elapsed().as_secs_f64());
        if failed == 0 {
            return Ok(());
        }
        Err(Failure::new(format!("{failed} of {} steps did not pass.", self.done.len())))
    }
}

fn separator(note: &str) -> &'static str {
    if note.is_empty() { "" } else { ": " }
}

/// Runs a program with its output shown as it comes; an error unless it ends with success.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let shown = shown(command);
    println!("   $ {shown}");
    let status = command
        .status()
        .map_err(|error| Failure::new(format!("`{shown}` could not be started: {error}.")))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("`{shown}` ended with {status}. Its output is above.")))
}

/// What a program prints on its standard output, if it runs and succeeds.
pub fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stderr(std::process::Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or_default().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

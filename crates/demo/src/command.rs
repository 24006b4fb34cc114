//! Orders as lines of text, and the sentences that answer them. It reads no input and prints nothing: the
//! binary does, and `control` borrows the sentences.

use crate::device::{Action, Device, Refusal, State};
use crate::fleet::{Fleet, Unknown};
use crate::profile::Convention;

/// What the demo understands on standard input.
pub const HELP: &str = "Commands:
  list              every device: id, convention, topic, state
  list <words>      those whose line contains the words
  kill <id>         crash: the socket is dropped, the will comes at once
  silence <id>      keep the socket and say nothing: the will comes within 1.5 × keep-alive
  leave <id>        DISCONNECT without a word: the retained “online” stays, although it is wrong
  goodbye <id>      publish “offline” retained, then DISCONNECT
  return <id>       come back
  help              this
  quit              end the demo
In place of an id, for many at once: all, taichi-maker, tasmota, esphome, lwt.";

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nothing: an empty line.
    Nothing,
    /// An order to a device or a group.
    Act(Action, String),
    /// The list of the devices whose line contains the text.
    List(String),
    /// The list of commands.
    Help,
    /// End the demo.
    Quit,
    /// Not understood; the sentence says what is wrong.
    Mistake(String),
}

impl Command {
    /// Reads one line.
    pub fn read(line: &str) -> Command {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match (word, Action::from_word(word)) {
            (_, Some(_)) if rest.is_empty() => {
                Command::Mistake(format!("Which device? For example: {word} all. `list` shows the ids."))
            }
            (_, Some(action)) => Command::Act(action, rest.to_owned()),
            ("", _) => Command::Nothing,
            ("list" | "ls", _) => Command::List(rest.to_owned()),
            ("help" | "?", _) => Command::Help,
            ("quit" | "exit" | "q", _) => Command::Quit,
            _ => Command::Mistake(format!("“{word}” is no command. `help` shows them all.")),
        }
    }
}

/// Gives an order and words the outcome: how many devices followed it, and the sentence.
pub async fn act(fleet: &Fleet, target: &str, action: Action) -> Result<(usize, String), Unknown> {
    let outcome = fleet.act(target, action).await?;
    if let [(device, result)] = outcome.as_slice() {
        let id = &device.profile().id;
        return Ok(match result {
            Ok(state) => (1, format!("{id} {}", done(*state, device, fleet))),
            Err(refusal) => (0, format!("{id} cannot {}: {refusal}.", action.word())),
        });
    }
    let refusals: Vec<Refusal> = outcome.iter().filter_map(|(_, result)| result.err()).collect();
    let followed = outcome.len() - refusals.len();
    let word = action.word();
    Ok(match refusals.first() {
        None => (followed, format!("{word}: all {followed} devices did.")),
        Some(why) => {
            (followed, format!("{word}: {followed} devices did, {} could not: {why}.", refusals.len()))
        }
    })
}

/// The rest of a sentence that begins with a device's id.
fn done(state: State, device: &Device, fleet: &Fleet) -> String {
    let profile = device.profile();
    match state {
        State::Connecting => "is connecting.".to_owned(),
        State::Online => format!("is back: “{}” on {}.", profile.online, profile.topic),
        State::Crashed => {
            format!("crashed; the broker publishes its will, “{}” on {}.", profile.offline, profile.topic)
        }
        State::Silent => format!(
            "fell silent; its will, “{}” on {}, comes within {} s.",
            profile.offline,
            profile.topic,
            fleet.silence_limit().as_secs_f32()
        ),
        State::Left => {
            format!("left without a word; “{}” stays retained on {}.", profile.online, profile.topic)
        }
        State::Gone => format!("said goodbye, “{}” on {}, and left.", profile.offline, profile.topic),
    }
}

/// The devices whose line contains the text, a line each, and a line that counts them.
pub fn list(fleet: &Fleet, text: &str) -> String {
    let wanted = text.to_lowercase();
    let mut lines: Vec<String> = fleet
        .devices()
        .iter()
        .map(|device| {
            let p = device.profile();
            let convention = p.convention.slug();
            format!("  {:<34} {convention:<13} {:<11} {}", p.id, device.state().word(), p.topic)
        })
        .filter(|line| line.to_lowercase().contains(&wanted))
        .collect();
    let shown = lines.len();
    let online = fleet.devices().iter().filter(|device| device.state() == State::Online).count();
    lines.push(format!("{shown} shown, {online} of {} online.", fleet.devices().len()));
    lines.join("\n")
}

/// Whether a word names a group of devices and not one.
pub fn is_group(target: &str) -> bool {
    target == "all" || Convention::ALL.iter().any(|convention| convention.slug() == target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_people_type_them() {
        let act = |action, id: &str| Command::Act(action, id.to_owned());
        for (line, command) in [
            ("kill garage/cam\n", act(Action::Kill, "garage/cam")),
            ("  return   all  ", act(Action::Return, "all")),
            ("list", Command::List(String::new())),
            ("list crashed", Command::List("crashed".to_owned())),
            ("", Command::Nothing),
            ("quit", Command::Quit),
        ] {
            assert_eq!(Command::read(line), command, "{line:?}");
        }
        for line in ["kill", "explode garage/cam"] {
            assert!(matches!(Command::read(line), Command::Mistake(_)), "{line:?}");
        }
    }
}

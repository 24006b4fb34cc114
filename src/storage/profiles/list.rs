//! Changes of the list of saved connections: every name stays unique, and nothing is overwritten unasked.
//!
//! Pure. [`super::change`] stores the result.

use super::{ChangeError, MAX_NAME, MAX_PROFILES, SavedProfile};
use crate::client::{Address, Profile};

/// What became of a profile that was merged into the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Merged {
    /// It was added under this name.
    Added(String),
    /// The same one is there under the same name.
    Present,
    /// There are [`MAX_PROFILES`] already.
    NoRoom,
}

/// The profile whose credentials may be used for an address that came with the page's own: one for exactly that address.
pub fn for_address(profiles: Vec<SavedProfile>, address: &Address) -> Option<SavedProfile> {
    profiles.into_iter().find(|saved| saved.profile.address.as_str() == address.as_str())
}

/// The name itself, or followed by the first number that makes it unique.
pub fn free_name(profiles: &[SavedProfile], name: &str) -> String {
    if position(profiles, name).is_none() {
        return name.to_owned();
    }
    let base: String = name.chars().take(MAX_NAME - 7).collect();
    // Start where a free number is likely, or a thousand of one name would take a million comparisons.
    let similar = profiles.iter().filter(|other| other.name.starts_with(&base)).count();
    let numbered = |n: usize| format!("{base} ({n})");
    let is_free = |name: &String| position(profiles, name).is_none();
    (similar + 1..).map(numbered).find(is_free).expect("there are more numbers than profiles")
}

/// Saves a profile: in the place of the one that has the name `edited`, or first of all if none has.
///
/// # Errors
/// When another one has its name, or there is no room.
pub fn put(profiles: &mut Vec<SavedProfile>, edited: &str, saved: SavedProfile) -> Result<(), ChangeError> {
    if saved.name != edited && position(profiles, &saved.name).is_some() {
        return Err(ChangeError::NameTaken(saved.name));
    }
    match position(profiles, edited) {
        Some(place) => profiles[place] = saved,
        None if profiles.len() >= MAX_PROFILES => return Err(ChangeError::TooMany),
        None => profiles.insert(0, saved),
    }
    Ok(())
}

/// Inserts a profile at a place, under a free name, and returns that name.
///
/// # Errors
/// When there is no room.
pub fn insert(
    profiles: &mut Vec<SavedProfile>,
    place: usize,
    saved: SavedProfile,
) -> Result<String, ChangeError> {
    if profiles.len() >= MAX_PROFILES {
        return Err(ChangeError::TooMany);
    }
    let name = free_name(profiles, &saved.name);
    profiles.insert(place.min(profiles.len()), SavedProfile { name: name.clone(), ..saved });
    Ok(name)
}

/// Removes the profile of this name. Returns it and its place, if it was there.
pub fn remove(profiles: &mut Vec<SavedProfile>, name: &str) -> Option<(usize, SavedProfile)> {
    let place = position(profiles, name)?;
    Some((place, profiles.remove(place)))
}

/// Moves the profile of this name to the front: it is the one that is offered next time.
pub fn move_to_front(profiles: &mut [SavedProfile], name: &str) {
    if let Some(place) = position(profiles, name) {
        profiles[..=place].rotate_right(1);
    }
}

/// Adds the profiles of a file under free names. Overwrites nothing. Returns what became of each.
pub fn merge(into: &mut Vec<SavedProfile>, found: &[SavedProfile]) -> Vec<Merged> {
    let add = |saved: &SavedProfile| {
        let is_same = |known: &SavedProfile| {
            // A file cannot know whether the password is saved here.
            let with_password =
                || Profile { password: known.profile.password.clone(), ..saved.profile.clone() };
            // The name first: few profiles need to be copied.
            known.name == saved.name && known.profile == with_password()
        };
        if into.iter().any(is_same) {
            return Merged::Present;
        }
        match insert(into, into.len(), saved.clone()) {
            Ok(name) => Merged::Added(name),
            Err(_) => Merged::NoRoom,
        }
    };
    found.iter().map(add).collect()
}

fn position(profiles: &[SavedProfile], name: &str) -> Option<usize> {
    profiles.iter().position(|saved| saved.name == name)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::super::tests::{document, saved};
    use super::super::{Place, Problem, Reason, parse};
    use super::*;

    fn names(profiles: &[SavedProfile]) -> Vec<&str> {
        profiles.iter().map(|saved| saved.name.as_str()).collect()
    }

    #[wasm_bindgen_test]
    fn more_profiles_than_the_maximum_are_left_out() {
        let one = |n| format!(r#"{{"name":"a","address":"ws://b{n}"}}"#);
        let list = (0..MAX_PROFILES + 5).map(one).collect::<Vec<_>>().join(",");
        let found = parse(&document(&format!("[{list}]")), Place::File);
        assert_eq!(found.profiles.len(), MAX_PROFILES);
        let problem = Problem { path: "profiles[1000]".to_owned(), reason: Reason::TooMany(MAX_PROFILES) };
        assert_eq!(found.problems, [problem]);
        let mut profiles = vec![saved("b")];
        let outcomes = merge(&mut profiles, &found.profiles);
        assert_eq!(profiles.len(), MAX_PROFILES);
        assert_eq!(outcomes[..2], [Merged::Added("a".to_owned()), Merged::Added("a (2)".to_owned())]);
        assert_eq!(outcomes[MAX_PROFILES - 1], Merged::NoRoom);
    }

    #[wasm_bindgen_test]
    fn merging_overwrites_nothing() {
        let mut profiles = vec![saved("Farm")];
        let mut same = saved("Farm");
        same.profile.password = None;
        let mut other = same.clone();
        other.profile.keep_alive = 60;
        let outcomes = merge(&mut profiles, &[same, other.clone()]);
        assert_eq!(outcomes, [Merged::Present, Merged::Added("Farm (2)".to_owned())]);
        assert!(profiles[0] == saved("Farm") && profiles[1].profile == other.profile);
        assert_eq!(free_name(&profiles, "Farm"), "Farm (3)");
        assert_eq!(free_name(&profiles, "Barn"), "Barn");
        let long = "x".repeat(MAX_NAME);
        profiles.push(saved(&long));
        assert!(free_name(&profiles, &long).chars().count() <= MAX_NAME);
    }

    #[wasm_bindgen_test]
    fn saving_replaces_only_what_was_edited() {
        let mut profiles = vec![saved("Farm"), saved("Barn")];
        let taken = put(&mut profiles, "Farm", saved("Barn"));
        assert_eq!(taken, Err(ChangeError::NameTaken("Barn".to_owned())));
        assert_eq!(put(&mut profiles, "Barn", saved("Mill")), Ok(()));
        assert_eq!(put(&mut profiles, "", saved("Dock")), Ok(()));
        assert_eq!(names(&profiles), ["Dock", "Farm", "Mill"]);
        assert_eq!(insert(&mut profiles, 9, saved("Dock")).as_deref(), Ok("Dock (2)"));
        move_to_front(&mut profiles, "Mill");
        assert!(remove(&mut profiles, "Dock").is_some_and(|(place, _)| place == 1));
        assert!(remove(&mut profiles, "Dock").is_none());
        assert_eq!(names(&profiles), ["Mill", "Farm", "Dock (2)"]);
        profiles.extend((profiles.len()..MAX_PROFILES).map(|n| saved(&n.to_string())));
        assert_eq!(put(&mut profiles, "", saved("New")), Err(ChangeError::TooMany));
        assert_eq!(insert(&mut profiles, 0, saved("New")), Err(ChangeError::TooMany));
        assert_eq!(put(&mut profiles, "Farm", saved("New")), Ok(()));
    }

    #[wasm_bindgen_test]
    fn credentials_are_for_exactly_one_address() {
        let finds = |address: &str| {
            let address = Address::parse(address).expect("a test's address is valid");
            for_address(vec![saved("Farm")], &address).is_some()
        };
        assert!(finds("wss://farm.example/mqtt"));
        for other in [
            "wss://farm.example/mqtt/",
            "wss://farm.example:443/mqtt",
            "ws://farm.example/mqtt",
            "wss://Farm.example/mqtt",
            "wss://farm.example/mqtt?x",
            "wss://farm.example.evil/mqtt",
        ] {
            assert!(!finds(other), "{other}");
        }
    }
}

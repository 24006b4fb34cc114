//! What the visitor looks at: which devices, in which order, in which groups, how large; and how the
//! fragment of the page's address spells it, so that an address shares a view.
//!
//! Pure text and typed values; never touches the browser. What a fragment says that nobody understands is
//! left out, and never an error: it may come from a newer page.

use std::collections::BTreeSet;

use fleet::{Evidence, Grouping, OrderBy, Query, Registry, Status, Statuses};

use crate::percent::{percent_decoded, percent_encoded};

/// The route of the board, with which a fragment begins that has parameters.
const ROUTE: &str = "#/?";
/// The deepest level of a topic that can make groups.
pub const DEEPEST_GROUP: u8 = 3;

/// What the visitor looks at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct View {
    /// Which devices, in which order.
    pub query: Query,
    /// In which groups, if in any.
    pub grouping: Option<Grouping>,
    /// How large.
    pub density: Density,
}

/// How much room a device takes.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Density {
    /// A tile, with its history.
    #[default]
    Tiles,
    /// One line.
    Compact,
    /// A cell on a canvas.
    Wall,
}

impl Density {
    /// Every density, the roomiest first.
    pub const ALL: [Density; 3] = [Density::Tiles, Density::Compact, Density::Wall];

    /// Its word in an address.
    pub fn word(self) -> &'static str {
        match self {
            Density::Tiles => "tiles",
            Density::Compact => "compact",
            Density::Wall => "wall",
        }
    }

    /// The order when none was asked for. On a wall every device keeps its place, so that one gets to know it:
    /// trouble is seen by its colour there, and cells that changed places with every change would tell nothing.
    fn order(self) -> OrderBy {
        if self == Density::Wall { OrderBy::Name } else { OrderBy::Trouble }
    }
}

/// The orders and their words in an address.
pub const ORDERS: [(OrderBy, &str); 3] =
    [(OrderBy::Trouble, "trouble"), (OrderBy::Name, "name"), (OrderBy::Change, "change")];

/// The groupings and their words in an address.
pub const GROUPINGS: [(Option<Grouping>, &str); 6] = [
    (None, "none"),
    (Some(Grouping::Convention), "convention"),
    (Some(Grouping::Parent), "parent"),
    (Some(Grouping::Topic { levels: 1 }), "topic-1"),
    (Some(Grouping::Topic { levels: 2 }), "topic-2"),
    (Some(Grouping::Topic { levels: DEEPEST_GROUP }), "topic-3"),
];

/// How many folded groups an address carries, and how long their names may be, in bytes: it must stay one that can be
/// sent to somebody.
const MAX_FOLDED: usize = 64;
const MAX_FOLD_NAME: usize = 200;

/// What the names of folded groups begin with, so that those of one grouping are none of another's.
pub fn fold_prefix(by: Grouping) -> &'static str {
    match by {
        Grouping::Convention => "convention ",
        Grouping::Topic { .. } => "topic ",
        Grouping::Parent => "parent ",
    }
}

/// The names of the groups that the fragment of an address has folded: those of its grouping.
pub fn folded_of_fragment(fragment: &str) -> BTreeSet<String> {
    let mut folded = BTreeSet::new();
    let list = fragment.split(['?', '&']).find_map(|parameter| parameter.strip_prefix("folded="));
    if let (Some(by), Some(list)) = (View::of_fragment(fragment).grouping, list) {
        for name in list.split(',').take(MAX_FOLDED).map(percent_decoded) {
            if name.len() <= MAX_FOLD_NAME {
                folded.insert(fold_prefix(by).to_owned() + &name);
            }
        }
    }
    folded
}

impl View {
    /// The fragment that brings another visitor here, with the groups folded that are folded.
    pub fn fragment_with(&self, folded: &BTreeSet<String>) -> String {
        let mut fragment = self.fragment();
        if let Some(by) = self.grouping {
            let names = folded.iter().filter_map(|name| name.strip_prefix(fold_prefix(by)));
            let names = names.filter(|name| name.len() <= MAX_FOLD_NAME).take(MAX_FOLDED);
            for (place, name) in names.enumerate() {
                // A fragment with a grouping has a parameter already.
                fragment.push_str(if place == 0 { "&folded=" } else { "," });
                fragment.push_str(&percent_encoded(name));
            }
        }
        fragment
    }

    /// Reads the fragment of an address, with or without its `#`.
    pub fn of_fragment(fragment: &str) -> View {
        let mut view = View::default();
        let fragment = fragment.trim_start_matches('#');
        let Some((_, parameters)) = fragment.split_once('?') else {
            return view;
        };
        let mut order = None;
        for parameter in parameters.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = percent_decoded(value);
            match name {
                "q" => view.query.text = value,
                "status" => {
                    let named = |status: &Status| value.split(',').any(|word| word == status.word());
                    let none = Statuses::NONE;
                    let some = Status::ALL.into_iter().filter(named).fold(none, Statuses::toggled);
                    // No known status: as if the parameter were missing.
                    view.query.statuses = if some == none { Statuses::ALL } else { some };
                }
                "evidence" => {
                    let all = [Evidence::Live, Evidence::Retained, Evidence::Stale];
                    view.query.evidence = all.into_iter().find(|evidence| evidence.word() == value);
                }
                "convention" => {
                    view.query.convention = Registry::built_in().find(&value).map(|_| value.into());
                }
                "sort" => {
                    let known = ORDERS.iter().find(|(_, word)| *word == value);
                    order = known.map(|(order, _)| *order);
                }
                "group" => {
                    let known = GROUPINGS.iter().find(|(_, word)| *word == value);
                    view.grouping = known.and_then(|(grouping, _)| *grouping);
                }
                "view" => {
                    let known = Density::ALL.into_iter().find(|density| density.word() == value);
                    view.density = known.unwrap_or_default();
                }
                _ => {}
            }
        }
        view.query.order = order.unwrap_or(view.density.order());
        view
    }

    /// The fragment that brings another visitor here; empty for what the board shows by itself.
    pub fn fragment(&self) -> String {
        let Query { text, statuses, evidence, convention, order, .. } = &self.query;
        let mut fragment = String::new();
        let mut add = |name: &str, value: &str| {
            fragment.push_str(if fragment.is_empty() { ROUTE } else { "&" });
            fragment.push_str(name);
            fragment.push_str(value);
        };
        if !text.trim().is_empty() {
            add("q=", &percent_encoded(text.trim()));
        }
        if *statuses != Statuses::ALL {
            let mut words = String::new();
            for status in Status::ALL.into_iter().filter(|status| statuses.has(*status)) {
                words.push_str(if words.is_empty() { "" } else { "," });
                words.push_str(status.word());
            }
            add("status=", &words);
        }
        if let Some(evidence) = evidence {
            add("evidence=", evidence.word());
        }
        if let Some(convention) = convention {
            add("convention=", convention);
        }
        let usual = self.density.order();
        if let Some((_, word)) = ORDERS.iter().find(|(known, _)| known == order && *order != usual) {
            add("sort=", word);
        }
        if let Some((_, word)) = GROUPINGS[1..].iter().find(|(known, _)| *known == self.grouping) {
            add("group=", word);
        }
        if self.density != Density::Tiles {
            add("view=", self.density.word());
        }
        fragment
    }

    /// Shows devices larger or smaller. Who has not chosen an order gets the usual one of that size.
    pub fn resize(&mut self, density: Density) {
        if self.query.order == self.density.order() {
            self.query.order = density.order();
        }
        self.density = density;
    }

    /// Takes every filter away; order, groups and density stay.
    pub fn show_all(&mut self) {
        self.query = Query { order: self.query.order, ..Query::default() };
    }

    /// Whether it leaves devices out.
    pub fn is_filtered(&self) -> bool {
        let whole = Query { order: self.query.order, ..Query::default() };
        self.query != whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    /// The boundary: fragment ⇄ view.
    #[track_caller]
    fn check(fragment: &str, change: impl FnOnce(&mut View)) {
        let mut view = View::default();
        change(&mut view);
        assert_eq!(View::of_fragment(fragment), view, "{fragment}");
        assert_eq!(view.fragment(), fragment);
    }

    #[wasm_bindgen_test]
    fn a_view_is_a_fragment_and_back() {
        check("", |_| {});
        check("#/?q=kitchen%20lamp", |view| view.query.text = "kitchen lamp".into());
        check("#/?q=%23%26%25=%C3%BC%E7%81%AF", |view| view.query.text = "#&%=ü灯".into());
        check("#/?status=offline,degraded", |view| {
            let none = Statuses::NONE;
            view.query.statuses = none.toggled(Status::Degraded).toggled(Status::Offline);
        });
        check("#/?evidence=stale&convention=tasmota&sort=change&group=topic-2&view=compact", |view| {
            view.query.evidence = Some(Evidence::Stale);
            view.query.convention = Some("tasmota".into());
            view.query.order = OrderBy::Change;
            view.grouping = Some(Grouping::Topic { levels: 2 });
            view.density = Density::Compact;
        });
        check("#/?view=wall", |view| view.resize(Density::Wall));
        check("#/?sort=trouble&view=wall", |view| view.density = Density::Wall);
    }

    #[wasm_bindgen_test]
    fn a_wall_is_in_order_of_names_unless_another_is_chosen() {
        let mut view = View::of_fragment("#/?view=compact");
        view.resize(Density::Wall);
        assert_eq!(view.query.order, OrderBy::Name);
        view.resize(Density::Tiles);
        assert_eq!(view, View::default());
        view.query.order = OrderBy::Change;
        view.resize(Density::Wall);
        assert_eq!(view.fragment(), "#/?sort=change&view=wall");
    }

    #[wasm_bindgen_test]
    fn folded_groups_are_part_of_the_address() {
        let folded =
            |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        let check = |fragment: &str, names: &[&str]| {
            assert_eq!(folded_of_fragment(fragment), folded(names), "{fragment}");
            assert_eq!(View::of_fragment(fragment).fragment_with(&folded(names)), fragment);
        };
        check("#/?group=topic-1", &[]);
        check("#/?group=topic-1&folded=attic,cellar", &["topic attic", "topic cellar"]);
        check(
            "#/?q=a&group=parent&folded=homie%20a%2Cb%26%23,wled%20%E7%81%AF",
            &["parent homie a,b&#", "parent wled 灯"],
        );
        // What is in no group has no name.
        check("#/?group=topic-2&folded=,attic/north", &["topic ", "topic attic/north"]);
        // Folds of another grouping are none of this one's address.
        let other = View::of_fragment("#/?group=convention").fragment_with(&folded(&["topic attic"]));
        assert_eq!(other, "#/?group=convention");
        assert_eq!(View::default().fragment_with(&folded(&["topic attic"])), "");
        assert!(folded_of_fragment("#/?folded=attic").is_empty());
        let many = format!("#/?group=topic-1&folded={}", vec!["a"; 9_999].join(","));
        assert_eq!(folded_of_fragment(&many).len(), 1);
        let long = format!("#/?group=topic-1&folded={}", "a".repeat(201));
        assert!(folded_of_fragment(&long).is_empty());
        let names: Vec<String> = (0..99).map(|n| format!("topic {n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let fragment = View::of_fragment("#/?group=topic-1").fragment_with(&folded(&names));
        assert_eq!(folded_of_fragment(&fragment).len(), MAX_FOLDED);
    }

    #[wasm_bindgen_test]
    fn what_nobody_understands_is_left_out() {
        for fragment in [
            "#",
            "#/",
            "#/lab",
            "#?",
            "#/?",
            "#/?q",
            "#/?&&=&",
            "#/?status=&evidence=rumour&convention=none&sort=price&group=topic-9&view=cinema&x=1",
            "#/?status=dead,ONLINE",
        ] {
            assert_eq!(View::of_fragment(fragment), View::default(), "{fragment}");
        }
        assert_eq!(View::of_fragment("#/?q=%zz%C3%28").query.text, "%zz\u{FFFD}(");
    }

    #[wasm_bindgen_test]
    fn an_order_is_no_filter() {
        assert!(!View::of_fragment("#/?sort=name&group=parent&view=compact").is_filtered());
        for fragment in ["#/?q=a", "#/?status=online", "#/?evidence=live", "#/?convention=lwt"] {
            assert!(View::of_fragment(fragment).is_filtered(), "{fragment}");
        }
    }
}

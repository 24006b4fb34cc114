//! The sentences are read by a macro, which cargo does not know: it is told to look at their files.

fn main() {
    println!("cargo::rerun-if-changed=locales");
    // The list of the languages stands there, in a part whose changes cargo itself does not look at.
    println!("cargo::rerun-if-changed=Cargo.toml");
}

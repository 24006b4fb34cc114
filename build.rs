//! Tells cargo to rebuild when translations change: a macro reads them, which cargo does not know of.

fn main() {
    println!("cargo::rerun-if-changed=locales");
    // The list of languages is in [package.metadata], whose changes cargo ignores.
    println!("cargo::rerun-if-changed=Cargo.toml");
}

//! MQTT's reason codes, named as the standard names them, in every language.

use mqtt::ReasonCode;

/// A reason code as a number and by its name: `0x87 (Not authorized)`.
pub fn reason_code(reason: ReasonCode) -> String {
    format!("0x{:02X} ({})", reason.byte(), reason_name(reason))
}

/// The standard's name of a reason code: `NotAuthorized` is "Not authorized".
pub fn reason_name(reason: ReasonCode) -> String {
    let mut name = String::new();
    // "QoS" is one word.
    for letter in format!("{reason:?}").replace("QoS", "Qos").chars() {
        if !name.is_empty() && (letter.is_ascii_uppercase() || letter.is_ascii_digit()) {
            name.push(' ');
            name.push(letter.to_ascii_lowercase());
        } else {
            name.push(letter);
        }
    }
    name.replace("Qos", "qos").replace("qos", "QoS")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn reason_codes_by_the_standard_s_names() {
        let check = |reason, expected: &str| assert_eq!(reason_name(reason), expected);
        check(ReasonCode::NotAuthorized, "Not authorized");
        check(ReasonCode::Banned, "Banned");
        check(ReasonCode::QoSNotSupported, "QoS not supported");
        check(ReasonCode::GrantedQoS1, "Granted QoS 1");
        check(ReasonCode::BadUserNameOrPassword, "Bad user name or password");
    }
}

//! Reason codes, for both versions.
//!
//! The return codes of a 3.1.1 CONNACK become reason codes of 5.0, so that everything above the codec handles one
//! set of codes. Holds no text for a user. Used by the codec, the session and everything that shows an outcome.

use crate::packet::PacketType;

macro_rules! reason_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// An outcome, as numbered by section 2.4 of MQTT 5.0.
        ///
        /// 0x00 has three names in the standard (Success, Normal disconnection, Granted QoS 0), but only one here.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the names are the standard's and say it all")]
        pub enum ReasonCode {
            $($(#[$doc])* $name = $code,)*
        }

        impl ReasonCode {
            /// Every code of the standard, in ascending order.
            pub const ALL: &'static [ReasonCode] = &[$(ReasonCode::$name),*];

            /// The reason code of a byte, or `None` if the standard has none.
            #[inline]
            pub const fn from_byte(byte: u8) -> Option<ReasonCode> {
                match byte {
                    $($code => Some(ReasonCode::$name),)*
                    _ => None,
                }
            }
        }
    };
}

reason_codes! {
    /// Also "Normal disconnection" and "Granted QoS 0".
    Success = 0x00,
    GrantedQoS1 = 0x01,
    GrantedQoS2 = 0x02,
    DisconnectWithWillMessage = 0x04,
    NoMatchingSubscribers = 0x10,
    NoSubscriptionExisted = 0x11,
    ContinueAuthentication = 0x18,
    ReAuthenticate = 0x19,
    /// The only failure of a 3.1.1 SUBACK.
    UnspecifiedError = 0x80,
    MalformedPacket = 0x81,
    ProtocolError = 0x82,
    ImplementationSpecificError = 0x83,
    /// 3.1.1: return code 1.
    UnsupportedProtocolVersion = 0x84,
    /// 3.1.1: return code 2.
    ClientIdentifierNotValid = 0x85,
    /// 3.1.1: return code 4.
    BadUserNameOrPassword = 0x86,
    /// 3.1.1: return code 5.
    NotAuthorized = 0x87,
    /// 3.1.1: return code 3.
    ServerUnavailable = 0x88,
    ServerBusy = 0x89,
    Banned = 0x8A,
    ServerShuttingDown = 0x8B,
    BadAuthenticationMethod = 0x8C,
    KeepAliveTimeout = 0x8D,
    SessionTakenOver = 0x8E,
    TopicFilterInvalid = 0x8F,
    TopicNameInvalid = 0x90,
    PacketIdentifierInUse = 0x91,
    PacketIdentifierNotFound = 0x92,
    ReceiveMaximumExceeded = 0x93,
    TopicAliasInvalid = 0x94,
    PacketTooLarge = 0x95,
    MessageRateTooHigh = 0x96,
    QuotaExceeded = 0x97,
    AdministrativeAction = 0x98,
    PayloadFormatInvalid = 0x99,
    RetainNotSupported = 0x9A,
    QoSNotSupported = 0x9B,
    UseAnotherServer = 0x9C,
    ServerMoved = 0x9D,
    SharedSubscriptionsNotSupported = 0x9E,
    ConnectionRateExceeded = 0x9F,
    MaximumConnectTime = 0xA0,
    SubscriptionIdentifiersNotSupported = 0xA1,
    WildcardSubscriptionsNotSupported = 0xA2,
}

impl ReasonCode {
    /// The byte of a 5.0 packet.
    #[inline]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// Whether the code means a failure: 0x80 or above (section 2.4).
    #[inline]
    pub const fn is_error(self) -> bool {
        self.byte() >= 0x80
    }

    /// Whether `packet` may have this code in 5.0.
    ///
    /// By the tables of sections 3.2.2.2, 3.4.2.1, 3.5.2.1, 3.6.2.1, 3.7.2.1, 3.9.3, 3.11.3, 3.14.2.1 and 3.15.2.1;
    /// `false` for all other packets.
    pub const fn fits(self, packet: PacketType) -> bool {
        let byte = self.byte();
        match packet {
            PacketType::Connack => matches!(
                byte,
                0x00 | 0x80..=0x8A | 0x8C | 0x90 | 0x95 | 0x97 | 0x99..=0x9D | 0x9F
            ),
            PacketType::Puback | PacketType::Pubrec => {
                matches!(byte, 0x00 | 0x10 | 0x80 | 0x83 | 0x87 | 0x90 | 0x91 | 0x97 | 0x99)
            }
            PacketType::Pubrel | PacketType::Pubcomp => matches!(byte, 0x00 | 0x92),
            PacketType::Suback => {
                matches!(byte, 0x00..=0x02 | 0x80 | 0x83 | 0x87 | 0x8F | 0x91 | 0x97 | 0x9E | 0xA1 | 0xA2)
            }
            PacketType::Unsuback => matches!(byte, 0x00 | 0x11 | 0x80 | 0x83 | 0x87 | 0x8F | 0x91),
            PacketType::Disconnect => matches!(
                byte,
                0x00 | 0x04 | 0x80..=0x83 | 0x87 | 0x89 | 0x8B..=0x90 | 0x93..=0xA2
            ),
            PacketType::Auth => matches!(byte, 0x00 | 0x18 | 0x19),
            _ => false,
        }
    }

    /// Whether a client may send it in DISCONNECT. Many codes of that packet are for servers only (table 3-10).
    pub const fn is_for_clients_disconnect(self) -> bool {
        matches!(self.byte(), 0x00 | 0x04 | 0x80..=0x83 | 0x90 | 0x93..=0x99)
    }

    /// The reason code for a return code of a 3.1.1 CONNACK (table 3.1), or `None` for a reserved one.
    pub const fn from_return_code(byte: u8) -> Option<ReasonCode> {
        match byte {
            0 => Some(ReasonCode::Success),
            1 => Some(ReasonCode::UnsupportedProtocolVersion),
            2 => Some(ReasonCode::ClientIdentifierNotValid),
            3 => Some(ReasonCode::ServerUnavailable),
            4 => Some(ReasonCode::BadUserNameOrPassword),
            5 => Some(ReasonCode::NotAuthorized),
            _ => None,
        }
    }

    /// The return code for this in a 3.1.1 CONNACK, or `None` if 3.1.1 has none.
    pub const fn return_code(self) -> Option<u8> {
        match self {
            ReasonCode::Success => Some(0),
            ReasonCode::UnsupportedProtocolVersion => Some(1),
            ReasonCode::ClientIdentifierNotValid => Some(2),
            ReasonCode::ServerUnavailable => Some(3),
            ReasonCode::BadUserNameOrPassword => Some(4),
            ReasonCode::NotAuthorized => Some(5),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_round_trips_and_every_other_byte_is_refused() {
        let known = (0..=255).filter_map(ReasonCode::from_byte).collect::<Vec<_>>();
        assert_eq!(known, ReasonCode::ALL);
        for code in known {
            assert_eq!(ReasonCode::from_byte(code.byte()), Some(code));
        }
    }

    #[test]
    fn return_codes_of_3_1_1_round_trip() {
        for byte in 0..=255 {
            let code = ReasonCode::from_return_code(byte);
            assert_eq!(code.is_some(), byte <= 5);
            assert_eq!(code.and_then(ReasonCode::return_code), code.map(|_| byte));
        }
    }

    #[test]
    fn every_code_fits_some_packet() {
        for code in ReasonCode::ALL {
            let packets = PacketType::ALL.iter().filter(|packet| code.fits(**packet)).count();
            assert!(packets > 0, "{code:?} fits nowhere");
        }
    }
}

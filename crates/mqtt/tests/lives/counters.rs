//! Counts what happened in all lives together: a test that no longer reaches a case proves nothing about it.
//!
//! Plain counts; `main` checks that none is missing.

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// What happened in all lives together.
        #[derive(Clone, PartialEq, Eq, Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counters {
            /// What never happened.
            pub fn missing(&self) -> Vec<&'static str> {
                [$((stringify!($name), self.$name)),*]
                    .into_iter()
                    .filter_map(|(name, count)| (count == 0).then_some(name))
                    .collect()
            }
        }
    };
}

counters! {
    steps sockets connected_3_1_1 connected_5 fallbacks settled
    // How links and attempts end.
    failed refused protocol_errors taken_over server_disconnects ping_timeouts lost_sockets left left_with_words
    too_large_for_server
    // Sessions over links.
    resumed lost_sessions expired_sessions ended_by_disconnect assigned_identifiers
    // Messages of the server.
    messages qos_1 qos_2 qos_2_again released redelivered redelivered_pubrels receive_maximum_exceeded aliases_in
    wrong_aliases
    // Messages of the client.
    pubacks pubrecs pubrecs_refused pubcomps publishes_lost not_taken_again resent resent_first_time
    resent_pubrels resent_later aliases_out unheard
    // The rest.
    subacks unsubacks barriers barriers_lost commands commands_refused jumps late_drains auths
    reauthentications problems_reported problems_unasked bytes_in bytes_out
}

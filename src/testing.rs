//! What the tests of components share.

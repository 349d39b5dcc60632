//! What is promised of connections holds over a Unix socket as it does over TCP.

mod every;
